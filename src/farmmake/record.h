/* record - fills the build's report from what the other parts know, writes it, sums it up.
 *
 * Contract: record_job() once for each wrapper, when it ends; record_finish() once at the end.
 */
#pragma once

#include "farm.h"

struct peer;
struct report_step;
struct wrapper;

struct record *record_create(void);
void record_destroy(struct record *r);
void record_job(struct record *r, const struct wrapper *w);
void record_step(struct record *r, const struct report_step *step);
/* The node, which is up, is so until now. */
void record_presence(struct record *r, const struct peer *p);
/* Can the report be written here? Says so now rather than after an hour. -errno. */
int record_check_path(const char *path);
/* Writes the report to path (NULL: nowhere) and, when show, the summary to stderr. */
void record_finish(
	struct farm *f, const char *path, bool show, int exit_status, char *const args[]);
