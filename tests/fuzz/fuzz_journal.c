/* The journal of a build that somebody else may have written, shown on a screen of any size: its first two bytes are
 * width and height, each line after that an event. */
#include "fuzz.h"

#include "core/liveview.h"

#include <string.h>

/* A node's counts are those of the jobs that are there. */
static void check_nodes(const struct live *l)
{
	for (size_t i = 0; i < l->nodes.n; i++) {
		const struct live_node *n = &l->nodes.v[i];
		unsigned running = 0, waiting = 0;
		for (size_t k = 0; k < l->jobs.n; k++) {
			running +=
				l->jobs.v[k].node == n->id && l->jobs.v[k].phase == JOURNAL_RUNNING;
			waiting += l->jobs.v[k].node == n->id && l->jobs.v[k].phase == JOURNAL_SENT;
		}
		assert(running == n->running && waiting == n->waiting);
	}
}

static void check_line(const char *text, size_t width)
{
	assert(strlen(text) <= width);
	for (; *text; text++)
		assert(*text >= 0x20 && *text < 0x7f);
}

static void check_views(const struct live *l, unsigned width, unsigned height)
{
	struct liveview v = {.width = width, .height = height, .filter = ""};
	struct liveview_lines lines = {0};
	char progress[300];
	for (v.sort = 0; v.sort < LIVEVIEW_SORTS; v.sort++) {
		v.scroll = (unsigned)l->jobs.n / 2;
		liveview_layout(l, &v, l->t + 0.5, &lines);
		assert(lines.n == height);
		for (size_t i = 0; i < lines.n; i++)
			check_line(lines.v[i].text, width);
		liveview_free(&lines);
	}
	check_line(liveview_progress(l, l->t, progress, width), width);
}

/* What was read is written so that it is read again, or it had something that a line cannot say. */
static void check_line_again(const struct journal_event *e)
{
	char *line = NULL;
	size_t n;
	struct journal_event again;
	FILE *out = open_memstream(&line, &n);
	assert(out);
	journal_write(e, out);
	fclose(out);
	assert(journal_parse(line, &again) == 0);
	assert(again.type == e->type && again.id == e->id && again.status == e->status);
	journal_event_fini(&again);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	_cleanup_free_ char *text = fuzz_text(data + 2, size - 2);
	struct strv lines;
	struct live l;
	fuzz_lines(text, &lines);
	live_init(&l);
	for (size_t i = 0; i < lines.n; i++) {
		struct journal_event e;
		if (journal_parse(lines.v[i], &e) < 0)
			continue;
		live_apply(&l, &e);
		check_line_again(&e);
		journal_event_fini(&e);
	}
	check_nodes(&l);
	check_views(&l, data[0], data[1]);
	live_fini(&l);
	strv_fini(&lines);
	return 0;
}
