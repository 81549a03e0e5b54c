#include "direct.h"

#include "base/str.h"
#include "core/cost.h"
#include "inputs.h"
#include "peer.h"
#include "ways.h"
#include "wrapper.h"

#include <stdlib.h>

static void take(struct strv *to, struct strv *from)
{
	*to = *from;
	*from = (struct strv){0};
}

static void take_text(char **to, char **from)
{
	*to = *from;
	*from = NULL;
}

void direct_begin(struct wrapper *w, struct msg *m)
{
	struct direct *d = &w->direct;
	take(&d->words, &m->cc_begin.words);
	take(&d->deps_flags, &m->cc_begin.deps_flags);
	take_text(&d->cpath, &m->cc_begin.cpath);
	take_text(&d->lang_path, &m->cc_begin.lang_path);
	take_text(&d->no_text, &m->cc_begin.no_text);
	take_text(&d->no_view, &m->cc_begin.no_view);
	d->deps = w->spec.deps;
	d->messages = w->spec.messages;
	d->names_output = w->spec.names_output;
	d->own_flags = w->spec.flags.n;
	/* until it is known to be a view's */
	w->spec.deps = DEPS_NONE;
	w->spec.messages = MESSAGES_ASCII;
	w->spec.names_output = false;
}

void direct_end(struct wrapper *w)
{
	struct direct *d = &w->direct;
	if (d->asked || d->owes)
		inputs_cancel(w->farm->inputs, d->asked ? d->asked : d->owes);
	strv_fini(&d->words);
	strv_fini(&d->deps_flags);
	free(d->cpath);
	free(d->lang_path);
	free(d->no_text);
	free(d->no_view);
	free(d->entries);
	*d = (struct direct){0};
}

static void set_no_view(struct wrapper *w, const char *why)
{
	free(w->direct.no_view);
	w->direct.no_view = xstrdup(why);
}

bool direct_is_open(struct wrapper *w)
{
	if (w->direct.no_view[0])
		return false;
	if (!w->farm->conf.direct)
		set_no_view(w, "direct mode is switched off");
	else if (!ways_are_views(w->farm))
		set_no_view(w, "too many nodes cannot show views");
	else if (cost_is_viewless(w->farm->costs, w->cost_key))
		set_no_view(w, "failed as a view before, and not here");
	return !w->direct.no_view[0];
}

static struct inputs_order order_of(const struct wrapper *w)
{
	const struct direct *d = &w->direct;
	return (struct inputs_order){
		.compiler = w->compiler_path,
		.lang = w->spec.lang,
		.cwd = w->spec.cwd,
		.source = w->spec.source,
		.output = d->names_output ? w->spec.output : NULL,
		.sides = w->spec.sides,
		.words = &d->words,
		.cpath = d->cpath,
		.lang_path = d->lang_path,
	};
}

static void keep_first(struct strv *sv, size_t n)
{
	while (sv->n > n)
		free(sv->v[--sv->n]);
	if (sv->v)
		sv->v[n] = NULL;
}

static void push_all(struct strv *to, const struct strv *from)
{
	for (size_t i = 0; i < from->n; i++)
		strv_push(to, from->v[i]);
}

/* The specification is a view's from now on. */
static bool describe(struct wrapper *w, struct inputs_answer *a)
{
	struct direct *d = &w->direct;
	if (d->own_flags + d->deps_flags.n + a->flags.n > JOB_FLAGS_MAX)
		return false;
	keep_first(&w->spec.flags, d->own_flags);
	push_all(&w->spec.flags, &d->deps_flags);
	push_all(&w->spec.flags, &a->flags);
	w->spec.input_kind = INPUT_VIEW;
	w->spec.view = a->view;
	w->spec.deps = d->deps;
	w->spec.messages = d->messages == MESSAGES_UTF8 ? MESSAGES_UTF8 : MESSAGES_ASCII;
	w->spec.names_output = d->names_output;
	free(d->entries);
	d->entries = a->entries;
	d->count = a->count;
	a->entries = NULL;
	return true;
}

static void go_on(struct wrapper *w, const struct inputs_answer *a)
{
	if (w->phase == WRAPPER_LOOKING)
		wrapper_stage(w, a->bytes, w->direct.count * sizeof *w->direct.entries);
	else
		peer_go_on(w, true);
}

static void give_up(struct wrapper *w, const char *why)
{
	set_no_view(w, why);
	if (w->phase == WRAPPER_LOOKING)
		wrapper_preprocess(w);
	else
		peer_go_on(w, false);
}

static void ask_for_dirs(struct wrapper *w, uint32_t number)
{
	w->direct.owes = number;
	wrapper_verdict(w, VERDICT_DIRS, "");
}

static void on_answer(void *ctx, struct inputs_answer *a)
{
	struct wrapper *w = ctx;
	uint32_t number = w->direct.asked;
	w->direct.asked = 0;
	if (a->outcome == INPUTS_DIRS && w->phase == WRAPPER_LOOKING)
		ask_for_dirs(w, number);
	else if (a->outcome != INPUTS_VIEW)
		give_up(w, a->reason ? a->reason : "its compiler is not known any more");
	else if (!describe(w, a))
		give_up(w, "more options than a node takes");
	else
		go_on(w, a);
}

void direct_look(struct wrapper *w)
{
	const struct inputs_order order = order_of(w);
	if (!w->direct.asked)
		w->direct.asked = inputs_ask(w->farm->inputs, &order, on_answer, w);
}

void direct_learn_dirs(struct wrapper *w, const struct msg *m)
{
	const struct inputs_order order = order_of(w);
	w->direct.owes = 0;
	inputs_learn_dirs(w->farm->inputs, &order, m->cc_dirs.text, &m->cc_dirs.macros);
	direct_look(w);
}
