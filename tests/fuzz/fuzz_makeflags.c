/* make's MAKEFLAGS and arguments: whatever the user's flags are, a make that is given the value we
 * build finds our jobserver in it. */
#include "fuzz.h"

#include "core/makeflags.h"

#include <string.h>

static void build_and_find(const char *user)
{
	struct make_pool pool = {
		.width = 3, .read_fd = 7, .write_fd = 8, .fifo = "/run/farmmake/fifo"};
	struct make_auth auth;
	for (pool.style = MAKE_NONE; pool.style <= MAKE_FIFO; pool.style++) {
		_cleanup_free_ char *built = makeflags_build(&pool, user);
		makeflags_parse_auth(built, &auth);
		switch (pool.style) {
		case MAKE_NONE: assert(auth.kind == AUTH_NONE); break;
		case MAKE_FDS:
		case MAKE_AUTH:
			assert(auth.kind == AUTH_FDS && auth.read_fd == 7 && auth.write_fd == 8);
			break;
		case MAKE_FIFO:
			assert(auth.kind == AUTH_FIFO && strcmp(auth.path, pool.fifo) == 0);
			break;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct make_auth auth;
	struct make_args args;
	struct strv words;
	makeflags_parse_auth(text, &auth);
	(void)makeflags_style(text, text);
	build_and_find(text);
	fuzz_lines(text, &words);
	make_args_scan(fuzz_argv(&words), &args);
	assert(args.args.n <= words.n);
	assert(!args.has_jobs || args.jobs >= 0);
	make_args_fini(&args);
	strv_fini(&words);
	return 0;
}
