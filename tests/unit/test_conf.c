#include "core/conf.h"

#include "base/err.h"

#include <criterion/criterion.h>
#include <string.h>

static struct conf conf;

static void setup(void)
{
	conf_init(&conf);
}

static void teardown(void)
{
	conf_fini(&conf);
}

TestSuite(conf, .init = setup, .fini = teardown);

static void read_json(const char *text)
{
	char *why = NULL;
	cr_assert_eq(conf_parse_json(&conf, "farm.json", text, &why), 0, "%s", why);
	cr_assert_null(why);
}

static void refuse_json(const char *text, const char *expected)
{
	char *why = NULL;
	cr_expect_eq(conf_parse_json(&conf, "farm.json", text, &why), ERR_CONFIG, "%s", text);
	cr_assert_not_null(why, "%s", text);
	cr_expect_str_eq(why, expected);
	cr_expect_null(strchr(why, '\n'));
	free(why);
}

static void read_env(char *const env[])
{
	char *why = NULL;
	cr_assert_eq(conf_parse_env(&conf, env, &why), 0, "%s", why);
}

static void refuse_env(const char *entry, const char *expected)
{
	char *why = NULL, *const env[] = {(char *)entry, NULL};
	cr_expect_eq(conf_parse_env(&conf, env, &why), ERR_CONFIG, "%s", entry);
	cr_assert_not_null(why, "%s", entry);
	cr_expect_str_eq(why, expected);
	free(why);
}

#define ENV(...) ((char *const[]){__VA_ARGS__, NULL})
#define ARGS(...) ((char *const[]){__VA_ARGS__, NULL})

/* Parses argv and compares what is left with the words in rest. */
static void read_options(char *const argv[], const char *rest)
{
	struct strv left = {0};
	char *why = NULL;
	cr_assert_eq(conf_parse_options(&conf, argv, &left, NULL, &why), 0, "%s", why);
	char *joined = xstrdup("");
	for (size_t i = 0; i < left.n; i++) {
		char *longer = xasprintf("%s%s%s", joined, i ? " " : "", left.v[i]);
		free(joined);
		joined = longer;
	}
	cr_expect_str_eq(joined, rest);
	free(joined);
	strv_fini(&left);
}

static void refuse_options(char *const argv[], const char *expected)
{
	struct strv left = {0};
	char *why = NULL, *config = NULL;
	cr_expect_eq(
		conf_parse_options(&conf, argv, &left, &config, &why), ERR_CONFIG, "%s", argv[0]);
	cr_assert_not_null(why, "%s", argv[0]);
	cr_expect_str_eq(why, expected);
	cr_expect_null(config);
	free(why);
	strv_fini(&left);
}

static void expect_list(const struct strv *list, const char *a, const char *b)
{
	cr_assert_eq(list->n, (a != NULL) + (b != NULL));
	if (a)
		cr_expect_str_eq(list->v[0], a);
	if (b)
		cr_expect_str_eq(list->v[1], b);
}

Test(conf, has_defaults)
{
	expect_list(&conf.node, NULL, NULL);
	expect_list(&conf.interface, NULL, NULL);
	cr_expect_not(conf.no_discovery);
	cr_expect_eq(conf.port, 3634);
	cr_expect_null(conf.key);
	cr_expect_eq(conf.local_slots, 0);
	cr_expect_str_eq(conf.report, "");
	cr_expect(conf.direct);
	cr_expect_eq(conf.verify, 0);
	cr_expect_str_eq(conf.make, "make");
	cr_expect(conf.progress);
	cr_expect_not(conf.verbose);
	for (size_t i = 0; conf_row(i); i++)
		cr_expect_eq(conf.source[i], CONF_DEFAULT);
}

Test(conf, rows_are_named_once_and_in_one_spelling)
{
	const struct conf_row *row;
	for (size_t i = 0; (row = conf_row(i)); i++) {
		cr_expect_eq(row->key[strspn(row->key, "abcdefghijklmnopqrstuvwxyz_")], '\0');
		cr_expect_eq(row->value == NULL, row->type == CONF_BOOL, "%s", row->key);
		cr_expect(row->doc[0]);
		for (size_t j = 0; j < i; j++)
			cr_expect_str_neq(row->key, conf_row(j)->key);
	}
}

Test(conf, reads_a_whole_file)
{
	read_json(
		"{ \"node\": [\"board1\", \"10.0.0.7:3635\"], \"no_discovery\": true,\n"
		"  \"interface\": [\"lo\"], \"port\": 1, \"key\": \"k\", \"local_slots\": 4096,\n"
		"  \"report\": \"none\", \"direct\": false, \"identical\": true, \"verify\": 100, \"make\": \"gmake\", \"progress\": false, \"verbose\": true }\n");
	expect_list(&conf.node, "board1", "10.0.0.7:3635");
	expect_list(&conf.interface, "lo", NULL);
	cr_expect(conf.no_discovery);
	cr_expect_eq(conf.port, 1);
	cr_expect_str_eq(conf.key, "k");
	cr_expect_eq(conf.local_slots, 4096);
	cr_expect_str_eq(conf.report, "none");
	cr_expect_not(conf.direct);
	cr_expect_eq(conf.verify, 100);
	cr_expect_str_eq(conf.make, "gmake");
	cr_expect_not(conf.progress);
	cr_expect(conf.verbose);
	for (size_t i = 0; conf_row(i); i++)
		cr_expect_eq(conf.source[i], CONF_FILE);
}

Test(conf, an_empty_object_changes_nothing)
{
	read_json("{}");
	cr_expect_eq(conf.port, 3634);
	cr_expect_eq(conf.source[0], CONF_DEFAULT);
}

Test(conf, says_where_the_syntax_is_wrong)
{
	static const struct {
		const char *text, *where;
	} rows[] = {
		{"", "farm.json:1: "},
		{"{", "farm.json:1: "},
		{"{\n\"port\": 1,\n}", "farm.json:3: "},
		{"{\n\n\"port\" 1}", "farm.json:3: "},
		{"{\"port\": 1} x", "farm.json:1: "},
		{"{\"port\": 01}", "farm.json:1: "},
		{"{\"port\":\n99999999999999999999}", "farm.json:2: "},
		{"# a comment\n{}", "farm.json:1: "},
		{"{\n\"make\": \"a\nb\"}", "farm.json:2: "},
		{"{\n\"make\": \"\xff\"}", "farm.json:2: "},
		{"{\n\"make\": \"a\\u0000b\"}", "farm.json:2: "},
		{"{\"port\": 1,\n\"verbose\": true,\n\"port\": 2}",
			"farm.json:3: duplicate object key"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *why = NULL;
		int err = conf_parse_json(&conf, "farm.json", rows[i].text, &why);
		cr_expect_eq(err, ERR_CONFIG, "%s", rows[i].text);
		cr_assert_not_null(why);
		cr_expect(str_starts(why, rows[i].where), "%s", why);
		cr_expect_null(strchr(why, '\n'), "%s", why);
		free(why);
	}
}

Test(conf, is_not_drowned_by_depth)
{
	char *deep = xmalloc(100001), *why = NULL;
	memset(deep, '[', 100000);
	deep[100000] = '\0';
	cr_expect_eq(conf_parse_json(&conf, "f", deep, &why), ERR_CONFIG);
	free(why);
	free(deep);
}

Test(conf, says_which_line_holds_a_bad_value)
{
	static const char expected_port[] = "port: expected a whole number from 1 to 65535";
	static const struct {
		const char *text;
		int line;
		const char *what;
	} rows[] = {
		{"[]", 1, "expected an object: { … }"},
		{"{\"port\": 0}", 1, expected_port},
		{"{\n\"port\":\n65536}", 2, expected_port},
		{"{\n\n\"port\": 1.0}", 3, expected_port},
		{"{\n\"port\": \"3634\"}", 2, expected_port},
		{"{\"port\": null}", 1, expected_port},
		{"{\n\"local_slots\": -1}", 2,
			"local_slots: expected a whole number from 0 to 4096"},
		{"{\n\"verbose\": 1}", 2, "verbose: expected true or false"},
		{"{\n\"make\": \"\"}", 2, "make: expected a string of 1 to 4095 bytes"},
		{"{\"make\": []}", 1, "make: expected a string of 1 to 4095 bytes"},
		{"{\"node\": \"a\"}", 1, "node: expected an array of strings of 1 to 300 bytes"},
		{"{\"node\": [\"a\", 1]}", 1,
			"node: expected an array of strings of 1 to 300 bytes"},
		{"{\"node\": [\"\"]}", 1, "node: expected an array of strings of 1 to 300 bytes"},
		{"{\n\"nodes\": []}", 2, "unknown key nodes; did you mean node?"},
		{"{\n\"local-slots\": 1}", 2, "unknown key local-slots; did you mean local_slots?"},
		{"{\n\"colour\": 1}", 2, "unknown key colour"},
		{"{\"\\u001b[2J\": 1}", 1, "unknown key \\x1b[2J"},
		/* the key's text elsewhere: in a value, deeper, behind an escaped quote, escaped */
		{"{\"make\": \"port\",\n\"port\": 0}", 2, expected_port},
		{"{\"make\": \"\\\"port\\\": 1\",\n\n\"port\": 0}", 3, expected_port},
		{"{\"key\": \"\\\\\",\n\"port\": 0}", 2, expected_port},
		{"{\"report\": \"port\\\":\",\n\"p\\u006frt\": 0}", 2, expected_port},
		{"{\"make\": \"{[\",\n\"port\": 0}", 2, expected_port},
		{"{\n\"x\": {\"y\":\n1}}", 2, "unknown key x"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *expected = xasprintf("farm.json:%d: %s", rows[i].line, rows[i].what);
		refuse_json(rows[i].text, expected);
		free(expected);
	}
}

Test(conf, finds_the_line_of_a_key_that_stands_deeper_before)
{
	refuse_json("{\"node\": [\"port\"],\n\"port\": 0}",
		"farm.json:2: port: expected a whole number from 1 to 65535");
}

Test(conf, reads_the_environment)
{
	read_env(ENV("PATH=/bin", "FARMMAKE_NODE=a,b:1", "FARMMAKE_NO_DISCOVERY=1",
		"FARMMAKE_INTERFACE=lo", "FARMMAKE_PORT=65535", "FARMMAKE_KEY=k=v",
		"FARMMAKE_LOCAL_SLOTS=3", "FARMMAKE_REPORT=r.json", "FARMMAKE_MAKE=gmake",
		"FARMMAKE_PROGRESS=no", "FARMMAKE_VERBOSE=yes", "FARMMAKER=x", "farmmake_port=x"));
	expect_list(&conf.node, "a", "b:1");
	expect_list(&conf.interface, "lo", NULL);
	cr_expect(conf.no_discovery);
	cr_expect_eq(conf.port, 65535);
	cr_expect_str_eq(conf.key, "k=v");
	cr_expect_eq(conf.local_slots, 3);
	cr_expect_str_eq(conf.report, "r.json");
	cr_expect_str_eq(conf.make, "gmake");
	cr_expect_not(conf.progress);
	cr_expect(conf.verbose);
}

Test(conf, reads_booleans_in_words)
{
	static const char *const yes[] = {"1", "yes", "true"}, *const no[] = {"0", "no", "false"};
	for (size_t i = 0; i < 3; i++) {
		char *on = xasprintf("FARMMAKE_VERBOSE=%s", yes[i]);
		char *off = xasprintf("FARMMAKE_VERBOSE=%s", no[i]);
		read_env(ENV(on));
		cr_expect(conf.verbose, "%s", on);
		read_env(ENV(off));
		cr_expect_not(conf.verbose, "%s", off);
		free(on);
		free(off);
	}
}

Test(conf, leaves_alone_what_is_no_setting)
{
	read_env(ENV("FARMMAKE_SOCKET=/s", "FARMMAKE_BINDIR=/b", "FARMMAKE_FIFO=/f",
		"FARMMAKE_HELPER_DIR=/h", "FARMMAKE_CONFIG=/c", "FARMMAKE_TEST_SEED=1",
		"FARMMAKE_PORT=", "FARMMAKE_UNSET=", "FARMMAKE_PORT", ""));
	for (size_t i = 0; conf_row(i); i++)
		cr_expect_eq(conf.source[i], CONF_DEFAULT);
}

Test(conf, refuses_a_bad_environment)
{
	static const char *const rows[][2] = {
		{"FARMMAKE_PORT=0",
			"FARMMAKE_PORT: expected a whole number from 1 to 65535, not \"0\""},
		{"FARMMAKE_PORT=x",
			"FARMMAKE_PORT: expected a whole number from 1 to 65535, not \"x\""},
		{"FARMMAKE_VERBOSE=maybe", "FARMMAKE_VERBOSE: expected yes or no, not \"maybe\""},
		{"FARMMAKE_NODE=a,,b",
			"FARMMAKE_NODE: expected names between commas of 1 to 300 bytes, not \"a,,b\""},
		{"FARMMAKE_NODES=a",
			"unknown variable FARMMAKE_NODES; did you mean FARMMAKE_NODE?"},
		{"FARMMAKE_SOCKETS=a", "unknown variable FARMMAKE_SOCKETS"},
		{"FARMMAKE_port=1", "unknown variable FARMMAKE_port"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		refuse_env(rows[i][0], rows[i][1]);
}

Test(conf, takes_its_options_out_and_leaves_makes)
{
	read_options(ARGS("-k", "--farm-node", "a", "-C", "dir", "--farm-node=b:1", "CC=gcc x",
			     "-j", "4", "--farm-no-discovery", "--farm-local-slots", "2", "all",
			     "--farm-report=", "--farm-make=gmake", "--farmhouse", "--farm"),
		"-k -C dir CC=gcc x -j 4 all --farmhouse --farm");
	expect_list(&conf.node, "a", "b:1");
	cr_expect(conf.no_discovery);
	cr_expect_eq(conf.local_slots, 2);
	cr_expect_str_eq(conf.report, "");
	cr_expect_str_eq(conf.make, "gmake");
}

Test(conf, leaves_everything_behind_two_dashes)
{
	read_options(ARGS("--farm-verbose", "--", "--farm-port", "--farm-x", "-j"),
		"-- --farm-port --farm-x -j");
	cr_expect(conf.verbose);
	cr_expect_eq(conf.port, 3634);
}

Test(conf, options_switch_off_what_the_file_switched_on)
{
	read_json("{\"verbose\": true}");
	read_options(ARGS("--farm-verbose=no"), "");
	cr_expect_not(conf.verbose);
}

Test(conf, a_value_like_an_option_needs_the_equals_sign)
{
	refuse_options(ARGS("--farm-report", "--farm-verbose"), "--farm-report needs FILE");
	refuse_options(ARGS("--farm-key", "-k"), "--farm-key needs FILE");
	refuse_options(ARGS("--farm-node"), "--farm-node needs ADDRESS");
	refuse_options(ARGS("--farm-config"), "--farm-config needs FILE");
	refuse_options(ARGS("--farm-config="), "--farm-config needs FILE");
	read_options(ARGS("--farm-report=-x"), "");
	cr_expect_str_eq(conf.report, "-x");
}

Test(conf, refuses_bad_options)
{
	refuse_options(ARGS("--farm-x"), "unknown option --farm-x");
	refuse_options(ARGS("--farm-"), "unknown option --farm-");
	refuse_options(
		ARGS("--farm-nodes=a"), "unknown option --farm-nodes; did you mean --farm-node?");
	refuse_options(ARGS("--farm-local_slots", "1"),
		"unknown option --farm-local_slots; did you mean --farm-local-slots?");
	refuse_options(ARGS("--farm-port=x"),
		"--farm-port: expected a whole number from 1 to 65535, not \"x\"");
	refuse_options(
		ARGS("--farm-key="), "--farm-key: expected a string of 1 to 4095 bytes, not \"\"");
	refuse_options(ARGS("--farm-config=a", "--farm-x"), "unknown option --farm-x");
	refuse_options(ARGS("--farm-interface=much-too-long-name"),
		"--farm-interface: expected names between commas of 1 to 15 bytes, "
		"not \"much-too-long-name\"");
}

Test(conf, survives_very_long_names)
{
	char *name = xmalloc(100001), *why = NULL;
	struct strv rest = {0};
	memset(name, 'a', 100000);
	memcpy(name, "--farm-", 7);
	name[100000] = '\0';
	cr_expect_eq(conf_parse_options(&conf, ARGS(name), &rest, NULL, &why), ERR_CONFIG);
	cr_expect_lt(strlen(why), 1000);
	free(why);
	free(name);
}

Test(conf, hands_out_the_last_config_file)
{
	struct strv rest = {0};
	char *config = NULL, *why = NULL;
	cr_assert_eq(conf_parse_options(&conf, ARGS("all"), &rest, &config, &why), 0);
	cr_expect_null(config);
	cr_assert_eq(conf_parse_options(&conf, ARGS("--farm-config", "a", "--farm-config=b"), &rest,
			     &config, &why),
		0);
	cr_expect_str_eq(config, "b");
	cr_assert_eq(rest.n, 1);
	free(config);
	strv_fini(&rest);
}

Test(conf, the_stronger_source_wins_in_any_order)
{
	for (int order = 0; order < 2; order++) {
		conf_fini(&conf);
		conf_init(&conf);
		if (order)
			read_options(ARGS("--farm-node=o1", "--farm-node=o2", "--farm-make=o"), "");
		read_json("{\"node\": [\"f\"], \"make\": \"f\", \"port\": 1, \"key\": \"f\"}");
		read_env(ENV("FARMMAKE_NODE=e", "FARMMAKE_MAKE=e", "FARMMAKE_PORT=2"));
		if (!order)
			read_options(ARGS("--farm-node=o1", "--farm-node=o2", "--farm-make=o"), "");
		expect_list(&conf.node, "o1", "o2");
		cr_expect_str_eq(conf.make, "o");
		cr_expect_eq(conf.port, 2);
		cr_expect_str_eq(conf.key, "f");
	}
}

Test(conf, a_second_reading_of_a_source_replaces_the_first)
{
	read_options(ARGS("--farm-node=a", "--farm-node=b"), "");
	read_options(ARGS("--farm-node=c"), "");
	expect_list(&conf.node, "c", NULL);
}

Test(conf, a_comma_in_a_distccds_address_is_a_part_of_it)
{
	read_options(ARGS("--farm-node=distcc://a/4,lzo,b"), "");
	expect_list(&conf.node, "distcc://a/4,lzo", "b");
	read_options(ARGS("--farm-node=distcc://a/4,distcc://b:1/2,lzo"), "");
	expect_list(&conf.node, "distcc://a/4", "distcc://b:1/2,lzo");
	read_options(ARGS("--farm-node=distcc://a/4,lzoo"), "");
	expect_list(&conf.node, "distcc://a/4", "lzoo");
	read_options(ARGS("--farm-node=a,lzo"), "");
	expect_list(&conf.node, "a", "lzo");
}

Test(conf, an_empty_list_in_the_file_is_a_value)
{
	read_json("{\"node\": [\"a\"]}");
	read_json("{\"node\": []}");
	expect_list(&conf.node, NULL, NULL);
}

Test(conf, helps_with_one_line_for_each_row)
{
	char *help = conf_help(), *line = help;
	const struct conf_row *row;
	for (size_t i = 0; (row = conf_row(i)); i++) {
		char *end = strchr(line, '\n'), *option = xasprintf("  --farm-%s", row->key);
		cr_assert_not_null(end);
		*end = '\0';
		for (char *p = option; *p; p++)
			if (*p == '_')
				*p = '-';
		cr_expect(str_starts(line, option), "%s", line);
		cr_expect(str_ends(line, row->doc), "%s", line);
		cr_expect_leq(strlen(line), 80, "%s", line);
		free(option);
		line = end + 1;
	}
	cr_expect(str_starts(line, "  --farm-config FILE "));
	line = strchr(line, '\n') + 1;
	cr_expect(str_starts(line, "  --farm-run -- COMMAND"));
	cr_expect_eq(strchr(line, '\n')[1], '\0');
	free(help);
}
