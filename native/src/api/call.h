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
#include "engine/ids.h"
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
  bool is_streamed;
  hash_stream *body_hash; ///< Of a streamed body; owned.
  bool is_written;
  int first_status; ///< Of a replayed answer, with its content; owned.
  char *first_content;
  size_t first_content_bytes;
} api_call;

/// Begins a call. After it, one of the functions below that end a call must follow.
///
/// area    What its failures are called.
/// status  Of a success.
void api_call_begin(api_call *call, void *context, const seg_http_request *request,
                    seg_http_response *response, api_area area, int status);

/// At a streamed route: what the body says, as it comes, for the Idempotency-Key. Not its framing,
/// which may be another one when the request is sent again.
void api_call_hash(api_call *call, const char *bytes, size_t size_bytes);
/// At a streamed route: all has been said; before the engine is asked. False if there is no memory.
bool api_call_hash_end(api_call *call, const seg_http_request *request);

/// Answers with what the engine made of it.
void api_call_end(api_call *call, engine_status status);
/// As api_call_end for a call that did not go through the engine's writer, and changed nothing.
void api_call_end_read(api_call *call);
/// Answers a body that is not as it must be.
void api_call_refuse(api_call *call, const seg_problems *problems);
/// Answers that there is no memory for the request.
void api_call_end_no_memory(api_call *call);
/// Ends a call that has been answered in another way.
void api_call_drop(api_call *call);

#endif
