/* farmprobe - prints the toolchain of a compiler.
 *
 * Happy path: the cache knows it, or the compiler is measured in a private directory; the text goes
 * to standard output, exit status 0. Anything else is one line on standard error and status 1, or 2 when
 * it took too long. */
#include "cache.h"
#include "measure.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Programs that only look like a compiler: what they run, and where, is not theirs to say. */
static const char *const fronts[] = {"ccache", "distcc", "icecc", "sccache", "farmcc"};

struct options {
	const char *cache_dir; /* NULL: none */
	unsigned cores;
	const char *compiler;
};

static bool parse_options(int argc, char **argv, struct options *ret)
{
	struct options o = {.cores = 1};
	int i = 1;
	for (; i + 1 < argc; i += 2) {
		long cores;
		if (strcmp(argv[i], "--cache") == 0)
			o.cache_dir = argv[i + 1];
		else if (strcmp(argv[i], "--cores") == 0 &&
			 str_to_long(argv[i + 1], 1, INT_MAX, &cores) == 0)
			o.cores = cores < RUN_CORES_MAX ? (unsigned)cores : RUN_CORES_MAX;
		else
			return false;
	}
	if (i + 1 != argc || argv[i][0] == '-')
		return false;
	o.compiler = argv[i];
	*ret = o;
	return true;
}

static bool is_script(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char magic[2];
	return fd >= 0 && read(fd, magic, sizeof magic) == sizeof magic &&
	       memcmp(magic, "#!", sizeof magic) == 0;
}

/* NULL, or why this cannot be a compiler of ours. */
static const char *refusal(const char *compiler)
{
	if (compiler[0] != '/')
		return "not an absolute path";
	if (!fs_is_executable(compiler))
		return "not an executable file";
	_cleanup_free_ char *real = realpath(compiler, NULL);
	for (size_t i = 0; real && i < sizeof fronts / sizeof *fronts; i++)
		if (strcmp(str_base(real), fronts[i]) == 0)
			return "a front-end, not a compiler";
	return is_script(compiler) ? "a script, not a compiler" : NULL;
}

static int measure(const struct options *o, struct toolchain *ret)
{
	_cleanup_free_ char *made = NULL;
	run_hear_signals();
	int err = fs_make_private_dir(fs_runtime_parent(), "farmprobe-", &made);
	if (err)
		return err;
	_cleanup_free_ char *dir = realpath(made, NULL); /* as it enters debug information */
	const struct run_place place = {dir, o->cores};
	struct cache_parts parts = {0};
	if (o->cache_dir)
		cache_find_parts(o->compiler, &place, &parts);
	struct toolchain t;
	err = dir ? measure_toolchain(o->compiler, &place, &t) : -ENOMEM;
	if (!err && o->cache_dir)
		cache_store(o->cache_dir, &parts, &t);
	cache_parts_fini(&parts);
	fs_remove_tree(made);
	if (!err)
		*ret = t;
	return err;
}

int main(int argc, char **argv)
{
	log_init("farmprobe", LOG_INFO);
	struct options o;
	if (!parse_options(argc, argv, &o)) {
		log_error("usage: farmprobe [--cache DIR] [--cores N] COMPILER");
		return 1;
	}
	const char *why = refusal(o.compiler);
	if (why) {
		log_error("%s: %s", o.compiler, why);
		return 1;
	}
	struct toolchain t;
	if (!o.cache_dir || !cache_load(o.cache_dir, o.compiler, &t)) {
		int err = measure(&o, &t);
		if (err) {
			log_error("%s: %s", o.compiler, err_str(err));
			return err == ERR_TIMEOUT ? 2 : 1;
		}
	}
	char text[TOOLCHAIN_TEXT_MAX];
	toolchain_format(&t, false, text, sizeof text);
	return fputs(text, stdout) < 0 || fflush(stdout) != 0;
}
