/* What an order says without looking at any file. */
#include "inputs_impl.h"

#include <string.h>

static bool is_set(const struct strv *words, const char *on, const char *off)
{
	bool set = false;
	for (size_t i = 0; i < words->n; i++) {
		set |= strcmp(words->v[i], on) == 0;
		set &= strcmp(words->v[i], off) != 0;
	}
	return set;
}

/* The last of these counts. */
static bool is_hosted(const struct strv *words)
{
	bool hosted = true;
	for (size_t i = 0; i < words->n; i++) {
		const char *word = words->v[i];
		if (strcmp(word, "-ffreestanding") == 0 || strcmp(word, "-fno-hosted") == 0)
			hosted = false;
		else if (strcmp(word, "-fhosted") == 0 || strcmp(word, "-fno-freestanding") == 0)
			hosted = true;
	}
	return hosted;
}

struct inputs_job *inputs_order_read(const struct inputs_order *order)
{
	struct inputs_job *job = xcalloc(1, sizeof *job);
	list_init(&job->link);
	job->compiler = xstrdup(order->compiler);
	job->cwd = xstrdup(order->cwd);
	job->source = xstrdup(order->source);
	job->cpath = xstrdup(order->cpath);
	job->lang_path = xstrdup(order->lang_path);
	job->output = order->output ? xstrdup(order->output) : NULL;
	job->sides = order->sides;
	job->is_cxx = order->lang == LANG_CXX;
	job->is_hosted = is_hosted(order->words);
	job->warns_of_no_dir =
		is_set(order->words, "-Wmissing-include-dirs", "-Wno-missing-include-dirs") ||
		strv_has(order->words, "-Werror=missing-include-dirs");
	char *none = NULL;
	if (incdirs_parse(order->words->n ? order->words->v : &none, &job->args) < 0)
		inputs_order_refuse(job, xstrdup(job->args.reason));
	return job;
}

char *inputs_order_key(const struct inputs_job *job, const struct inputs_order *order)
{
	char *key = xasprintf("%s\n%d", order->compiler, (int)order->lang);
	for (size_t i = 0; i < job->args.probe.n; i++) {
		char *longer = xasprintf("%s\n%s", key, job->args.probe.v[i]);
		free(key);
		key = longer;
	}
	return key;
}

void inputs_answer_fini(struct inputs_answer *a)
{
	free(a->reason);
	free(a->entries);
	strv_fini(&a->flags);
	*a = (struct inputs_answer){0};
}

void inputs_order_refuse(struct inputs_job *job, char *reason)
{
	if (job->answered) {
		free(reason);
		return;
	}
	inputs_answer_fini(&job->answer);
	job->answer = (struct inputs_answer){.outcome = INPUTS_NONE, .reason = reason};
	job->answered = true;
}

void inputs_order_free(struct inputs_job *job)
{
	char *const texts[] = {
		job->compiler, job->cwd, job->source, job->cpath, job->lang_path, job->output};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free(texts[i]);
	incdirs_args_fini(&job->args);
	inputs_answer_fini(&job->answer);
	free(job);
}
