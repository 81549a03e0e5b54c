/* Ninja knows fifos only (from 1.13), a make before 4.4 pipes only, and both stumble over the other: so it is guessed
 * which of them the command is, or runs, and make is asked what it can do. */
#include "command.h"

#include "base/log.h"
#include "base/str.h"
#include "io/jobserver.h"
#include "settings.h"

#include <string.h>
#include <unistd.h>

int command_take(struct conf *conf, const struct strv *words, struct make_args *ret)
{
	size_t at = words->n && strcmp(words->v[0], "--") == 0;
	*ret = (struct make_args){0};
	if (at == words->n) {
		log_error("--farm-run needs a command: --farm-run -- COMMAND [ARGUMENT]...");
		return EXIT_USAGE;
	}
	free(conf->make);
	conf->make = xstrdup(words->v[at]);
	while (++at < words->n)
		strv_push(&ret->args, words->v[at]);
	return 0;
}

/* "cmake --build DIR" runs what DIR was made for. */
static bool builds_with_ninja(const struct strv *args)
{
	for (size_t i = 0; i + 1 < args->n; i++) {
		if (strcmp(args->v[i], "--build") != 0)
			continue;
		_cleanup_free_ char *file = xasprintf("%s/build.ninja", args->v[i + 1]);
		return access(file, F_OK) == 0;
	}
	return false;
}

static bool is_ninja(const char *program, const struct strv *args)
{
	static const char *const names[] = {"ninja", "ninja-build", "samu", "meson"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(str_base(program), names[i]) == 0)
			return true;
	return strcmp(str_base(program), "cmake") == 0 && builds_with_ninja(args);
}

enum make_style command_style(const char *program, const struct strv *args)
{
	enum make_style style;
	char version[32];
	if (is_ninja(program, args) || jobserver_probe_make("make", &style, version) < 0)
		return MAKE_FIFO;
	return style;
}
