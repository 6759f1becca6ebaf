// Imports and bulk changes: what queues a job, and what says how far it is.
#include "call.h"
#include "engine/engine_jobs.h"
#include "http/multipart.h"
#include "input.h"

#include <stdlib.h>
#include <string.h>

/// The part of the form that is the file.
#define FILE_PART "file"

static void write_queued(void *context, seg_json_writer *json) {
  seg_json_begin_object(json);
  seg_json_member_string(json, "jobId", context);
  seg_json_member_string(json, "status", "QUEUED");
  seg_json_end_object(json);
}

// Imports.

/// A form on its way: the request's pieces go to the form's reader, the file's to the engine.
typedef struct import_request {
  api_call call;
  seg_multipart *form;
  engine_upload *upload;
  bool has_file;
  bool is_malformed;      ///< The body is no form, `error` says why;
  seg_error error;        ///< or
  seg_problems problems;  ///< the form is not as it must be;
  engine_status received; ///< or else what the engine says.
} import_request;

static bool begin_part(void *context, const seg_multipart_part *part) {
  import_request *own = context;
  bool is_file = seg_text_equal(part->name, seg_text_of(FILE_PART));
  if (is_file && !own->has_file) {
    own->has_file = true;
    return true;
  }
  int size = (int)(part->name.size_bytes < 100 ? part->name.size_bytes : 100);
  (void)seg_problems_add(&own->problems, FILE_PART, "form",
                         is_file ? "the form has a second part \"%.*s\"; one is allowed"
                                 : "the form has a part \"%.*s\"; only \"" FILE_PART
                                   "\" is allowed",
                         size, part->name.bytes);
  return false;
}

static bool take_part(void *context, const char *bytes, size_t size_bytes) {
  import_request *own = context;
  api_call_hash(&own->call, bytes, size_bytes);
  own->received = engine_upload_write(own->upload, bytes, size_bytes, &own->call.error);
  return own->received == ENGINE_OK;
}

static bool end_part(void *context) {
  (void)context;
  return true;
}

static bool take_piece(void *context, const char *bytes, size_t size_bytes) {
  import_request *own = context;
  seg_error error;
  if (seg_multipart_feed(own->form, bytes, size_bytes, &error) == SEG_OK) {
    return true;
  }
  if (error.message[0] != '\0') { // else one of the callbacks has stopped it, and knows why
    own->is_malformed = true;
    own->error = error;
  }
  return false;
}

/// The whole body has come: queues the job.
static void finish_import(import_request *own, const seg_http_request *request) {
  if (seg_multipart_finish(own->form, &own->error) != SEG_OK) {
    own->is_malformed = true;
  } else if (!own->has_file) {
    (void)seg_problems_add(&own->problems, FILE_PART, "required",
                           "the form must have a part \"" FILE_PART "\"");
  } else if (!api_call_hash_end(&own->call, request)) {
    own->received = engine_fail(&own->call.error, ENGINE_UNAVAILABLE, "out of memory");
  } else {
    own->received = engine_upload_finish(own->upload, &own->call.error);
  }
}

static void answer_import(import_request *own) {
  if (own->is_malformed) {
    seg_http_respond_error(own->call.response, SEG_HTTP_BAD_REQUEST, "%s", own->error.message);
    api_call_drop(&own->call);
  } else if (own->problems.count > 0) {
    api_call_refuse(&own->call, &own->problems);
  } else {
    api_call_end(&own->call, own->received);
  }
}

static void receive_import(import_request *own, seg_http_request *request) {
  own->received =
      engine_upload_begin(own->call.api->engine, own->call.project, &own->upload, &own->call.error);
  if (own->received != ENGINE_OK) {
    api_call_end(&own->call, own->received);
    return;
  }
  char job_id[ID_TEXT_BYTES];
  memcpy(job_id, engine_upload_job_id(own->upload), sizeof job_id);
  own->call.write = write_queued;
  own->call.context = job_id;
  seg_http_stream_result result =
      seg_http_request_stream_body(request, own->call.response, take_piece, own);
  if (result == SEG_HTTP_STREAM_WHOLE) {
    finish_import(own, request);
  }
  if (result == SEG_HTTP_STREAM_FAILED) {
    api_call_drop(&own->call);
  } else {
    answer_import(own);
  }
  engine_upload_end(own->upload);
}

void api_contact_import(void *context, seg_http_request *request, seg_http_response *response) {
  import_request own = {.has_file = false};
  seg_multipart_events events = {
      .context = &own, .begin = begin_part, .data = take_part, .end = end_part};
  seg_text_view type = {.bytes = NULL, .size_bytes = 0};
  (void)seg_http_request_header(request, "Content-Type", &type);
  seg_status status = seg_multipart_create(type, &events, &own.form, &own.error);
  if (status == SEG_E_NOMEM) {
    answer_no_memory(response);
    return;
  }
  if (status != SEG_OK) {
    seg_http_respond_error(response, SEG_HTTP_UNSUPPORTED_MEDIA_TYPE, "%s", own.error.message);
    return;
  }
  seg_problems_init(&own.problems, seg_allocator_default());
  api_call_begin(&own.call, context, request, response, API_JOBS, 202);
  receive_import(&own, request);
  seg_problems_free(&own.problems);
  seg_multipart_free(own.form);
}

// Bulk changes.

/// The ids of a body: in `contactIds`, as Plunk has it, or in `ids`.
static bool read_ids(input *body, seg_text_view **ids, size_t *count) {
  const char *name = input_has(body, "contactIds") ? "contactIds" : "ids";
  seg_text_view mode = input_text(body, "mode", false);
  if (mode.bytes != NULL && !seg_text_equal(mode, seg_text_of("ids"))) {
    input_refuse(body, "mode", "enum", "must be \"ids\"");
  }
  if (!input_texts(body, name, ENGINE_BULK_IDS_MAX, ids, count)) {
    return false;
  }
  if (*count == 0 && input_is_good(body)) {
    input_refuse(body, name, "required", "must have an id at least");
  }
  return true;
}

static void queue_bulk(void *context, seg_http_request *request, seg_http_response *response,
                       store_job_kind kind) {
  api_call call;
  input body;
  char job_id[ID_TEXT_BYTES];
  seg_text_view *ids = NULL;
  size_t count = 0;
  api_call_begin(&call, context, request, response, API_JOBS, 202);
  call.write = write_queued;
  call.context = job_id;
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  if (!read_ids(&body, &ids, &count)) {
    api_call_end_no_memory(&call);
  } else if (!input_is_good(&body)) {
    api_call_refuse(&call, &body.problems);
  } else {
    api_call_end(&call, engine_bulk_queue(call.api->engine, call.project, kind, ids, count, job_id,
                                          &call.error));
  }
  free(ids);
  input_end(&body);
}

void api_bulk_subscribe(void *context, seg_http_request *request, seg_http_response *response) {
  queue_bulk(context, request, response, STORE_JOB_SUBSCRIBE);
}

void api_bulk_unsubscribe(void *context, seg_http_request *request, seg_http_response *response) {
  queue_bulk(context, request, response, STORE_JOB_UNSUBSCRIBE);
}

void api_bulk_delete(void *context, seg_http_request *request, seg_http_response *response) {
  queue_bulk(context, request, response, STORE_JOB_DELETE);
}

// Progress.

typedef struct job_reader {
  seg_json_writer *json;
  bool is_import; ///< What is asked for; a job of the other sort is not shown.
  int64_t num;    ///< 0: there is none.
} job_reader;

static bool show_job(void *context, const store_job *job) {
  static const char *const names[] = {[STORE_JOB_QUEUED] = "QUEUED",
                                      [STORE_JOB_RUNNING] = "RUNNING",
                                      [STORE_JOB_COMPLETED] = "COMPLETED",
                                      [STORE_JOB_FAILED] = "FAILED"};
  job_reader *own = context;
  bool is_known = job->status != STORE_JOB_RECEIVING && job->status != STORE_JOB_ABANDONED;
  if (!is_known || (job->kind == STORE_JOB_IMPORT) != own->is_import) {
    return false;
  }
  own->num = job->num;
  seg_json_member_text(own->json, "jobId", job->id);
  seg_json_member_string(own->json, "status", names[job->status]);
  seg_json_member_int(own->json, "totalRows", job->total);
  seg_json_member_int(own->json, "processed", job->processed);
  seg_json_member_int(own->json, "imported", job->imported);
  seg_json_member_int(own->json, "updated", job->updated);
  seg_json_member_int(own->json, "skipped", job->skipped);
  seg_json_member_instant(own->json, "createdAt", job->created_at_ms);
  seg_json_member_instant(own->json, "updatedAt", job->updated_at_ms);
  return false;
}

static bool show_job_error(void *context, const store_job_error *error) {
  seg_json_writer *json = context;
  seg_json_begin_object(json);
  seg_json_member_int(json, "row", error->row);
  if (error->email.size_bytes > 0) {
    seg_json_member_text(json, "email", error->email);
  } else {
    seg_json_member_null(json, "email");
  }
  seg_json_member_text(json, "reason", error->reason);
  seg_json_end_object(json);
  return true;
}

/// Writes a job as of one moment.
static store_status read_job(store_session *session, int64_t project_num, seg_text_view id,
                             job_reader *own) {
  store_status status = session == NULL ? STORE_FAILED : store_transaction_begin(session, NULL);
  seg_json_begin_object(own->json);
  if (status == STORE_OK) {
    status = store_job_get(session, project_num, id, show_job, own, NULL);
  }
  if (status == STORE_OK && own->num == 0) {
    status = STORE_NOT_FOUND;
  }
  seg_json_key(own->json, "errors");
  seg_json_begin_array(own->json);
  if (status == STORE_OK) {
    status = store_job_error_list(session, project_num, own->num, show_job_error, own->json, NULL);
  }
  seg_json_end_array(own->json);
  seg_json_end_object(own->json);
  return status;
}

static void answer_job(api *own, seg_http_request *request, seg_http_response *response,
                       bool is_import) {
  job_reader reader = {.json = seg_http_response_json(response), .is_import = is_import};
  store_session *session = engine_session_borrow(own->engine);
  store_status status = read_job(session, api_project(request)->num,
                                 seg_http_request_param(request, "jobId"), &reader);
  engine_session_return(own->engine, session);
  if (status == STORE_OK) {
    seg_http_respond_json(response, 200);
  } else {
    answer_store_error(response, API_JOBS, status);
  }
}

void api_import_get(void *context, seg_http_request *request, seg_http_response *response) {
  answer_job(context, request, response, true);
}

void api_bulk_get(void *context, seg_http_request *request, seg_http_response *response) {
  answer_job(context, request, response, false);
}
