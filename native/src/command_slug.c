// segmentry slug
#include "command.h"
#include "options.h"
#include "output.h"
#include "segmentry/slug.h"
#include "segmentry/text.h"

static int run(int argument_count, char **arguments) {
  int names = 0;
  if (!options_read("slug", NULL, 0, argument_count, arguments, &names)) {
    return EXIT_USAGE;
  }
  if (names == 0) {
    (void)fputs("segmentry slug: a name is missing; see segmentry slug --help\n", stderr);
    return EXIT_USAGE;
  }
  int status = 0;
  seg_allocator allocator = seg_allocator_default();
  for (int i = 0; i < names; i++) {
    seg_text_view slug;
    seg_error error;
    seg_status made = seg_slug(allocator, seg_text_of(arguments[i]), &slug, &error);
    if (made == SEG_E_NOMEM) {
      (void)fputs("segmentry slug: out of memory\n", stderr);
      return EXIT_NO_MEMORY;
    }
    if (made != SEG_OK) {
      (void)fprintf(stderr, "segmentry slug: %s\n", error.message);
      status = EXIT_CASE_INVALID;
      continue;
    }
    (void)printf("%.*s\n", (int)slug.size_bytes, slug.bytes);
    seg_text_free(allocator, slug);
  }
  return output_finish(status);
}

const command command_slug = {
    .name = "slug",
    .summary = "print the slug of a segment's name",
    .help = "NAME\n"
            "    segmentry slug - print the slug of a segment's name\n"
            "\n"
            "SYNOPSIS\n"
            "    segmentry slug NAME...\n"
            "\n"
            "DESCRIPTION\n"
            "    Prints one slug a line. A segment's events are segment.<slug>.entry and\n"
            "    segment.<slug>.exit. Letters are lower-cased, accents dropped, white space\n"
            "    and hyphens become one hyphen, other punctuation goes. A name that leaves\n"
            "    nothing is refused.\n"
            "\n"
            "EXIT STATUS\n"
            "    0 all names have a slug; 1 a name was refused; 64 wrong usage.\n"
            "\n"
            "EXAMPLE\n"
            "    $ segmentry slug 'VIP Customers' 'Été à Paris'\n"
            "    vip-customers\n"
            "    ete-a-paris\n",
    .run = run,
};
