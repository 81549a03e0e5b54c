/* closure - every file that a compile may open, found without running a preprocessor.
 *
 * It starts from the source and what -include names, takes from each file's scan the names in it, and
 * resolves each as gcc does. The set is a superset of what the compiler opens, or there is a reason why
 * it cannot be known. What has been resolved for one job is kept, so that the next one that includes the
 * same headers costs a walk over what is known.
 *
 * Contract: pure but for the callbacks; nothing is asked twice. closure_touch() has to be called for a
 * path that may have changed, come or gone since it was asked for: the absent ones of a set count, too.
 *
 * Ownership: files are numbers that stay what they are until closure_destroy(); a set owns its lists.
 */
#pragma once

#include "core/incdirs.h"
#include "core/incscan.h"

struct closure;

struct closure_identity {
	uint64_t content; /* equal when the bytes are; the caller's handle for them */
	uint64_t place;   /* equal when it is the same file under another name */
};

struct closure_fs {
	/* Is there a file, and no directory, at the path as a compiler would open it? For a name that
	 * ends in ".gch" a directory counts as well. */
	bool (*find)(void *ctx, const char *path, struct closure_identity *ret);
	/* The scan of what find has found there, which lives as long as the closure; NULL when the file
	 * cannot be read. */
	const struct incscan *(*scan)(void *ctx, const char *path, uint64_t content);
	/* The same content's bytes, malloc'd: for macros that make names, of which a scan has no more than
	 * that the file defines them. NULL when the file has other bytes by now, or none; never called
	 * when text itself is NULL, and then such a name is not decided. */
	char *(*text)(void *ctx, const char *path, uint64_t content, size_t *ret_n);
	void *ctx;
};

enum closure_verdict {
	CLOSURE_PROVED,
	CLOSURE_LEARNED, /* of some directives it is only known what they named last time */
	CLOSURE_UNDECIDABLE,
};

enum {
	CLOSURE_FILES_MAX = 20000, /* in a set */
	CLOSURE_PATH_BYTES_MAX = 4095,
	CLOSURE_CHAINS_MAX = 1000,
};

struct closure_job {
	const char *source;
	unsigned chain;            /* of closure_add_chain() */
	const struct strv *forced; /* as in struct incdirs_args */
	const struct strv *macros;
	const struct strv *learned; /* the dependencies that the source had last time, or NULL */
	bool is_cxx;
	bool want_absent;
};

struct closure_set {
	enum closure_verdict verdict;
	char *reason;   /* unless it is proved: for people */
	unsigned flags; /* enum incscan_flag, of all files */
	uint32_t *files;
	size_t count;
	uint32_t *absent; /* if wanted: paths where a file would change the set */
	size_t absent_count;
};

struct closure *closure_create(const struct closure_fs *fs);
void closure_destroy(struct closure *c);

/* A chain of directories to search; the number of an equal one when it is known. ERR_TOOBIG past
 * CLOSURE_CHAINS_MAX. */
int closure_add_chain(struct closure *c, const struct incdirs *dirs, unsigned *ret_chain);

/* Never fails: see verdict. Of a set that is not decided the lists are empty. */
void closure_find(struct closure *c, const struct closure_job *job, struct closure_set *ret);
void closure_set_fini(struct closure_set *s);

/* The name by which the compiler opens the file of a set, or would open the absent one. */
const char *closure_path(const struct closure *c, uint32_t file);
/* How much of it names the directory in which it was looked for; the rest is the name in the source. */
size_t closure_dir_bytes(const struct closure *c, uint32_t file);
struct closure_identity closure_identity(const struct closure *c, uint32_t file);

/* Forgets what is known about this path, and what was resolved by it. */
void closure_touch(struct closure *c, const char *path);
