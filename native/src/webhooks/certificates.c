// See certificates.h.
#include "certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

struct certificates {
  size_t count;
  X509 *items[CERTIFICATES_MAX];
};

#define QUOTED(number) #number
#define TEXT_OF(number) QUOTED(number)

static seg_status fail(seg_error *error, seg_status status, const char *what, const char *path) {
  error->status = status;
  (void)snprintf(error->message, sizeof error->message, "%s%.300s", what, path);
  return status;
}

/// Whether reading ended where the file does, and not at something that is no certificate.
static bool is_at_end(void) {
  unsigned long reason = ERR_peek_last_error();
  ERR_clear_error();
  return ERR_GET_LIB(reason) == ERR_LIB_PEM && ERR_GET_REASON(reason) == PEM_R_NO_START_LINE;
}

static seg_status read_all(certificates *own, BIO *file, const char *path, seg_error *error) {
  X509 *next;
  while ((next = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL) {
    if (own->count == CERTIFICATES_MAX) {
      X509_free(next);
      return fail(error, SEG_E_INVALID,
                  "more than " TEXT_OF(CERTIFICATES_MAX) " certificates are in ", path);
    }
    own->items[own->count++] = next;
  }
  if (!is_at_end()) {
    return fail(error, SEG_E_INVALID, "something that is no certificate in PEM is in ", path);
  }
  return own->count > 0 ? SEG_OK : fail(error, SEG_E_INVALID, "no certificate in PEM is in ", path);
}

seg_status certificates_read(const char *path, certificates **out, seg_error *error) {
  certificates *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return fail(error, SEG_E_NOMEM, "out of memory", "");
  }
  BIO *file = BIO_new_file(path, "r");
  seg_status status = file == NULL ? fail(error, SEG_E_INVALID, "cannot read ", path)
                                   : read_all(own, file, path, error);
  BIO_free(file);
  ERR_clear_error();
  if (status != SEG_OK) {
    certificates_free(own);
    return status;
  }
  *out = own;
  return SEG_OK;
}

void certificates_free(certificates *gone) {
  for (size_t i = 0; gone != NULL && i < gone->count; i++) {
    X509_free(gone->items[i]);
  }
  free(gone);
}

bool certificates_add_to(const certificates *own, X509_STORE *store) {
  bool ok = true;
  for (size_t i = 0; ok && i < own->count; i++) {
    ok = X509_STORE_add_cert(store, own->items[i]) == 1; // one that is there already is kept
  }
  return ok;
}
