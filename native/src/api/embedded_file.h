/// Files of the repository that the program carries in itself.
#ifndef SEGMENTRY_API_EMBEDDED_FILE_H
#define SEGMENTRY_API_EMBEDDED_FILE_H

/// Defines `const char name[]`, the bytes of the file, and `const char name_end[]`, where they end;
/// a NUL follows. They are still to be declared. For use outside of functions.
///
/// The assembler takes the file as it is (.incbin): as source text it would be several times as
/// large, and slow to compile. The build must know that the object depends on the file.
#define EMBED_FILE(name, path)                                                                     \
  __asm__(".section .rodata\n" #name ":\n.incbin \"" path "\"\n" #name                             \
          "_end:\n.byte 0\n.previous\n")

#endif
