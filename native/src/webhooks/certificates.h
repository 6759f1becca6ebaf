/// Certificates of authorities that are trusted beside the system's: of a company that signs the
/// certificates of its own servers.
#ifndef SEGMENTRY_WEBHOOKS_CERTIFICATES_H
#define SEGMENTRY_WEBHOOKS_CERTIFICATES_H

#include "segmentry/base.h"

/// Certificates of one file: more than the system's own bundle has.
#define CERTIFICATES_MAX 1000

struct x509_store_st;

typedef struct certificates certificates;

/// Reads a file of certificates in PEM, one or more.
///
/// out    written, owned  End with certificates_free.
/// error  written  SEG_E_INVALID: the file cannot be read, or something in it is no certificate;
///                 the message names the file. Or SEG_E_NOMEM.
seg_status certificates_read(const char *path, certificates **out, seg_error *error);
/// NULL is allowed.
void certificates_free(certificates *gone);

/// Adds them to OpenSSL's store of those that a connection trusts. False if there is no memory.
/// Threads: any, each with a store of its own or one that OpenSSL locks.
bool certificates_add_to(const certificates *own, struct x509_store_st *store);

#endif
