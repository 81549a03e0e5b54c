#include "distccd_trial.h"

#include "base/log.h"
#include "base/str.h"
#include "compilers.h"
#include "core/canary.h"
#include "core/distcc.h"
#include "distccd.h"
#include "io/digest.h"
#include "io/distcall.h"
#include "peer.h"

#include <stdio.h>
#include <string.h>

enum { CALLS_MAX = 8, CANARY_BYTES_MAX = 4 << 20 };

struct trial_call {
	struct distccd_trial *trial;
	struct distcall *call; /* NULL: it is over */
};

struct distccd_trial {
	struct distccd_trial_conf conf;
	unsigned candidate;
	char name[DISTCC_NAME_BYTES];
	enum lang lang; /* of this round */
	struct trial_call calls[CALLS_MAX];
	unsigned n, open, right;
};

/* How farmprobe compiles them for these digests. */
static const struct {
	const char *source, *text, *standard;
} canaries[LANG_COUNT] = {
	[LANG_C] = {"canary.c", canary_c, "-std=gnu11"},
	[LANG_CXX] = {"canary.cc", canary_cxx, "-std=gnu++14"},
};

static const char *expected(const struct toolchain *t, enum lang lang)
{
	return lang == LANG_CXX ? t->bare_cxx : t->bare;
}

/* As farmprobe digests a file. */
static bool is_right(const struct toolchain *t, enum lang lang, const struct distcc_reply *r)
{
	struct buf object;
	buf_init(&object, CANARY_BYTES_MAX);
	char hex[2 * DIGEST_BYTES + 1];
	uint8_t raw[DIGEST_BYTES];
	bool ok = r->wait_status == 0 && distcc_reply_unpack(r, DISTCC_OBJECT, &object) == 0;
	struct digest *d = digest_create();
	digest_update_file(d, object.data, object.len);
	digest_final(d, raw);
	digest_destroy(d);
	buf_fini(&object);
	return ok && strcmp(str_hex(raw, sizeof raw, hex), expected(t, lang)) == 0;
}

void distccd_trial_cancel(struct distccd_trial *t)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->calls[i].call)
			distcall_cancel(t->calls[i].call);
	free(t);
}

static void end(struct distccd_trial *t, const char *name)
{
	const struct distccd_trial_conf conf = t->conf;
	char kept[DISTCC_NAME_BYTES];
	if (name)
		snprintf(kept, sizeof kept, "%s", name);
	free(t);
	conf.on_end(conf.ctx, conf.compiler->bits.all, name ? kept : NULL);
}

static bool start_candidate(struct distccd_trial *t);
static bool start_round(struct distccd_trial *t, enum lang lang);

static void on_candidate_failed(struct distccd_trial *t)
{
	if (t->right)
		log_warning(
			"distccd %s: not all machines there have the same %s, so it is not used",
			t->conf.peer->name, t->name);
	t->candidate++;
	if (!start_candidate(t))
		end(t, NULL);
}

static void on_round_ended(struct distccd_trial *t)
{
	bool is_right = t->right == t->n;
	bool is_last =
		t->lang == LANG_CXX || !toolchain_compiles(&t->conf.compiler->toolchain, LANG_CXX);
	if (is_right && is_last)
		end(t, t->name);
	else if (!is_right || !start_round(t, LANG_CXX))
		on_candidate_failed(t);
}

static void on_end(void *ctx, const struct distcall_end *e)
{
	struct trial_call *c = ctx;
	struct distccd_trial *t = c->trial;
	c->call = NULL;
	distccd_heard(t->conf.peer);
	if (e->reply && is_right(&t->conf.compiler->toolchain, t->lang, e->reply))
		t->right++;
	if (--t->open == 0)
		on_round_ended(t);
}

static int write_request(const struct distccd_trial *t, bool lzo, struct buf *out)
{
	const enum lang lang = t->lang;
	struct job_spec spec = {
		.lang = lang, .cwd = "/canary", .source = (char *)canaries[lang].source};
	strv_push(&spec.flags, "-O2");
	strv_push(&spec.flags, canaries[lang].standard);
	struct strv words = {0};
	struct buf text;
	buf_init(&text, CANARY_BYTES_MAX);
	distcc_words(&spec, t->name, &words);
	int err = distcc_head(&spec, "", 0, &text);
	if (!err)
		err = buf_append(&text, canaries[lang].text, strlen(canaries[lang].text));
	if (!err)
		err = distcc_request_text(&words, lzo, &text, out);
	buf_fini(&text);
	strv_fini(&words);
	strv_fini(&spec.flags);
	return err;
}

static int start_call(struct distccd_trial *t, struct trial_call *c)
{
	struct peer *p = t->conf.peer;
	struct buf request;
	buf_init(&request, CANARY_BYTES_MAX);
	const struct distcall_conf conf = {.loop = &p->farm->loop,
		.addr = (const struct sockaddr *)&p->addr,
		.lzo = distccd_speaks_lzo(p->distccd),
		.request = &request,
		.on_end = on_end,
		.ctx = c};
	int err = write_request(t, conf.lzo, &request);
	if (!err)
		err = distcall_start(&conf, &c->call);
	buf_fini(&request);
	return err;
}

/* All of them begin before the first one can end, and in one language: two by turns would be one for each of two
 * machines by turns. False when none has begun. */
static bool start_round(struct distccd_trial *t, enum lang lang)
{
	t->lang = lang;
	t->right = t->open = 0;
	for (unsigned i = 0; i < t->n; i++) {
		t->calls[i] = (struct trial_call){.trial = t};
		t->open += start_call(t, &t->calls[i]) == 0;
	}
	return t->open > 0;
}

/* False when there are no more names. */
static bool start_candidate(struct distccd_trial *t)
{
	const struct compiler *cc = t->conf.compiler;
	while (distcc_name(&cc->toolchain, t->candidate, t->name)) {
		if (start_round(t, LANG_C))
			return true;
		t->candidate++;
	}
	log_warning(
		"distccd %s has no compiler that makes what %s makes, and gets none of its work",
		t->conf.peer->name, cc->path);
	return false;
}

struct distccd_trial *distccd_trial_start(const struct distccd_trial_conf *conf)
{
	struct distccd_trial *t = xcalloc(1, sizeof *t);
	t->conf = *conf;
	t->n = conf->calls < CALLS_MAX ? conf->calls : CALLS_MAX;
	if (start_candidate(t))
		return t;
	free(t);
	return NULL;
}
