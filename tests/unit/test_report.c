#include "report_samples.h"

#include "base/err.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

static struct report *report;

static void setup(void)
{
	report = report_create();
}

static void teardown(void)
{
	report_destroy(report);
}

TestSuite(report, .init = setup, .fini = teardown);

static void add(struct report_job j)
{
	report_add_job(report, &j);
}

static char *write_json(void)
{
	char *json = report_to_json(report, &build, &totals), *why = NULL;
	cr_expect_eq(report_validate(json, &why), 0, "%s", why);
	cr_expect(str_ends(json, "}\n"));
	return json;
}

static json_t *write_doc(void)
{
	char *json = write_json();
	json_t *doc = json_loads(json, 0, NULL);
	free(json);
	cr_assert_not_null(doc);
	return doc;
}

Test(report, is_written_byte_for_byte_the_same)
{
	int node = report_add_node(report, &board);
	add(away(1, node));
	add(here(2, "assembler source"));
	report_add_presence(report, node, 0.25, 4);
	report_add_step(report, &(struct report_step){"ld", "ld -o a a.o", 3.5, 3.75});
	char *json = write_json();
	cr_expect_str_eq(json,
		"{\n"
		"\"schema\": \"farmmake-report/3\",\n"
		"\"build\": {\"started\":\"2017-09-28T14:30:00Z\",\"wall_s\":4.0,\"cpu_s\":0.25,\"exit_status\":2,"
		"\"make\":\"make\",\"args\":[\"-k\",\"CC=gcc -m32\"],\"cwd\":\"/home/u/src\","
		"\"local_slots\":2},\n"
		"\"nodes\": [\n"
		"{\"name\":\"board1\",\"address\":\"10.0.0.7:3634\",\"kind\":\"farmnode\",\"slots\":4,\"jobs\":1,"
		"\"busy_s\":1.75,\"slots_busy_s\":[1.75,0.0,0.0,0.0],\"present\":[[0.25,4.0]],\"bytes_up\":1000,\"bytes_down\":500,\"lost\":false,"
		"\"quarantine\":\"\",\"suspicious\":[]}\n"
		"],\n"
		"\"jobs\": [\n"
		"{\"id\":1,\"source\":\"src/a.c\",\"output\":\"a.o\",\"compiler\":\"/usr/bin/gcc\","
		"\"where\":\"node\",\"node\":\"board1\",\"reason\":\"\",\"input\":\"text\",\"no_view\":\"\",\"t\":{\"start\":0.3,"
		"\"cpp\":0.5,\"staged\":0.75,\"sent\":1.0,\"started\":1.25,\"compiled\":3.0,\"finished\":3.25,"
		"\"local\":null,\"done\":3.5},\"bytes\":{\"text\":5000,\"up\":1000,\"down\":500},"
		"\"cpu\":{\"local_s\":0.05,\"remote_s\":1.9},\"retries\":0,\"checked\":null,\"promised\":true},\n"
		"{\"id\":2,\"source\":\"src/b.c\",\"output\":\"b.o\",\"compiler\":\"/usr/bin/gcc\","
		"\"where\":\"local\",\"node\":null,\"reason\":\"assembler source\","
		"\"input\":null,\"no_view\":\"\","
		"\"t\":{\"start\":0.5,\"cpp\":null,\"staged\":null,\"sent\":null,\"started\":null,"
		"\"compiled\":null,\"finished\":null,\"local\":0.5,\"done\":2.0},\"bytes\":{\"text\":0,\"up\":0,\"down\":0},"
		"\"cpu\":{\"local_s\":1.5,\"remote_s\":0.0},\"retries\":0,\"checked\":null,\"promised\":true}\n"
		"],\n"
		"\"steps\": [\n"
		"{\"name\":\"ld\",\"command\":\"ld -o a a.o\",\"begin\":3.5,\"end\":3.75}\n"
		"],\n"
		"\"usage\": {\"here\":{\"slots_busy_s\":[0.95,1.5],\"compile_s\":1.5,\"step_s\":0.25,"
		"\"prepare_s\":0.45,\"commit_s\":0.25,\"overflow_s\":0.0,\"idle_s\":5.55},"
		"\"nodes\":{\"compile_s\":1.75,\"link_s\":0.5,\"credit_s\":0.25,\"prepare_s\":0.45,"
		"\"client_s\":0.75,\"make_s\":11.3,\"absent_s\":1.0},"
		"\"here_full_s\":0.25,\"nodes_full_s\":0.0,\"lone_s\":1.95,"
		"\"limit\":\"serial\",\"limit_text\":\"serial: 1.9 s with one thing at a time, 1.7 s of it the "
		"compile of src/a.c\","
		"\"chain\":[{\"name\":\"src/a.c\",\"is_step\":false,\"begin\":0.3,\"end\":3.5},"
		"{\"name\":\"ld\",\"is_step\":true,\"begin\":3.5,\"end\":3.75}]},\n"
		"\"summary\": {\"jobs\":2,\"remote\":1,\"local\":1,\"failed\":0,\"retried\":0,"
		"\"views\":0,\"contents_up\":0,\"checked\":0,"
		"\"suspicious\":0,\"unpromised\":0,"
		"\"files_per_s\":0.5,\"max_local_running\":2,\"tokens\":{\"lent_peak\":8,\"lost\":0}}\n"
		"}\n");
	free(json);
}

Test(report, of_nothing_is_a_report)
{
	char *json = write_json(), *text = NULL, *why = NULL;
	cr_assert_eq(report_summary(json, &text, &why), 0);
	cr_expect_str_eq(text,
		"0 files in 4.00 s; exit status 2\n"
		"  make-bound: cores here were idle for 100 % of the build, and make had nothing else to run\n"
		"  tokens: at most 8 lent, 0 lost\n"
		"  no nodes\n");
	free(text);
	free(json);
}

Test(report, of_a_build_that_took_no_time_divides_by_nothing)
{
	struct report_build instantly = build;
	instantly.wall_s = 0;
	add(away(1, report_add_node(report, &board)));
	char *json = report_to_json(report, &instantly, &totals), *text = NULL, *why = NULL;
	cr_expect_eq(report_summary(json, &text, &why), 0, "%s", why);
	cr_expect_null(strstr(text, "inf"));
	cr_expect_null(strstr(text, "nan"));
	free(text);
	free(json);
}

Test(report, knows_a_node_by_its_name)
{
	struct report_node again = board;
	int first = report_add_node(report, &board);
	again.name = "board2";
	cr_expect_neq(report_add_node(report, &again), first);
	again = (struct report_node){
		.name = "board1", .address = "10.0.0.8:1", .slots = 8, .lost = true};
	cr_expect_eq(report_add_node(report, &again), first);
	json_t *doc = write_doc(), *nodes = json_object_get(doc, "nodes");
	cr_assert_eq(json_array_size(nodes), 2);
	json_t *n = json_array_get(nodes, 0);
	cr_expect_eq(json_integer_value(json_object_get(n, "slots")), 8);
	cr_expect(json_is_true(json_object_get(n, "lost")));
	cr_expect_str_eq(json_string_value(json_object_get(n, "address")), "10.0.0.8:1");
	json_decref(doc);
}

Test(report, keeps_many_nodes_apart)
{
	for (int i = 0; i < 100; i++) {
		char *name = xasprintf("n%d", i);
		struct report_node n = {.name = name, .address = "", .slots = 1};
		cr_expect_eq(report_add_node(report, &n), i);
		free(name);
	}
	json_t *doc = write_doc();
	cr_expect_eq(json_array_size(json_object_get(doc, "nodes")), 100);
	json_decref(doc);
}

Test(report, sums_what_the_jobs_say)
{
	int a = report_add_node(report, &board);
	struct report_job j = away(1, a);
	add(j);
	j.retries = 2;
	j.t.started = j.t.compiled =
		-1; /* its node said nothing of a start: adds nothing to busy_s */
	add(j);
	j = here(3, "redone here: the node was lost");
	j.node = a;
	j.bytes.up = 7;
	j.exit_status = 1;
	add(j);
	struct report_node again = board;
	again.content_bytes = 30000;
	report_add_node(report, &again);
	json_t *doc = write_doc(), *sums = json_object_get(doc, "summary");
	int jobs, remote, local, failed, retried;
	cr_assert_eq(json_unpack(sums, "{s:i, s:i, s:i, s:i, s:i}", "jobs", &jobs, "remote",
			     &remote, "local", &local, "failed", &failed, "retried", &retried),
		0);
	cr_expect(jobs == 3 && remote == 2 && local == 1 && failed == 1 && retried == 1);
	json_t *node = json_array_get(json_object_get(doc, "nodes"), 0);
	cr_expect_eq(json_integer_value(json_object_get(node, "jobs")), 2);
	cr_expect_eq(json_integer_value(json_object_get(node, "bytes_up")), 32007);
	cr_expect_eq(json_integer_value(json_object_get(node, "bytes_down")), 1000);
	cr_expect_float_eq(json_real_value(json_object_get(node, "busy_s")), 1.75, 1e-9);
	json_t *third = json_array_get(json_object_get(doc, "jobs"), 2);
	cr_expect_str_eq(json_string_value(json_object_get(third, "where")), "local");
	cr_expect_str_eq(json_string_value(json_object_get(third, "node")), "board1");
	json_decref(doc);
}

Test(report, copies_and_escapes_its_strings)
{
	char source[] = "dir\t\"x\\\".c", reason[] = "caf\xc3\xa9", output[] = "caf\xe9.o";
	struct report_job j = here(1, reason);
	j.source = source;
	j.output = output;
	add(j);
	memset(source, 'z', sizeof source - 1);
	json_t *doc = write_doc(), *row = json_array_get(json_object_get(doc, "jobs"), 0);
	cr_expect_str_eq(json_string_value(json_object_get(row, "source")), "dir\t\"x\\\".c");
	cr_expect_str_eq(json_string_value(json_object_get(row, "reason")), "caf\xc3\xa9");
	cr_expect_str_eq(json_string_value(json_object_get(row, "output")), "caf\xef\xbf\xbd.o");
	json_decref(doc);
}

Test(report, rounds_numbers_and_survives_odd_ones)
{
	struct report_job j = away(1, -1);
	j.remote = false;
	j.t.start = 1234567.1234564;
	j.t.cpp = NAN;
	j.t.done = INFINITY;
	j.cpu.local_s = -1;
	add(j);
	char *json = write_json();
	cr_expect_not_null(strstr(json, "\"start\":1234567.123456,\"cpp\":null,"));
	cr_expect_not_null(strstr(json, "\"local_s\":0.0,"));
	free(json);
}

Test(report, is_one_line_for_each_job)
{
	for (uint32_t i = 0; i < 50; i++)
		add(here(i, ""));
	char *json = write_json();
	size_t lines = 0;
	for (const char *p = json; (p = strstr(p, "\n{\"id\":")); p++)
		lines++;
	cr_expect_eq(lines, 50);
	free(json);
}

Test(report, summary_tells_what_happened)
{
	int node = report_add_node(report, &board);
	struct report_job j = away(1, node);
	j.bytes.text = 6250000, j.bytes.up = 1250000, j.bytes.down = 64000;
	add(j);
	j.retries = 1;
	add(j);
	add(here(3, "assembler source"));
	add(here(4, "no credit was free"));
	add(here(5, "assembler source"));
	report_add_step(report, &(struct report_step){"ld", "ld a.o", 3.5, 4});
	j = here(6, "");
	j.exit_status = 1;
	add(j);
	char *json = write_json(), *text = NULL, *why = NULL;
	cr_assert_eq(report_summary(json, &text, &why), 0, "%s", why);
	cr_expect_str_eq(text,
		"6 files in 4.00 s, 1.5 per second, 1 failed; exit status 2\n"
		"  client-bound: all cores here were busy for 49 % of the build; compiles took 38 %, other recipes 6 %, "
		"preprocessing 5 %, results 6 %\n"
		"  its end hung on: src/a.c 3.2 s, ld 0.5 s\n"
		"  on nodes     2 (33.3 %), 1 of all sent more than once\n"
		"  here         4, at most 2 at once on 2 slots\n"
		"             2  assembler source\n"
		"             1  no reason given\n"
		"             1  no credit was free\n"
		"  sent 2.5 MB (12.5 MB of text, 5.0:1), received 128 kB\n"
		"  tokens: at most 8 lent, 0 lost\n"
		"  board1 (10.0.0.7:3634): 2 files on 4 slots, 22 % busy; "
		"2.5 MB up, 128 kB down\n");
	free(text);
	free(json);
}

Test(report, summary_stays_short_and_clean)
{
	for (int i = 0; i < 200; i++) {
		char *name = xasprintf("node%03d\x1b[2J", i), *reason = xasprintf("reason %d\n", i);
		struct report_node n = {
			.name = name, .address = "10.0.0.1:1", .slots = 4, .lost = i == 199};
		struct report_job j = away(0, report_add_node(report, &n));
		for (int k = 0; k <= i; k++)
			add(j);
		add(here(0, reason));
		free(name);
		free(reason);
	}
	char *json = write_json(), *text = NULL, *why = NULL;
	cr_assert_eq(report_summary(json, &text, &why), 0, "%s", why);
	size_t lines = 0;
	for (const char *p = text; *p; p++) {
		lines += *p == '\n';
		cr_expect(*p == '\n' || (*p >= ' ' && *p < 0x7f));
	}
	cr_expect_leq(lines, 19);
	cr_expect_not_null(strstr(text, "node199\\x1b[2J (10.0.0.1:1): 200 files"));
	cr_expect_not_null(strstr(text, "; was lost\n"));
	cr_expect_not_null(strstr(text, "and for 196 other reasons\n"));
	cr_expect_not_null(strstr(text, "and 194 more nodes\n"));
	free(text);
	free(json);
}

Test(report, says_what_came_from_a_node_in_quarantine)
{
	int good = report_add_node(report, &board);
	int bad = report_add_node(report, &(struct report_node){"liar", "10.0.0.8:3634", 2});
	struct report_job checked = here(3, "what a node made of it is checked");
	checked.node = bad;
	checked.checked = "differs";
	add(away(1, bad));
	add(away(2, good));
	add(checked);
	cr_expect_eq(report_suspicious(report), 0);
	report_add_node(report, &(struct report_node){"liar", "10.0.0.8:3634", 2,
					.quarantine = "lies", .suspicious = true});
	cr_expect_eq(report_suspicious(report), 1);
	json_t *doc = write_doc();
	const json_t *node = json_array_get(json_object_get(doc, "nodes"), 1);
	const json_t *outputs = json_object_get(node, "suspicious");
	cr_expect_str_eq(json_string_value(json_object_get(node, "quarantine")), "lies");
	cr_expect_eq(json_array_size(outputs), 1);
	cr_expect_str_eq(json_string_value(json_array_get(outputs, 0)), "a.o");
	const json_t *sums = json_object_get(doc, "summary");
	cr_expect_eq(json_integer_value(json_object_get(sums, "checked")), 1);
	cr_expect_eq(json_integer_value(json_object_get(sums, "suspicious")), 1);
	json_decref(doc);
	char *json = write_json(), *text = NULL, *why = NULL;
	cr_assert_eq(report_summary(json, &text, &why), 0, "%s", why);
	cr_expect(
		strstr(text, "  checked      1: 0 the same, 1 different, 0 unclear\n"), "%s", text);
	cr_expect(strstr(text, "    in quarantine: it lies\n    1 file of it is suspicious\n"),
		"%s", text);
	free(text);
	free(json);
}

Test(report, tells_who_read_the_sources)
{
	for (uint32_t i = 1; i <= 3; i++) {
		struct report_job j = away(i, report_add_node(report, &board));
		j.is_view = i < 3;
		j.no_view = i < 3 ? "" : "C++ modules";
		add(j);
	}
	const struct report_totals t = {.content_bytes = 12345};
	char *json = report_to_json(report, &build, &t), *text, *why;
	cr_assert_eq(report_summary(json, &text, &why), 0);
	cr_expect(strstr(json, "\"input\":\"view\",\"no_view\":\"\""));
	cr_expect(strstr(json, "\"views\":2,\"contents_up\":12345,"));
	cr_expect(strstr(text, "   2 read there (12.3 kB of sources sent), 1 preprocessed here\n"
			       "             1  C++ modules\n"),
		"%s", text);
	free(json);
	free(text);
}
