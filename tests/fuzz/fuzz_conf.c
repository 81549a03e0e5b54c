/* Settings as text (farm.json), as an environment and as options, a word on each line. */
#include "fuzz.h"

#include "base/err.h"
#include "core/conf.h"

#include <string.h>

/* A failure is explained in one line. */
static void check(int err, const char *why)
{
	assert(err == 0 || (err == ERR_CONFIG && why && !strchr(why, '\n')));
}

static void try_json(const char *text)
{
	struct conf c;
	_cleanup_free_ char *why = NULL;
	conf_init(&c);
	int err = conf_parse_json(&c, "farm.json", text, &why);
	check(err, why);
	conf_fini(&c);
}

static void try_env(char **words)
{
	struct conf c;
	_cleanup_free_ char *why = NULL;
	conf_init(&c);
	int err = conf_parse_env(&c, words, &why);
	check(err, why);
	conf_fini(&c);
}

static void try_options(char **words, size_t n)
{
	struct conf c;
	struct strv rest = {0};
	_cleanup_free_ char *why = NULL, *config = NULL;
	conf_init(&c);
	int err = conf_parse_options(&c, words, &rest, &config, &why);
	check(err, why);
	assert(rest.n <= n);
	strv_fini(&rest);
	conf_fini(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct strv words;
	fuzz_lines(text, &words);
	try_json(text);
	try_env(fuzz_argv(&words));
	try_options(fuzz_argv(&words), words.n);
	strv_fini(&words);
	return 0;
}
