/* makeflags - GNU make's command line and its MAKEFLAGS variable, as far as a jobserver's owner cares.
 *
 * Rules and versions: doc/jobserver.md.
 *
 * Contract: pure.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>

/* How a make of a given version finds its jobserver. */
enum make_style {
	MAKE_NONE, /* no jobserver: give it a plain -jN */
	MAKE_FDS,  /* up to 4.1: " -j --jobserver-fds=R,W", never a number */
	MAKE_AUTH, /* 4.2 to 4.3: " -jN --jobserver-auth=R,W" */
	MAKE_FIFO, /* from 4.4: " -jN --jobserver-auth=fifo:PATH" */
};

/* From what "make -f -" printed for $(MAKE_VERSION) and $(.FEATURES). */
enum make_style makeflags_style(const char *version, const char *features);

/* make's arguments, read as make reads them. */
struct make_args {
	struct strv args; /* everything but -j in any spelling, in order */
	bool has_jobs;    /* a -j was there */
	long jobs;        /* its number; 0 for "-j" alone */
	bool passthrough; /* -n, -q, -t, -p, --version, --help …: nothing is compiled, no pool */
	char *bad_jobs; /* the word after -j that is no positive number: make's to complain; else NULL */
};
void make_args_scan(char *const argv[], struct make_args *ret);
void make_args_fini(struct make_args *a);

/* An inherited jobserver, as the environment names it. */
struct make_auth {
	enum { AUTH_NONE, AUTH_FDS, AUTH_FIFO } kind;
	int read_fd, write_fd; /* AUTH_FDS */
	char path[4096];       /* AUTH_FIFO */
	bool dry_run;          /* 'n' among the flag letters */
};
/* Stops at " -- "; the last auth wins; negative descriptors mean none. */
void makeflags_parse_auth(const char *makeflags, struct make_auth *ret);

/* A MAKEFLAGS value for a make of this style: the user's own letters, long options and variables
 * kept, every -j, --jobserver-* and --sync-mutex replaced; a -j that make refuses stays, for make to
 * complain. user may be NULL. malloc'd. */
struct make_pool {
	enum make_style style;
	unsigned width;        /* the N that is shown */
	int read_fd, write_fd; /* MAKE_FDS, MAKE_AUTH */
	const char *fifo;      /* MAKE_FIFO */
};
char *makeflags_build(const struct make_pool *pool, const char *user);

/* In a build's private directory: links to make's ends of a pool that is pipes, for who has not inherited them. */
#define MAKEFLAGS_TAKE "take"
#define MAKEFLAGS_GIVE "give"

/* The same MAKEFLAGS, for a child that has the jobserver it names as these descriptors. malloc'd. */
char *makeflags_point(const char *makeflags, int read_fd, int write_fd);
