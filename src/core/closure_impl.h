/* closure_impl - what the parts of closure share. For closure*.c only.
 *
 * A file is a path that was asked for, whether it is there or not. A node is a file that was reached in a
 * certain way: of two ways to the same file, only those differ that make its names mean other files. What
 * a node's names mean is found out once (closure_look.c); a walk goes over nodes (closure.c).
 */
#pragma once

#include "base/vec.h"
#include "core/closure.h"
#include "core/expand.h"

#define NO_FILE UINT32_MAX

/* Where in its chain #include_next goes on: a directory's number, or one of these. */
enum {
	POS_ANY = -1,   /* it makes no difference to the file */
	POS_PLAIN = -2, /* nowhere: as #include */
	POS_MAIN = -3,  /* the same, and a precompiled header may stand in for what it names */
};

typedef VEC(uint32_t) closure_list;

struct closure_file {
	char *path;
	uint64_t hash;
	size_t dir_bytes;
	bool asked, exists, scanned;
	bool dotted; /* has a "./" or "../" in it, so that it may be another file's second name */
	struct closure_identity identity;
	const struct incscan *scan;        /* NULL until it is needed, or when it cannot be read */
	closure_list nodes;                /* that depend on it */
	uint32_t listed, expanded, missed; /* the last walk that did so */
};

/* An item of a scan that hangs on macros: on all of some, or on what one stands for. */
struct closure_late {
	uint32_t item;
	uint32_t edge; /* NO_FILE when a macro makes the name */
	uint32_t guards, guard_count;
};

/* An edge is twice a node's number, plus one when the file's own names do not count. */
struct closure_node {
	uint32_t file, chain;
	int pos;
	bool resolved;
	closure_list edges;
	closure_list absent;
	VEC(struct closure_late) late;
	closure_list guards;    /* macros that these hang on */
	uint32_t pch;           /* a precompiled header that may be used, or NO_FILE */
	uint32_t seen, reached; /* the last walk, and search, that did so */
	uint32_t parent;        /* in that walk */
};

struct closure_chain {
	char **dirs;
	size_t n, bracket;
	uint64_t hash;
};

/* What one content has behind a macro's name; other macros may have the same hash. */
struct closure_body {
	uint64_t content;
	char *name;
	VEC(struct expand_definition *) definitions;
};

/* A macro that something hangs on, and the files that may define it; some may do so no more. */
struct closure_macro {
	uint32_t hash;
	closure_list files;
	VEC(struct closure_body *) bodies; /* as far as they were needed */
	uint32_t defined;                  /* the last walk in which it is, */
	uint32_t missed;                   /* and the last round in which it was not */
};

struct closure_table {
	uint32_t *slots; /* numbers plus one; 0: free */
	size_t size, used;
};

struct closure {
	struct closure_fs fs;
	VEC(struct closure_file) files;
	VEC(struct closure_node) nodes;
	VEC(struct closure_chain) chains;
	VEC(struct closure_macro) macros;
	struct closure_table file_table, node_table, macro_table;
	uint32_t walk, search, round; /* their numbers so far */
};

/* The file's number, asked for only now if it is new. */
uint32_t closure_file_at(struct closure *c, const char *path, size_t n, size_t dir_bytes);
/* The file as far as it is known now; its scan is read when it has not been. */
struct closure_file *closure_ask(struct closure *c, uint32_t file);
const struct incscan *closure_scan(struct closure *c, uint32_t file);
uint32_t closure_node_at(struct closure *c, uint32_t file, uint32_t chain, int pos);
uint32_t closure_macro_at(struct closure *c, uint32_t hash);
/* Does gcc define it by itself, on some system or other? */
bool closure_is_builtin(const char *name, size_t n);
/* How the file defines the macro; NULL when that cannot be told. */
const struct closure_body *closure_body_of(
	struct closure *c, uint32_t file, const char *name, size_t n);
void closure_body_free(struct closure_body *body);

/* Whose names are looked up, and what comes of it. */
struct closure_asker {
	const char *path;
	uint32_t chain;
	int pos;
	bool with_pch;        /* look for precompiled headers too */
	uint32_t pch;         /* the first one found, or NO_FILE */
	closure_list *absent; /* what is looked for in vain; once for each look-up */
};

/* The edge that the item is, or NO_FILE. */
uint32_t closure_look_up(
	struct closure *c, struct closure_asker *asker, const struct incscan_item *item);
/* Finds out what the node's names mean, unless that is known. */
void closure_resolve(struct closure *c, uint32_t node);
