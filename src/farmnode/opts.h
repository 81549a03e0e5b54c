/* opts - farmnode's command line: one table for parsing, ranges and --help. */
#pragma once

#include "base/log.h"
#include "base/str.h"

#include <stdbool.h>

struct opts {
	char *listen; /* ADDR:PORT; NULL: the default port on all addresses */
	struct strv interfaces, beacons, binds;
	bool no_beacon;
	long slots, preload;                      /* -1: default */
	char *key, *name, *state_dir, *port_file; /* NULL: default */
	char *store;                              /* likewise */
	long store_size;                          /* bytes; -1: default */
	char *compilers;                          /* PATH[:PATH], or NULL */
	char *led;                                /* NULL: none */
	bool dvfs;
	char *metrics; /* NULL: nobody is answered */
	bool insecure_no_jail, daemon;
	enum log_level log_level;
	bool help, version;
};

/* argv without the program's name. -EINVAL and *ret_why (malloc'd, for people) for what is wrong;
 * *ret is to be fini'd in any case. */
int opts_parse(char *const argv[], struct opts *ret, char **ret_why);
void opts_fini(struct opts *o);
/* The text for --help; malloc'd. */
char *opts_help(void);
