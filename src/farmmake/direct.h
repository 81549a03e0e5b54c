/* direct - the way of a job whose sources the nodes read themselves.
 *
 * Happy path: direct_begin() keeps what the wrapper said of its command, direct_look() asks what it reads
 * (inputs.h), and when that is known the job is staged: no preprocessor runs. Failure modes: there is
 * no view for it, for a reason, and the wrapper preprocesses, or compiles here where no text will do; the
 * compiler has to be asked for its directories, which the wrapper does. A job that is about to be sent
 * when its view is no longer the newest is looked at again (peer_view.h).
 *
 * Ownership: part of the wrapper.
 */
#pragma once

#include "core/msg.h"

struct wrapper;

struct direct {
	struct strv words, deps_flags; /* the command's; what a view's job has besides */
	char *cpath, *lang_path, *no_text, *no_view;
	enum deps_kind deps;
	enum messages messages;
	bool names_output;
	size_t own_flags; /* the specification's flags but for those of a view */
	uint32_t asked;   /* inputs_ask(), or 0 */
	uint32_t owes;    /* the one that has to be told the compiler's directories, or 0 */
	/* What it reads, when spec.input_kind is INPUT_VIEW: numbers for inputs_entry(). */
	uint32_t *entries;
	size_t count;
};

/* Takes its parts out of a CC_BEGIN whose specification the wrapper has. */
void direct_begin(struct wrapper *w, struct msg *m);
void direct_end(struct wrapper *w);
/* May a view be looked for at all? Otherwise direct.no_view says why not. */
bool direct_is_open(struct wrapper *w);
/* What follows is wrapper_stage() or wrapper_preprocess(), or for a job that is away peer_go_on(). */
void direct_look(struct wrapper *w);
/* A CC_DIRS: then looks again. */
void direct_learn_dirs(struct wrapper *w, const struct msg *m);
