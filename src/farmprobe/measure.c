/* measure - two batches of runs: what the compiler says of itself, and what it makes of the
 * canaries.
 *
 * Failure modes: no C object comes out, or the macros are neither gcc's nor clang's (ERR_COMPILER);
 * it hangs (ERR_TIMEOUT). A compiler without C++ is fine. */
#include "measure.h"

#include "normal.h"
#include "processor.h"

#include "base/err.h"
#include "base/fs.h"
#include "core/canary.h"
#include "io/digest.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OBJECT_BYTES_MAX = 4 << 20 };

/* What the compiler says of itself; clang knows only the first four, and the last two. */
enum say {
	SAY_MACROS,
	SAY_CXX_MACROS,
	SAY_MACHINE,
	SAY_VERSION,
	SAY_SPECS,
	SAY_COMMON,
	SAY_TARGET,
	SAY_OPTIMIZERS,
	SAY_CXX_OPTIMIZERS,
	SAY_NATIVE,
	SAY_NATIVE_32,
	SAY_COUNT
};

enum { SAY_WORDS_MAX = 7 };
static const char *const say_words[SAY_COUNT][SAY_WORDS_MAX] = {
	[SAY_MACROS] = {"-dM", "-E", "-xc", "/dev/null"},
	[SAY_CXX_MACROS] = {"-dM", "-E", "-xc++", "/dev/null"},
	[SAY_MACHINE] = {"-dumpmachine"},
	[SAY_VERSION] = {"-dumpfullversion"},
	[SAY_SPECS] = {"-dumpspecs"},
	[SAY_COMMON] = {"-Q", "--help=common", "-xc", "/dev/null"},
	[SAY_TARGET] = {"-Q", "--help=target", "-xc", "/dev/null"},
	[SAY_OPTIMIZERS] = {"-Q", "--help=optimizers", "-xc", "/dev/null"},
	[SAY_CXX_OPTIMIZERS] = {"-Q", "--help=optimizers", "-xc++", "/dev/null"},
	[SAY_NATIVE] = {"-###", "-m64", "-march=native", "-mtune=native", "-fsyntax-only", "-xc",
		"-"},
	[SAY_NATIVE_32] = {"-###", "-m32", "-march=native", "-mtune=native", "-fsyntax-only", "-xc",
		"-"},
};

/* How each canary is compiled: first C, then C++, and then what needs no more than the source (core/distcc.h). */
enum {
	CANARY_C_ROWS = 4,
	CANARY_CXX_ROWS = 8,
	CANARY_BARE = 8,
	CANARY_BARE_CXX = 9,
	CANARY_ROWS = 10
};
static const char *const canary_words[CANARY_ROWS][6] = {
	{"-S", "-O2", "-g", "-std=gnu11", "-xc", "canary.c"},
	{"-c", "-O2", "-g", "-std=gnu11", "-xc", "canary.c"},
	{"-S", "-O1", "-fPIC", "-std=gnu11", "-xc", "canary.c"},
	{"-c", "-O1", "-fPIC", "-std=gnu11", "-xc", "canary.c"},
	{"-S", "-O2", "-g", "-std=gnu++14", "-xc++", "canary.cc"},
	{"-c", "-O2", "-g", "-std=gnu++14", "-xc++", "canary.cc"},
	{"-S", "-O1", "-fPIC", "-std=gnu++14", "-xc++", "canary.cc"},
	{"-c", "-O1", "-fPIC", "-std=gnu++14", "-xc++", "canary.cc"},
	[CANARY_BARE] = {"-c", "-O2", "-g0", "-std=gnu11", "-xc", "canary.c"},
	[CANARY_BARE_CXX] = {"-c", "-O2", "-g0", "-std=gnu++14", "-xc++", "canary.cc"},
};

static const char *text_of(struct run *r)
{
	wr_u8(&r->out, 0);
	return r->out.err ? "" : (const char *)r->out.data;
}

static void hex_digest(const void *data, size_t n, char *out)
{
	uint8_t raw[DIGEST_BYTES];
	digest_sha256(data, n, raw);
	str_hex(raw, sizeof raw, out);
}

/* The first word of text, if it fits. */
static bool take_word(const char *text, char *out, size_t out_size)
{
	size_t n = strcspn(text, " \t\n");
	if (n == 0 || n >= out_size)
		return false;
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

static bool read_identity(struct run *said, struct toolchain *t)
{
	const char *macros = text_of(&said[SAY_MACROS]);
	char version[TOOLCHAIN_TEXT_MAX];
	if (!said[SAY_MACROS].ok || !said[SAY_MACHINE].ok)
		return false;
	bool clang = normal_find_macro(macros, "__clang_version__", version, sizeof version);
	if (!clang && !normal_find_macro(macros, "__GNUC__", version, sizeof version))
		return false;
	if (!clang && !said[SAY_VERSION].ok)
		return false;
	snprintf(t->kind, sizeof t->kind, "%s", clang ? "clang" : "gcc");
	return take_word(text_of(&said[SAY_MACHINE]), t->target, sizeof t->target) &&
	       take_word(clang ? version : text_of(&said[SAY_VERSION]), t->version,
		       sizeof t->version);
}

static bool digest_defaults(struct run *said, bool clang, struct toolchain *t)
{
	struct buf all;
	buf_init(&all, 4 * RUN_OUTPUT_BYTES_MAX);
	if (!clang) {
		normal_specs(text_of(&said[SAY_SPECS]), &all);
		hex_digest(all.data, all.len, t->specs);
		buf_clear(&all);
	}
	normal_macros(text_of(&said[SAY_MACROS]), &all);
	for (enum say i = SAY_COMMON; !clang && i <= SAY_OPTIMIZERS; i++)
		normal_help(text_of(&said[i]), &all);
	hex_digest(all.data, all.len, t->defaults);
	bool ok = !all.err;
	buf_fini(&all);
	for (enum say i = SAY_SPECS; !clang && i <= SAY_OPTIMIZERS; i++)
		ok = ok && said[i].ok;
	return ok;
}

static int ask(const char *compiler, const struct run_place *place, struct run *said)
{
	for (size_t i = 0; i < SAY_COUNT; i++) {
		const char *const *w = say_words[i];
		run_init(&said[i], compiler, w[0], w[1], w[2], w[3], w[4], w[5], w[6], NULL);
		said[i].by_stderr = strcmp(w[0], "-###") == 0;
	}
	return run_all(said, SAY_COUNT, place);
}

static int compile_canaries(const char *compiler, const struct run_place *place, struct run *runs)
{
	_cleanup_free_ char *map = xasprintf("-fdebug-prefix-map=%s=/canary", place->dir);
	for (size_t i = 0; i < CANARY_ROWS; i++) {
		const char *const *w = canary_words[i];
		char name[8];
		snprintf(name, sizeof name, "%zu", i);
		run_init(&runs[i], compiler, w[0], w[1], w[2], w[3], map, w[4], w[5], "-o", name,
			NULL);
	}
	return run_all(runs, CANARY_ROWS, place);
}

/* Adds the outputs of rows [from, to) to the digest; false when one is missing. */
static bool digest_outputs(
	struct digest *d, const struct run *runs, const char *dir, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%zu", dir, i);
		_cleanup_free_ char *data = NULL;
		size_t n = 0;
		if (!runs[i].ok || fs_read_file(path, OBJECT_BYTES_MAX, &data, &n) < 0)
			return false;
		digest_update_file(d, data, n);
	}
	return true;
}

static bool finish_digest(struct digest *d, bool ok, char *out)
{
	uint8_t raw[DIGEST_BYTES];
	digest_final(d, raw);
	digest_destroy(d);
	if (ok)
		str_hex(raw, sizeof raw, out);
	return ok;
}

static bool digest_c(const struct run *runs, const char *dir, struct toolchain *t)
{
	struct digest *d = digest_create();
	return finish_digest(d, digest_outputs(d, runs, dir, 0, CANARY_C_ROWS), t->canary);
}

/* What C++ adds: its own defaults and canaries. */
static bool digest_cxx(
	struct run *said, const struct run *runs, const char *dir, struct toolchain *t)
{
	struct buf all;
	buf_init(&all, 4 * RUN_OUTPUT_BYTES_MAX);
	normal_macros(text_of(&said[SAY_CXX_MACROS]), &all);
	if (said[SAY_CXX_OPTIMIZERS].ok)
		normal_help(text_of(&said[SAY_CXX_OPTIMIZERS]), &all);
	struct digest *d = digest_create();
	digest_update(d, all.data, all.len);
	bool ok = said[SAY_CXX_MACROS].ok && !all.err;
	buf_fini(&all);
	ok = ok && digest_outputs(d, runs, dir, CANARY_C_ROWS, CANARY_CXX_ROWS);
	return finish_digest(d, ok, t->cxx);
}

static bool digest_bare(const struct run *runs, const char *dir, size_t row, char *out)
{
	struct digest *d = digest_create();
	return finish_digest(d, digest_outputs(d, runs, dir, row, row + 1), out);
}

static int write_canaries(const char *dir)
{
	_cleanup_free_ char *c = xasprintf("%s/canary.c", dir);
	_cleanup_free_ char *cxx = xasprintf("%s/canary.cc", dir);
	int err = fs_write_atomic(c, canary_c, strlen(canary_c), 0600);
	return err ? err : fs_write_atomic(cxx, canary_cxx, strlen(canary_cxx), 0600);
}

void measure_id(const struct toolchain *t, uint8_t out[TOOLCHAIN_ID_BYTES])
{
	char text[TOOLCHAIN_TEXT_MAX];
	toolchain_format(t, true, text, sizeof text);
	digest_sha256(text, strlen(text), out);
}

/* The driver's own part in "native": the rest of a compile is what the first id is about. */
static void digest_native(struct run *said, struct toolchain *t)
{
	uint8_t unused[DIGEST_BYTES];
	struct buf all;
	buf_init(&all, 4 * RUN_OUTPUT_BYTES_MAX);
	wr_raw(&all, t->id, sizeof t->id);
	bool ok = processor_digest(unused);
	for (enum say i = SAY_NATIVE; i <= SAY_NATIVE_32; i++)
		ok = ok && said[i].ok && normal_commands(text_of(&said[i]), &all);
	if (ok && !all.err)
		hex_digest(all.data, all.len, t->native);
	buf_fini(&all);
}

int measure_toolchain(const char *compiler, const struct run_place *place, struct toolchain *ret)
{
	struct run said[SAY_COUNT], runs[CANARY_ROWS] = {0};
	struct toolchain t = {.specs = "-", .cxx = "-", .bare_cxx = "-", .native = "-"};
	int err = ask(compiler, place, said);
	if (!err && !read_identity(said, &t))
		err = ERR_COMPILER;
	if (!err)
		err = write_canaries(place->dir);
	if (!err)
		err = compile_canaries(compiler, place, runs);
	if (!err) {
		digest_cxx(said, runs, place->dir, &t);
		digest_bare(runs, place->dir, CANARY_BARE_CXX, t.bare_cxx);
		if (!digest_defaults(said, strcmp(t.kind, "clang") == 0, &t) ||
			!digest_c(runs, place->dir, &t) ||
			!digest_bare(runs, place->dir, CANARY_BARE, t.bare))
			err = ERR_COMPILER;
	}
	if (!err) {
		measure_id(&t, t.id);
		digest_native(said, &t);
	}
	for (size_t i = 0; i < SAY_COUNT; i++)
		run_fini(&said[i]);
	for (size_t i = 0; i < CANARY_ROWS; i++)
		run_fini(&runs[i]);
	if (!err)
		*ret = t;
	return err;
}

char *measure_find_program(const char *compiler, const char *name, const struct run_place *place)
{
	static const char *const path[] = {"/usr/bin", "/bin"}; /* as run_all() sets it */
	_cleanup_free_ char *option = xasprintf("-print-prog-name=%s", name);
	struct run r;
	run_init(&r, compiler, option, NULL);
	char *found = NULL;
	if (run_all(&r, 1, place) == 0 && r.ok) {
		const char *text = text_of(&r);
		found = xstrndup(text, strcspn(text, "\n"));
	}
	run_fini(&r);
	for (size_t i = 0; found && found[0] != '/' && i < 2; i++) {
		char *full = xasprintf("%s/%s", path[i], name);
		if (fs_is_executable(full)) {
			free(found);
			return full;
		}
		free(full);
	}
	if (found && found[0] == '/')
		return found;
	free(found);
	return NULL;
}
