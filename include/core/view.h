/* view - the files of a client, as a node shows them to its compilers: the entries, and their codec.
 *
 * An entry says what is at one place of the client's file system. Its path is that place: absolute, and
 * without symlinks in it, so no two entries are about the same thing. What the compiler names is led
 * there by the entries of the symlinks on the way.
 *
 * Contract: pure. view_read() takes valid entries only. A client never has two different entries with one
 * path in one view: it begins another view when something has changed.
 *
 * Ownership: an entry owns its strings until view_entry_fini().
 */
#pragma once

#include "base/buf.h"
#include "core/job.h"

#include <stdbool.h>

enum {
	VIEW_HASH_BYTES = 64, /* BLAKE2b-512: a content's name, and the proof that one has it */
	VIEW_ID_BYTES = 32,   /* the name alone: its first half */
	VIEW_CONTENT_BYTES_MAX = 64 << 20,                  /* of a file */
	VIEW_ENTRIES_MAX = 200000,                          /* in a view */
	VIEW_ENTRY_WIRE_MAX = 2 * JOB_PATH_BYTES_MAX + 128, /* bytes of one, encoded */
};

enum view_kind {
	VIEW_PLACE, /* a directory: it exists, and that is all that is said */
	VIEW_WHOLE, /* a directory, and nothing is in it, at any depth, but what other entries say */
	VIEW_FILE,
	VIEW_LINK,
	VIEW_NOTHING, /* neither file nor directory is there */
	VIEW_KIND_COUNT
};

struct view_entry {
	enum view_kind kind;
	char *path;
	char *target;                  /* VIEW_LINK */
	uint8_t hash[VIEW_HASH_BYTES]; /* VIEW_FILE, and so the rest */
	uint64_t bytes;
	uint64_t mtime_s; /* two files with the same contents may be told apart by it */
};

void view_entry_fini(struct view_entry *e);
/* ERR_TOOBIG, or ERR_PROTO for an entry that is not valid. */
int view_write(const struct view_entry *e, struct buf *out);
/* The next entry of r; errors stay in r->err, too. */
int view_read(struct rd *r, struct view_entry *ret);
/* Absolute, no empty part, no "." or "..", no slash at its end, no longer than a job's paths; not "/". */
bool view_path_is_valid(const char *path);
