/* inputs - what compiles read: for one job after the other the view, the entries of it and the flags with
 * which a node's compiler reads what this machine's would; or why there are none.
 *
 * Whatever an answer relies on has been looked at since its order came in. All of that is done by one
 * thread beside the loop, so the loop never waits for a disk (see doc/direct.md).
 *
 * Contract: everything is called, and calls back, in the loop's thread; never from inside a call.
 *
 * Ownership: entries are the struct's, and stay what they are until inputs_close(). An answer belongs to
 * inputs again when its callback returns; who keeps parts of it moves them out.
 */
#pragma once

#include "base/str.h"
#include "chunks.h"
#include "core/job.h"
#include "core/view.h"

#include <uv.h>

struct inputs;

/* What is asked; everything is borrowed during the call. */
struct inputs_order {
	const char *compiler; /* absolute path of the real compiler */
	enum lang lang;
	const char *cwd, *source; /* source relative to cwd, or absolute */
	const char *output;       /* likewise, when the compiler has to know its name; else NULL */
	unsigned sides;           /* bits by enum side: what else it writes then */
	const struct strv
		*words;        /* the command behind the compiler's name, response files expanded */
	const char *cpath;     /* the variable CPATH of the wrapper; "" when not set */
	const char *lang_path; /* C_INCLUDE_PATH or CPLUS_INCLUDE_PATH, likewise */
};

enum inputs_outcome {
	INPUTS_VIEW, /* here it is */
	INPUTS_DIRS, /* the compiler has to be asked first: inputs_learn_dirs(), and then ask again */
	INPUTS_NONE, /* no view will do, for the reason given */
};

struct inputs_answer {
	enum inputs_outcome outcome;
	char *reason; /* INPUTS_NONE: for people */
	/* INPUTS_VIEW: what the node's command needs besides the job's own flags, in this order, each a word that
	 * ccflags allows a node or a view */
	struct strv flags;
	uint32_t view; /* its number, from 1; a later one is higher */
	uint32_t *
		entries; /* numbers of all that the job needs, in the order in which they are best announced */
	size_t count;
	uint64_t bytes; /* of the files among them */
};
typedef void (*inputs_answer_fn)(void *ctx, struct inputs_answer *answer);

struct inputs *inputs_create(uv_loop_t *loop);
/* Frees it; no callback but this one follows. */
void inputs_close(struct inputs *in, void (*on_closed)(void *ctx), void *ctx);

/* fn is called once; returns a number for inputs_cancel(). */
uint32_t inputs_ask(
	struct inputs *in, const struct inputs_order *order, inputs_answer_fn fn, void *ctx);
/* fn will not be called. Who was answered INPUTS_DIRS and will not say what the compiler says cancels, too: the
 * next one is asked for it. Unknown numbers are passed over. */
void inputs_cancel(struct inputs *in, uint32_t number);
/* In answer to INPUTS_DIRS: what "COMPILER PROBE-WORDS -v -E -dM -x LANG /dev/null" said on stderr ("" when it
 * failed), and the macros whose names a program may use. */
void inputs_learn_dirs(struct inputs *in, const struct inputs_order *order, const char *said,
	const struct strv *macros);

/* An entry of any answer so far. */
const struct view_entry *inputs_entry(const struct inputs *in, uint32_t number);
/* The content of a file's entry as DATA blocks of the stream text, borrowed during the call; NULL when the file
 * has changed since. */
typedef void (*inputs_content_fn)(void *ctx, const struct chunks *content);
void inputs_load(struct inputs *in, uint32_t entry, inputs_content_fn fn, void *ctx);
