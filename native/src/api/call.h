/// One call of the API that may change something, from the request to its answer.
///
///     api_call call;
///     api_call_begin(&call, context, request, response, API_SEGMENTS, 201);
///     engine_status status = engine_segment_create(…, show_segment, call.json, &call.error);
///     api_call_end(&call, status);
///
/// An Idempotency-Key is taken care of: the answer is kept with the change, and a request that
/// comes again gets it, marked with `Idempotent-Replayed: true`. For that the answer has to be
/// known before the commit: what the engine shows writes it to `json`, or else `write` does.
#ifndef SEGMENTRY_API_CALL_H
#define SEGMENTRY_API_CALL_H

#include "answer.h"
#include "engine/once.h"

/// Bytes of an answer that is kept: a contact with the most data, and room around it. What changes
/// nothing may answer more; that is then made anew each time.
#define API_ANSWER_BYTES_MAX ((size_t)4 * 1024 * 1024)

typedef struct api_call {
  api *api;
  project *project;
  seg_http_response *response;
  seg_json_writer *json; ///< The answer.
  api_area area;
  int status;         ///< Of a success. What shows the result may change it.
  engine_error error; ///< For the engine; ended by api_call_end.
  /// optional  Writes the answer once the engine has filled in its results. In the writer's thread
  /// if there is an Idempotency-Key.
  void (*write)(void *context, seg_json_writer *json);
  void *context;
  // The call's own.
  engine_once once;
  bool is_written;
  int first_status; ///< Of a replayed answer, with its content; owned.
  char *first_content;
  size_t first_content_bytes;
} api_call;

/// Begins a call. After it, api_call_end must follow, unless api_call_refuse did.
///
/// area    What its failures are called.
/// status  Of a success.
void api_call_begin(api_call *call, void *context, const seg_http_request *request,
                    seg_http_response *response, api_area area, int status);

/// Answers with what the engine made of it.
void api_call_end(api_call *call, engine_status status);
/// As api_call_end for a call that did not go through the engine's writer, and changed nothing.
void api_call_end_read(api_call *call);
/// Answers a body that is not as it must be.
void api_call_refuse(api_call *call, const seg_problems *problems);

#endif
