/* conf - farmmake's settings: one table for options, environment and farm.json.
 *
 * Each row of the table names a setting once: its key in farm.json, its option ("--farm-" + key with
 * '-' for '_'), its variable (FARMMAKE_ + upper case), type, range, default and one line of
 * documentation. Stronger sources win, in whatever order they are read: options, environment, file,
 * defaults.
 *
 * Contract: pure: text in, values or an error text out. Lists (nodes, interfaces) are replaced by a
 * stronger source, and repeated options add to the list of their source.
 *
 * Ownership: struct conf owns its strings; conf_fini() frees them.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>

enum conf_type { CONF_BOOL, CONF_INT, CONF_STRING, CONF_LIST };

enum conf_source { CONF_DEFAULT, CONF_FILE, CONF_ENV, CONF_OPTION };

struct conf {
	struct strv
		node; /* HOST[:PORT], beyond the broadcast domain, or a distccd (core/distcc.h) */
	bool no_discovery;     /* listen for no beacons */
	struct strv interface; /* only beacons that came in here */
	long port;             /* UDP port on which beacons are heard */
	char *key;             /* key file; NULL: key in $XDG_CONFIG_HOME/farmmake */
	long local_slots;      /* 0: usable cores */
	char *report;   /* JSON report; "": report.json in $XDG_STATE_HOME/farmmake; "none" */
	bool direct;    /* let nodes read the sources themselves, where that is possible */
	bool identical; /* use no node that cannot promise the objects of the compiler here */
	long verify;    /* percent of the nodes' results that are compiled here, too */
	char *make;     /* the make program */
	bool verbose;
	bool progress; /* a line about the build at the bottom of a terminal */
	bool run;      /* what is left of the arguments is a command; no row, but only an option */
	enum conf_source source[16]; /* of each row, by index in the table */
};

struct conf_row {
	const char *key;
	enum conf_type type;
	size_t offset;        /* in struct conf */
	long min, max;        /* of a number, or of the bytes of a string */
	const char *fallback; /* default, as text; NULL: unset */
	const char *value;    /* the placeholder in --help: "FILE"; NULL for CONF_BOOL */
	const char *doc;
};

const struct conf_row *conf_row(size_t i); /* NULL past the end */

void conf_init(struct conf *c); /* the defaults */
void conf_fini(struct conf *c);

/* A whole farm.json. On failure (ERR_CONFIG) *ret_why is malloc'd, "PATH:LINE: what". */
int conf_parse_json(struct conf *c, const char *path, const char *text, char **ret_why);
/* FARMMAKE_* of an environ-like vector. FARMMAKE_SOCKET and other names that farmmake itself sets
 * for its children are not settings (see conf.c). Unknown ones are ERR_CONFIG. */
int conf_parse_env(struct conf *c, char *const env[], char **ret_why);
/* argv[0 …]: takes out every --farm-* (and "--farm-run", and "--farm-config FILE", which it returns in
 * *ret_config when it is there and ret_config is not NULL) and leaves the rest, in order, in rest;
 * everything behind "--" is left. "--farm-x=V" and "--farm-x V" are the same, but a V that begins with '-'
 * needs the first. */
int conf_parse_options(
	struct conf *c, char *const argv[], struct strv *rest, char **ret_config, char **ret_why);
/* The --help text for the table's options, --farm-config and --farm-run, one line each. malloc'd. */
char *conf_help(void);
