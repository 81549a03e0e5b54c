/* job - which recorded compile a command line asks for.
 *
 * A compile is the same one whoever runs it: the user's make on the source itself, farmnode on the
 * text that stands in for it under its name, distccd on a preprocessed copy of another name, iceccd on
 * one from standard input. So the key is made of what all of them keep: the source's name, which a preprocessed copy
 * carries in its first line, the options that generate code, and where there is debug information
 * the directory.
 *
 * Ownership: the strings belong to the struct; job_fini() frees them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct job {
	char *source; /* as the user named it; NULL: no compile that is recorded */
	bool is_link;
	char *cwd;
	char *output, *dwo, *depfile; /* dwo and depfile: NULL when none is asked for */
	bool expanded;                /* the input is preprocessed, with its macros expanded */
	uint64_t key;
};

/* cwd: where the command runs. */
void job_scan(char *const argv[], const char *cwd, struct job *ret);
void job_fini(struct job *j);
/* An argument that only concerns the dependency file; *i moves over its value. */
bool job_is_dep_arg(char *const argv[], int *i);
