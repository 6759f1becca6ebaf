// Background jobs: their progress, the input that was uploaded for them, the errors they met.
#include "sqlite_internal.h"

#define JOB_SELECT                                                                                 \
  "SELECT num, project, id, kind, status, total, processed, imported, updated, skipped,"           \
  " parameters_json, created_at_ms, updated_at_ms FROM jobs "

static void job_read(store_query *query, store_job *out) {
  out->num = store_column_num(query, 0);
  out->project = store_column_num(query, 1);
  out->id = store_column_text(query, 2);
  out->kind = (store_job_kind)store_column_num(query, 3);
  out->status = (store_job_status)store_column_num(query, 4);
  out->total = store_column_num(query, 5);
  out->processed = store_column_num(query, 6);
  out->imported = store_column_num(query, 7);
  out->updated = store_column_num(query, 8);
  out->skipped = store_column_num(query, 9);
  out->parameters_json = store_column_text(query, 10);
  out->created_at_ms = store_column_num(query, 11);
  out->updated_at_ms = store_column_num(query, 12);
}

/// Visits the rows and ends the query; `what` as in store_query_end_found.
static store_status job_visit(store_query *query, const char *what, store_job_visit visit,
                              void *context) {
  while (store_query_step(query)) {
    store_job row;
    job_read(query, &row);
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end_found(query, what);
}

/// What an insert and an update bind alike, after two parameters of their own.
static void progress_bind(store_query *query, const store_job *job) {
  store_bind_num(query, job->status);
  store_bind_num(query, job->total);
  store_bind_num(query, job->processed);
  store_bind_num(query, job->imported);
  store_bind_num(query, job->updated);
  store_bind_num(query, job->skipped);
  store_bind_num(query, job->updated_at_ms);
}

store_status store_job_insert(store_session *session, const store_job *job, int64_t *num,
                              store_error *err) {
  store_query query = store_change_begin(
      session,
      "INSERT INTO jobs(project, id, status, total, processed, imported, updated, skipped,"
      " updated_at_ms, kind, parameters_json, created_at_ms) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
      err);
  store_bind_num(&query, job->project);
  store_bind_text(&query, job->id);
  progress_bind(&query, job);
  store_bind_num(&query, job->kind);
  store_bind_text(&query, job->parameters_json);
  store_bind_num(&query, job->created_at_ms);
  return store_change_end_num(&query, num);
}

store_status store_job_set_progress(store_session *session, const store_job *job,
                                    store_error *err) {
  store_query query = store_change_begin(
      session,
      "UPDATE jobs SET status = ?3, total = ?4, processed = ?5, imported = ?6, updated = ?7,"
      " skipped = ?8, updated_at_ms = ?9 WHERE project = ?1 AND num = ?2",
      err);
  store_bind_num(&query, job->project);
  store_bind_num(&query, job->num);
  progress_bind(&query, job);
  return store_change_end_found(&query, "job");
}

store_status store_job_get(store_session *session, int64_t project, seg_text_view id,
                           store_job_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(session, JOB_SELECT "WHERE project = ?1 AND id = ?2", err);
  store_bind_num(&query, project);
  store_bind_text(&query, id);
  return job_visit(&query, "job", visit, context);
}

store_status store_job_list_unfinished(store_session *session, store_job_visit visit, void *context,
                                       store_error *err) {
  store_query query = store_query_begin(session, JOB_SELECT "WHERE status < 3 ORDER BY num", err);
  return job_visit(&query, NULL, visit, context);
}

store_status store_job_input_append(store_session *session, int64_t project, int64_t job,
                                    int64_t sequence, seg_text_view bytes, store_error *err) {
  store_query query = store_change_begin(
      session, "INSERT INTO job_inputs(project, job, sequence, bytes) VALUES (?1, ?2, ?3, ?4)",
      err);
  store_bind_num(&query, project);
  store_bind_num(&query, job);
  store_bind_num(&query, sequence);
  store_bind_blob(&query, bytes.bytes, bytes.size_bytes);
  return store_change_end(&query, NULL);
}

store_status store_job_input_each(store_session *session, int64_t project, int64_t job,
                                  int64_t from, store_job_input_visit visit, void *context,
                                  store_error *err) {
  store_query query = store_query_begin(session,
                                        "SELECT sequence, bytes FROM job_inputs WHERE project = ?1 "
                                        "AND job = ?2 AND sequence >= ?3 ORDER BY sequence",
                                        err);
  store_bind_num(&query, project);
  store_bind_num(&query, job);
  store_bind_num(&query, from);
  while (store_query_step(&query)) {
    int64_t sequence = store_column_num(&query, 0);
    if (visit == NULL || !visit(context, sequence, store_column_blob(&query, 1))) {
      break;
    }
  }
  return store_query_end(&query);
}

store_status store_job_error_add(store_session *session, int64_t project, int64_t job,
                                 const store_job_error *error, store_error *err) {
  store_query query = store_query_begin(
      session, "SELECT count(*) FROM job_errors WHERE project = ?1 AND job = ?2", err);
  store_bind_num(&query, project);
  store_bind_num(&query, job);
  int64_t count = store_query_step(&query) ? store_column_num(&query, 0) : 0;
  store_status status = store_query_end(&query);
  if (status != STORE_OK || count >= STORE_JOB_ERRORS_MAX) {
    return status;
  }
  query = store_change_begin(
      session,
      "INSERT INTO job_errors(project, job, row_number, email, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
      err);
  store_bind_num(&query, project);
  store_bind_num(&query, job);
  store_bind_num(&query, error->row);
  store_bind_text(&query, error->email);
  store_bind_text(&query, error->reason);
  return store_change_end(&query, NULL);
}

store_status store_job_error_list(store_session *session, int64_t project, int64_t job,
                                  store_job_error_visit visit, void *context, store_error *err) {
  store_query query = store_query_begin(session,
                                        "SELECT row_number, email, reason FROM job_errors "
                                        "WHERE project = ?1 AND job = ?2 ORDER BY num",
                                        err);
  store_bind_num(&query, project);
  store_bind_num(&query, job);
  while (store_query_step(&query)) {
    store_job_error row = {store_column_num(&query, 0), store_column_text(&query, 1),
                           store_column_text(&query, 2)};
    if (visit == NULL || !visit(context, &row)) {
      break;
    }
  }
  return store_query_end(&query);
}

/// Deletes input that nobody will read any more. The list of inputs is short, and jobs are many: so
/// it starts from the inputs.
static store_status tidy_inputs(store_session *session, size_t limit, int64_t *deleted,
                                store_error *err) {
  store_query query = store_change_begin(session,
                                         "DELETE FROM job_inputs WHERE num IN"
                                         " (SELECT i.num FROM job_inputs i CROSS JOIN jobs j ON "
                                         "j.project = i.project AND j.num = i.job"
                                         "  WHERE j.status >= 3 LIMIT ?1)",
                                         err);
  store_bind_limit(&query, limit);
  return store_change_end(&query, deleted);
}

static store_status tidy_jobs(store_session *session, int64_t before_ms, size_t limit,
                              int64_t *deleted, store_error *err) {
  store_query query =
      store_change_begin(session,
                         "DELETE FROM jobs WHERE num IN (SELECT num FROM jobs WHERE status >= 3"
                         " AND (status = 5 OR (status IN (3, 4) AND updated_at_ms < ?1)) LIMIT ?2)",
                         err);
  store_bind_num(&query, before_ms);
  store_bind_limit(&query, limit);
  return store_change_end(&query, deleted);
}

store_status store_job_tidy(store_session *session, int64_t before_ms, size_t limit, bool *is_done,
                            store_error *err) {
  int64_t deleted = 0;
  store_status status = tidy_inputs(session, limit, &deleted, err);
  if (status == STORE_OK && deleted == 0) { // a job goes after its input, which may be large
    status = tidy_jobs(session, before_ms, limit, &deleted, err);
  }
  if (status == STORE_OK) {
    *is_done = deleted == 0;
  }
  return status;
}
