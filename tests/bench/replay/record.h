/* record - what a compile gave and what it cost, in a directory of its own below the records:
 * "cost" ("FULL_US EXPANDED_US WAIT_STATUS DIRECTORY/SOURCE"), "out", "err", "dwo" and "dep".
 */
#pragma once

#include "job.h"

struct cost {
	long full_us;     /* CPU time of the compile, preprocessing included */
	long expanded_us; /* of compiling the preprocessed source */
	int wait_status;
};

/* Runs the real compiler for the job, and again on the preprocessed source, and keeps both. Returns
 * the exit status of the first. */
int record_make(const char *records, const char *compiler, char *argv[], const struct job *j);
/* Runs a link, and adds what it cost to the file "links". */
int record_link(const char *records, const char *compiler, char *argv[]);
/* The text of the link PREFIX/NAME, malloc'd; NULL when there is none. */
char *record_setting(const char *prefix, const char *name);
/* Where a job's record is, or would be; malloc'd. */
char *record_dir(const char *records, const struct job *j);
/* False when the job was never recorded. */
bool record_find(const char *records, const struct job *j, struct cost *ret);
/* Puts the recorded files where the job wants them; false when that is impossible. */
bool record_hand_out(const char *records, const struct job *j);
