/* stub, replaced by the helper's */
#pragma once
#include "chunks.h"
#include "core/view.h"
#include <uv.h>
struct inputs;
struct inputs_order {
	const char *compiler;
	enum lang lang;
	const char *cwd, *source;
	const struct strv *words;
	const char *cpath, *lang_path;
};
enum inputs_outcome { INPUTS_VIEW, INPUTS_DIRS, INPUTS_NONE };
struct inputs_answer {
	enum inputs_outcome outcome;
	char *reason;
	struct strv flags;
	uint32_t view;
	uint32_t *entries;
	size_t count;
	uint64_t bytes;
};
typedef void (*inputs_answer_fn)(void *ctx, struct inputs_answer *answer);
struct inputs *inputs_create(uv_loop_t *loop);
void inputs_close(struct inputs *in, void (*on_closed)(void *ctx), void *ctx);
uint32_t inputs_ask(
	struct inputs *in, const struct inputs_order *order, inputs_answer_fn fn, void *ctx);
void inputs_cancel(struct inputs *in, uint32_t number);
void inputs_learn_dirs(struct inputs *in, const struct inputs_order *order, const char *said,
	const struct strv *macros);
const struct view_entry *inputs_entry(const struct inputs *in, uint32_t number);
typedef void (*inputs_content_fn)(void *ctx, const struct chunks *content);
void inputs_load(struct inputs *in, uint32_t entry, inputs_content_fn fn, void *ctx);
