#include "core/journal.h"

#include "base/err.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *line_of(struct journal_event e)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	journal_write(&e, out);
	fclose(out);
	return text;
}

static const struct {
	struct journal_event event;
	const char *line;
} rows[] = {
	{{JOURNAL_BUILD, .name = "make -k all", .text = "/home/u/src", .slots = 2, .expected = 120},
		"{\"t\":0.000000,\"event\":\"build\",\"make\":\"make -k all\",\"dir\":\"/home/u/src\",\"slots\":2,"
		"\"expected\":120}\n"},
	{{JOURNAL_NODE, .t = 1.5, .id = 1, .name = "anvil", .text = "10.0.0.7:3634", .slots = 4,
		 .level = 3},
		"{\"t\":1.500000,\"event\":\"node\",\"id\":1,\"name\":\"anvil\",\"address\":\"10.0.0.7:3634\","
		"\"slots\":4,\"jail\":3}\n"},
	{{JOURNAL_GONE, .t = 2, .id = 1, .text = "timed out"},
		"{\"t\":2.000000,\"event\":\"gone\",\"id\":1,\"why\":\"timed out\"}\n"},
	{{JOURNAL_BEGIN, .t = 2, .id = 7, .name = "a \"b\"\\\n.c"},
		"{\"t\":2.000000,\"event\":\"begin\",\"id\":7,\"source\":\"a \\\"b\\\"\\\\\\u000a.c\"}\n"},
	{{JOURNAL_PHASE, .t = 3, .id = 7, .phase = JOURNAL_RUNNING, .node = 1},
		"{\"t\":3.000000,\"event\":\"phase\",\"id\":7,\"phase\":\"running\",\"node\":1}\n"},
	{{JOURNAL_END, .t = 4, .id = 7, .node = 1, .ok = true},
		"{\"t\":4.000000,\"event\":\"end\",\"id\":7,\"node\":1,\"ok\":true}\n"},
	{{JOURNAL_STEP, .t = 4, .id = 4711, .name = "ld", .text = "ld -o x"},
		"{\"t\":4.000000,\"event\":\"step\",\"id\":4711,\"name\":\"ld\",\"command\":\"ld -o x\"}\n"},
	{{JOURNAL_STEP_END, .t = 4, .id = 4711},
		"{\"t\":4.000000,\"event\":\"step-end\",\"id\":4711}\n"},
	{{JOURNAL_LOAD, .t = 5, .id = 1, .moved = 1ull << 40, .speed = 150},
		"{\"t\":5.000000,\"event\":\"load\",\"id\":1,\"moved\":1099511627776,\"speed\":150}\n"},
	{{JOURNAL_POOL, .t = 5, .lent = 9, .is_short = true},
		"{\"t\":5.000000,\"event\":\"pool\",\"lent\":9,\"short\":true}\n"},
	{{JOURNAL_OVER, .t = 6, .status = -1},
		"{\"t\":6.000000,\"event\":\"over\",\"status\":-1}\n"},
};

Test(journal, every_event_is_one_line_and_reads_back)
{
	cr_assert_eq(sizeof rows / sizeof *rows, JOURNAL_TYPES);
	for (size_t i = 0; i < JOURNAL_TYPES; i++) {
		struct journal_event e;
		char *line = line_of(rows[i].event);
		cr_expect_str_eq(line, rows[i].line);
		cr_assert_eq(journal_parse(line, &e), 0, "%s", line);
		char *again = line_of(e);
		cr_expect_str_eq(again, line);
		journal_event_fini(&e);
		free(again);
		free(line);
	}
}

Test(journal, names_that_are_no_utf8_lose_that)
{
	struct journal_event e;
	char *line =
		line_of((struct journal_event){JOURNAL_BEGIN, .id = 1, .name = "caf\xe9\x7f.c"});
	cr_assert_eq(journal_parse(line, &e), 0, "%s", line);
	cr_expect_str_eq(e.name, "caf\xef\xbf\xbd\x7f.c");
	journal_event_fini(&e);
	free(line);
}

Test(journal, other_lines_are_refused)
{
	static const char *const lines[] = {"", "\n", "{", "[]", "1", "{}",
		"{\"t\":1,\"event\":\"rain\"}", "{\"event\":\"step-end\",\"id\":1}",
		"{\"t\":-1,\"event\":\"step-end\",\"id\":1}",
		"{\"t\":\"1\",\"event\":\"step-end\",\"id\":1}", "{\"t\":1,\"event\":\"step-end\"}",
		"{\"t\":1,\"event\":\"step-end\",\"id\":-1}",
		"{\"t\":1,\"event\":\"step-end\",\"id\":1.5}",
		"{\"t\":1,\"event\":\"begin\",\"id\":1,\"source\":3}",
		"{\"t\":1,\"event\":\"phase\",\"id\":1,\"phase\":\"gone\",\"node\":0}",
		"{\"t\":1,\"event\":\"end\",\"id\":1,\"node\":0,\"ok\":1}"};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct journal_event e;
		cr_expect_eq(journal_parse(lines[i], &e), ERR_PROTO, "%s", lines[i]);
	}
}

Test(journal, more_fields_are_passed_over)
{
	struct journal_event e;
	cr_assert_eq(
		journal_parse("{\"t\":1,\"event\":\"step-end\",\"id\":1,\"colour\":\"red\"}", &e),
		0);
	cr_expect_eq(e.id, 1);
}
