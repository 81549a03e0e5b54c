#include "opts.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum type { SET, CLEAR, NUMBER, STRING, LIST, LEVEL };

struct row {
	const char *name;
	enum type type;
	size_t offset; /* in struct opts */
	long min, max; /* NUMBER */
	const char *value;
	const char *doc; /* for --help, defaults in brackets; NULL: not shown */
};

#define AT(field) offsetof(struct opts, field)

static const struct row rows[] = {
	{"listen", STRING, AT(listen), 0, 0, "ADDR:PORT",
		"accept clients here (*:3634; port 0: any)"},
	{"interface", LIST, AT(interfaces), 0, 0, "IF",
		"listen and send beacons here only; repeatable"},
	{"beacon", LIST, AT(beacons), 0, 0, "ADDR[:PORT]", "send beacons here too; repeatable"},
	{"no-beacon", SET, AT(no_beacon), 0, 0, NULL, "no beacons but those of --beacon"},
	{"slots", NUMBER, AT(slots), 1, 4096, "N", "compilers at once (the usable cores)"},
	{"preload", NUMBER, AT(preload), 0, 4096, "N",
		"jobs that may wait here (as many as slots)"},
	{"key", STRING, AT(key), 0, 0, "FILE", "key file (see farmnode(8))"},
	{"name", STRING, AT(name), 0, 0, "NAME", "this node's name (the key's, or the host's)"},
	{"state-dir", STRING, AT(state_dir), 0, 0, "DIR",
		"where measured compilers are remembered"},
	{"store", STRING, AT(store), 0, 0, "DIR", "where files of clients are kept meanwhile"},
	{"store-size", NUMBER, AT(store_size), 0, LONG_MAX, "BYTES",
		"room for them; 0: none (an eighth of memory)"},
	{"compilers", STRING, AT(compilers), 0, 0, "PATH[:PATH]",
		"look for compilers there, besides PATH"},
	{"bind", LIST, AT(binds), 0, 0, "DIR", "let compilers read this directory; repeatable"},
	{"insecure-no-jail", SET, AT(insecure_no_jail), 0, 0, NULL,
		"start at jail level 0 too, where jobs can get out"},
	{"led", STRING, AT(led), 0, 0, "NAME", "show the load on this LED of /sys/class/leds"},
	{"dvfs", SET, AT(dvfs), 0, 0, NULL, "let cores run as fast as slots are in use"},
	{"metrics", STRING, AT(metrics), 0, 0, "[ADDR:]PORT", "answer Prometheus here (127.0.0.1)"},
	{"port-file", STRING, AT(port_file), 0, 0, "FILE", "write the TCP port here when ready"},
	{"foreground", CLEAR, AT(daemon), 0, 0, NULL, NULL},
	{"daemon", SET, AT(daemon), 0, 0, NULL, "go to the background when ready"},
	{"log-level", LEVEL, AT(log_level), 0, 0, "L", "error, warning, info or debug (info)"},
	{"help", SET, AT(help), 0, 0, NULL, NULL},
	{"version", SET, AT(version), 0, 0, NULL, NULL},
};

enum { ROWS = sizeof rows / sizeof *rows };

/* "--name", "--name=value" */
static const struct row *find(const char *arg, const char **ret_value)
{
	if (!str_starts(arg, "--"))
		return NULL;
	size_t n = strcspn(arg + 2, "=");
	for (size_t i = 0; i < ROWS; i++) {
		if (strlen(rows[i].name) != n || strncmp(rows[i].name, arg + 2, n) != 0)
			continue;
		*ret_value = arg[2 + n] ? arg + 3 + n : NULL;
		return &rows[i];
	}
	return NULL;
}

/* Returns what is wrong with value, malloc'd, or NULL. */
static char *store(const struct row *row, const char *value, struct opts *o)
{
	void *field = (char *)o + row->offset;
	if (row->type == SET || row->type == CLEAR) {
		*(bool *)field = row->type == SET;
		return NULL;
	}
	assert(value); /* all others have one */
	switch (row->type) {
	case NUMBER:
		if (str_to_long(value, row->min, row->max, field) < 0)
			return xasprintf("--%s: '%s' is no number from %ld to %ld", row->name,
				value, row->min, row->max);
		return NULL;
	case STRING:
		free(*(char **)field);
		*(char **)field = xstrdup(value);
		return *value ? NULL : xasprintf("--%s: empty value", row->name);
	case LIST:
		strv_push(field, value);
		return *value ? NULL : xasprintf("--%s: empty value", row->name);
	case LEVEL:
		if (log_parse_level(value, field) < 0)
			return xasprintf("--%s: '%s' is none of error, warning, info, debug",
				row->name, value);
		return NULL;
	case SET:
	case CLEAR: break;
	}
	return NULL;
}

/* Handles argv[*i], and its value when that is the next word. */
static char *parse_one(char *const argv[], size_t *i, struct opts *o)
{
	const char *arg = argv[*i], *value = NULL;
	const struct row *row = find(arg, &value);
	if (!row)
		return xasprintf("unknown option '%s' (see --help)", arg);
	if (!row->value && value)
		return xasprintf("--%s takes no value", row->name);
	if (row->value && !value && !argv[*i + 1])
		return xasprintf("--%s needs a value: %s", row->name, row->value);
	if (row->value && !value)
		value = argv[++*i];
	return store(row, value, o);
}

int opts_parse(char *const argv[], struct opts *ret, char **ret_why)
{
	*ret = (struct opts){.slots = -1, .preload = -1, .store_size = -1, .log_level = LOG_INFO};
	for (size_t i = 0; argv[i]; i++) {
		char *why = parse_one(argv, &i, ret);
		if (why) {
			*ret_why = why;
			return -EINVAL;
		}
	}
	return 0;
}

void opts_fini(struct opts *o)
{
	for (size_t i = 0; i < ROWS; i++) {
		void *field = (char *)o + rows[i].offset;
		if (rows[i].type == LIST)
			strv_fini(field);
		else if (rows[i].type == STRING)
			free(*(char **)field);
	}
	*o = (struct opts){0};
}

char *opts_help(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	if (!f)
		return xstrdup("out of memory\n");
	fputs("usage: farmnode [OPTION]...   compiles for the farmmakes that hold its key\n", f);
	for (size_t i = 0; i < ROWS; i++) {
		if (!rows[i].doc)
			continue;
		char left[64];
		snprintf(left, sizeof left, "--%s%s%s", rows[i].name, rows[i].value ? " " : "",
			rows[i].value ? rows[i].value : "");
		fprintf(f, "  %-26s %s\n", left, rows[i].doc);
	}
	fputs("Exit status: 0 stopped by a signal, 1 failure, 2 usage, 3 key, 4 port, 5 jail.\n",
		f);
	fclose(f);
	return text;
}
