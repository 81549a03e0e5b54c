/* report - the record of one build, its JSON and its summary for people.
 *
 * Schema: doc/report.md ("farmmake-report/3"). Times are seconds since the build's start.
 *
 * Contract: pure. The caller adds jobs as they end, in any order, and nodes when they are first
 * seen; numbers are the caller's. Negative times mean "never happened" and become null.
 *
 * Ownership: report copies every string it is given.
 */
#pragma once

#include "usage.h"

#include <stdbool.h>
#include <stdint.h>

struct report;

struct report_build {
	int64_t started_unix_s; /* wall clock */
	double wall_s, cpu_s;   /* cpu_s: farmmake's own */
	int exit_status;
	const char *make;
	char *const *args; /* NULL-terminated */
	const char *cwd;
	unsigned local_slots;
};

struct report_node {
	const char *name, *address;
	bool is_distccd; /* it cannot promise the objects of the compiler here */
	unsigned slots;
	bool lost;              /* the connection broke or went silent during the build */
	const char *quarantine; /* why it got no more work, or "" */
	bool suspicious;        /* so its objects may be wrong */
	uint64_t content_bytes; /* of sources that it was sent, packed */
};

struct report_job {
	uint32_t id;
	const char *source, *output, *compiler;
	bool remote;         /* the object came from a node */
	int node;            /* index from report_add_node, or -1 */
	const char *reason;  /* why local, or "" */
	bool is_view;        /* it read the sources itself, */
	const char *no_view; /* or why not; "" where nobody asked */
	int exit_status;
	struct usage_times t;
	struct {
		uint64_t text, up, down;
	} bytes; /* text before packing; sent; received */
	struct {
		double local_s, remote_s;
	} cpu;
	unsigned retries;    /* dispatches after the first */
	const char *checked; /* how the node's object compared with ours; NULL: it was not */
};

/* Work of make's that is no compile of ours. */
struct report_step {
	const char *name, *command;
	double begin, end;
};

struct report_totals {
	unsigned max_local_running; /* compiles and preprocessors at work here at once */
	unsigned lent_peak, tokens_lost;
	uint64_t content_bytes; /* packed, of the sources that nodes were sent */
};

struct report *report_create(void);
void report_destroy(struct report *r);
/* Returns the node's index; the same name again gives the same index and updates the rest. */
int report_add_node(struct report *r, const struct report_node *n);
/* The node was connected from begin to end. */
void report_add_presence(struct report *r, int node, double begin, double end);
void report_add_job(struct report *r, const struct report_job *j);
void report_add_step(struct report *r, const struct report_step *s);
/* Objects that came from nodes whose objects are suspicious, as it stands. */
unsigned report_suspicious(const struct report *r);
/* The whole document, malloc'd, ending in a newline. */
char *report_to_json(
	const struct report *r, const struct report_build *b, const struct report_totals *t);
/* The summary of such a document, malloc'd; ERR_CONFIG and *ret_why (malloc'd) when text is not one. */
int report_summary(const char *json, char **ret_text, char **ret_why);
/* Checks a document against the schema: every field, its type, nothing else. As above. */
int report_validate(const char *json, char **ret_why);
