/* doc - a report, read back for one of the forms in which farmctl shows it.
 *
 * Contract: doc_parse() takes what report_validate() took, so every field is there and of its type.
 * A doc's strings live as long as it does.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Where the last build's report is, unless it was told otherwise; malloc'd, NULL when nobody can say. */
char *doc_last(void);
/* -errno or ERR_CONFIG, said. *ret_text is malloc'd. */
int doc_read(const char *path, char **ret_text);
json_t *doc_parse(const char *text);

double doc_number(const json_t *object, const char *key);
const char *doc_string(const json_t *object, const char *key);
bool doc_is_remote(const json_t *job);
/* When that happened to the job; negative: never. */
double doc_time(const json_t *job, const char *moment);

/* What was done on which core. */
struct doc_span {
	double begin, end;
	size_t place; /* 0: here; else the node's index plus one */
	size_t lane;
	const char *what; /* "compile", "prepare", "commit" or "step" */
	const json_t *row;
};

/* All of them, by place, malloc'd. Returns how many. */
size_t doc_spans(const json_t *doc, struct doc_span **ret);
