/* inputs_places - what is known of the client's file system, place by place, and whether it is still so.
 *
 * A spot is one place: its path is absolute and has no symlink in it, so there is one spot for each thing
 * that can be there, or not. In each epoch a spot is looked at once, when it is first needed; what has not
 * changed by its inode and times is what it was. A spot where nothing is has not changed when its directory
 * has not. Times are believed when they were not young when they were read: whatever is done within the same
 * tick of the clock leaves no other trace.
 *
 * Contract: one thread at a time. places are numbers, which stay what they are until inputs_places_fini().
 */
#pragma once

#include "base/vec.h"
#include "inputs_files.h"

#include <sys/stat.h>

enum spot_kind {
	SPOT_GONE, /* what is above it is no directory, or it was never looked at */
	SPOT_NOTHING,
	SPOT_DIR,
	SPOT_FILE,
	SPOT_LINK,
	SPOT_ODD, /* a device, or what cannot be told for certain */
	SPOT_DESK, /* compilers write here: what is there is never looked at, and a view has a link */
};

/* What tells one state of a file or directory from another. */
struct inputs_state {
	dev_t device;
	ino_t inode;
	off_t bytes;
	struct timespec mtime, ctime;
	bool young; /* a change may have left it as it is */
};

struct spot {
	char *path;
	uint32_t parent;
	enum spot_kind kind;
	uint64_t hash;  /* of parent and name */
	uint64_t epoch; /* in which it was last looked at */
	struct inputs_state state;
	/* SPOT_DIR: counts up when names in it may have changed; SPOT_NOTHING: its directory's, when looked at */
	uint32_t generation;
	uint32_t version; /* of everything, when this changed last */
	char *target;     /* SPOT_LINK and SPOT_DESK */
	uint32_t content; /* SPOT_FILE: 0 when it has not been read, or cannot be */
	time_t content_mtime_s;
	bool read; /* SPOT_FILE: content is that of this state */

	/* inputs_view.c: */
	uint32_t entry,
		whole_entry; /* that say what is here now; 0: none. The second says VIEW_WHOLE */
	uint32_t view;       /* in which something relies on it, */
	uint32_t said_view, whole_view; /* and the entries are */
	uint32_t order, needs;          /* the last order, and what that needs of it */
	bool searched;                  /* some order has looked for names in it */
	bool holds_compiler;
};

/* Of a file system: is it one of this machine, whose times are of this machine's clock? */
struct inputs_device {
	dev_t device;
	bool local;
};

struct inputs_places {
	VEC(struct spot) spots; /* 0: the root */
	uint32_t *slots;        /* numbers plus one; 0: free */
	size_t size;
	uint64_t epoch;
	uint32_t version;
	uint32_t view; /* grows when a spot on which something in it relies has changed */
	VEC(struct inputs_device) devices;
	struct inputs_files *files;
};

/* How a walk ended. */
enum inputs_way {
	WAY_THERE,
	WAY_NOTHING, /* the spot is the first that is missing */
	WAY_BLOCKED, /* the spot is no directory and would have to be one */
	WAY_ODD,     /* where it leads is not known */
};

#define NO_SPOT UINT32_MAX

/* Where a path leads, by way of which symlinks and directories that ".." leaves again. */
struct inputs_walk {
	enum inputs_way way;
	uint32_t end;
	uint32_t dir; /* in which its last name was looked for; NO_SPOT when that is not there */
	VEC(uint32_t) via;
};

void inputs_places_init(struct inputs_places *p, struct inputs_files *files);
void inputs_places_fini(struct inputs_places *p);
/* From now on everything is looked at anew. */
void inputs_places_begin_epoch(struct inputs_places *p);

/* Walks as the kernel would. start: a directory, for a path that is not absolute. */
void inputs_places_walk(
	struct inputs_places *p, uint32_t start, const char *path, struct inputs_walk *ret);
void inputs_walk_fini(struct inputs_walk *w);
/* The spot of a name in a directory, as one that compilers write: by a link to target. NO_SPOT when it has been
 * looked at as what it is. */
uint32_t inputs_places_lead(
	struct inputs_places *p, uint32_t dir, const char *name, const char *target);
/* The spot as it is in this epoch; valid until the next walk. */
struct spot *inputs_places_look(struct inputs_places *p, uint32_t spot);
/* The file's content in this epoch, 0 when it cannot be read. */
uint32_t inputs_places_content(struct inputs_places *p, uint32_t spot);
