/* inputs [-c] [-d DIR] RECORD...: asks farmmake's inputs about each compile in the records (see closure.sh), all
 * of them twice, and says what that takes. -c: and preprocesses each where nothing is but the view, and, for -d,
 * nothing in DIR; fails when anything differs from what the command makes here.
 * inputs -w SEED STEPS DIR: a project in DIR that changes at random, and a compile of it after each change. */
#include "inputs_test.h"

#include "record.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct totals {
	unsigned asked, refused, differ, views;
	uint64_t first_us, again_us, longest_us, first_cpu_us, again_cpu_us;
	size_t entries;
	uint64_t bytes;
};

static bool begin(const char *file, struct compile *c)
{
	if (!record_read(file, &c->cwd, &c->words, &c->args) || c->args.verdict != CCARGS_REMOTE)
		return false;
	_cleanup_free_ char *path = xasprintf("%s/%s", c->cwd, c->args.source);
	return c->args.source[0] == '/' || access(path, R_OK) == 0;
}

static void first(struct asker *a, const struct compile *c, struct totals *t)
{
	t->asked++;
	t->first_us += asker_ask(a, c);
	t->first_cpu_us += a->cpu_us;
	if (a->answer.outcome == INPUTS_VIEW)
		return;
	t->refused++;
	printf("none for %s: %s\n", c->args.source, a->answer.reason);
}

static void again(struct asker *a, const struct compile *c, bool compare, struct totals *t)
{
	uint64_t us = asker_ask(a, c);
	if (a->answer.outcome != INPUTS_VIEW)
		return;
	t->again_us += us;
	t->again_cpu_us += a->cpu_us;
	t->longest_us = us > t->longest_us ? us : t->longest_us;
	t->entries += a->answer.count;
	t->bytes += a->answer.bytes;
	t->views = a->answer.view;
	if (compare && !same_in_view(a, c))
		t->differ++;
}

static void fini(struct compile *c)
{
	free(c->cwd);
	strv_fini(&c->words);
	ccargs_fini(&c->args);
}

static int try_records(struct asker *a, char *const files[], bool compare)
{
	struct totals t = {0};
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; files[i]; i++) {
			struct compile c = {0};
			bool is_compile = begin(files[i], &c);
			if (is_compile && round == 0)
				first(a, &c, &t);
			else if (is_compile)
				again(a, &c, compare, &t);
			fini(&c);
		}
	double n = t.asked > t.refused ? t.asked - t.refused : 1;
	printf("asked %u\nrefused %u\nviews %u\ndiffer %u\n", t.asked, t.refused, t.views,
		t.differ);
	printf("ms for all, at first %.1f\n", (double)t.first_us / 1000);
	printf("ms of CPU %.1f\n", (double)t.first_cpu_us / 1000);
	printf("us again %.0f, at most %.0f\n", (double)t.again_us / n, (double)t.longest_us);
	printf("us of CPU %.0f\n", (double)t.again_cpu_us / n);
	printf("entries %.1f\nkB of files %.1f\n", (double)t.entries / n,
		(double)t.bytes / n / 1000);
	return t.differ || t.asked == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	const char *hidden = NULL;
	bool compare = false, walk = false;
	for (int option; (option = getopt(argc, argv, "cd:w")) >= 0;) {
		compare |= option == 'c';
		walk |= option == 'w';
		hidden = option == 'd' ? optarg : hidden;
	}
	if (walk && argc - optind != 3)
		return EXIT_FAILURE;
	if (walk)
		hidden = argv[optind + 2];
	struct asker a;
	asker_init(&a, hidden);
	int status;
	if (walk)
		status = inputs_walk(&a, a.hidden, (unsigned)atoi(argv[optind]),
			(unsigned)atoi(argv[optind + 1]));
	else
		status = try_records(&a, argv + optind, compare);
	asker_fini(&a);
	return status;
}
