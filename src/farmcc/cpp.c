/* A pattern is a file of words with a NUL behind each; an empty one says that there is none. */
#include "cpp.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/hash.h"
#include "child.h"
#include "core/driver.h"
#include "find.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATTERN_BYTES_MAX = 1 << 20 };

static const char long_names[] = "-fno-canonical-system-headers";

/* Not a script, which may do anything with what it is given. */
static bool is_program(const char *path)
{
	char magic[4] = "";
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, magic, sizeof magic) == sizeof magic &&
	       memcmp(magic, "\177ELF", sizeof magic) == 0;
}

/* What decides how the driver treats a command of this shape. */
static uint64_t key_of(const struct cc *cc, const struct driver_shape *s)
{
	static const char *const variables[] = {"GCC_EXEC_PREFIX", "COMPILER_PATH", "GCC_SPECS"};
	struct stat st;
	char file[96];
	if (stat(cc->compiler, &st) < 0)
		return 0;
	snprintf(file, sizeof file, "%jx.%jx.%jx.%jx.%lx\n", (uintmax_t)st.st_dev,
		(uintmax_t)st.st_ino, (uintmax_t)st.st_size, (uintmax_t)st.st_mtim.tv_sec,
		(unsigned long)st.st_mtim.tv_nsec);
	uint64_t h = hash_text(hash_basis, file);
	h = hash_text(hash_text(h, cc->argv[0]), "\n");
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		const char *value = getenv(variables[i]);
		h = hash_text(hash_text(h, value ? value : ""), "\n");
	}
	for (size_t i = 0; i < s->words.n; i++)
		h = hash_text(hash_text(h, s->words.v[i]), "\n");
	return h;
}

/* What the driver says that it would run. */
static int ask(struct cc *cc, const struct strv *words, struct strv *ret)
{
	_cleanup_close_ int said = memfd_create("driver", MFD_CLOEXEC);
	if (said < 0)
		return ERR_COMPILER;
	struct strv argv = {0};
	strv_push(&argv, cc->argv[0]);
	strv_push(&argv, "-###");
	strv_push(&argv, long_names);
	for (size_t i = 0; i < words->n; i++)
		strv_push(&argv, words->v[i]);
	const int fds[2] = {-1, said};
	int err = child_ask(cc->compiler, argv.v, find_environment(), fds);
	strv_fini(&argv);
	if (err)
		return ERR_COMPILER;
	char text[PATTERN_BYTES_MAX / 16];
	ssize_t n = pread(said, text, sizeof text - 1, 0);
	if (n < 0 || n == sizeof text - 1)
		return ERR_COMPILER;
	text[n] = '\0';
	return driver_parse(text, cc->argv[0], ret);
}

static bool same(const struct strv *a, const struct strv *b)
{
	bool equal = a->n == b->n;
	for (size_t i = 0; equal && i < a->n; i++)
		equal = strcmp(a->v[i], b->v[i]) == 0;
	return equal;
}

/* The parts of gcc that preprocess. clang starts nothing. */
static bool is_preprocessor(const struct strv *command)
{
	const char *name = command->n ? str_base(command->v[0]) : "";
	return strcmp(name, "cc1") == 0 || strcmp(name, "cc1plus") == 0;
}

/* Asks twice, with marks and without, and believes what fits together. Empty: there is no pattern. */
static void learn(struct cc *cc, const struct driver_shape *s, struct strv *ret_pattern)
{
	struct strv pattern = {0}, filled = {0}, real = {0};
	if (is_program(cc->compiler) && ask(cc, &s->words, &pattern) == 0 &&
		ask(cc, &cc->args.cpp, &real) == 0)
		driver_fill(&pattern, s, &filled);
	if (is_preprocessor(&real) && same(&filled, &real)) {
		*ret_pattern = pattern;
		pattern = (struct strv){0};
	}
	strv_fini(&pattern);
	strv_fini(&filled);
	strv_fini(&real);
}

static void keep(const char *path, const struct strv *pattern)
{
	struct buf text;
	buf_init(&text, PATTERN_BYTES_MAX);
	int err = 0;
	for (size_t i = 0; !err && i < pattern->n; i++)
		err = buf_append(&text, pattern->v[i], strlen(pattern->v[i]) + 1);
	if (!err)
		fs_write_atomic(path, text.data, text.len, 0600);
	buf_fini(&text);
}

static int recall(const char *path, struct strv *ret_pattern)
{
	char *text;
	size_t n;
	int err = fs_read_file(path, PATTERN_BYTES_MAX, &text, &n);
	if (err)
		return err;
	for (const char *p = text; p < text + n; p += strlen(p) + 1)
		strv_push(ret_pattern, p);
	free(text);
	return 0;
}

static char *short_names_path(const char *dir)
{
	return xasprintf("%sshort-names", dir);
}

/* The command without the option that was put in. */
static void drop(struct strv *command, const char *option)
{
	for (size_t i = 0; i < command->n; i++) {
		if (strcmp(command->v[i], option) != 0)
			continue;
		free(command->v[i]);
		memmove(&command->v[i], &command->v[i + 1], (command->n - i) * sizeof *command->v);
		command->n--;
		return;
	}
}

bool cpp_command(struct cc *cc, const char *dir, struct strv *ret)
{
	struct driver_shape s;
	if (driver_shape_of(&cc->args.cpp, cc->args.source, &s) < 0)
		return false;
	struct strv pattern = {0};
	_cleanup_free_ char *path = xasprintf("%scpp-%016" PRIx64, dir, key_of(cc, &s));
	if (recall(path, &pattern) < 0) {
		learn(cc, &s, &pattern);
		keep(path, &pattern);
	}
	driver_fill(&pattern, &s, ret);
	_cleanup_free_ char *short_names = short_names_path(dir);
	if (access(short_names, F_OK) == 0)
		drop(ret, long_names);
	strv_fini(&pattern);
	driver_shape_fini(&s);
	return ret->n > 0;
}

void cpp_want_short_names(const char *dir)
{
	_cleanup_free_ char *path = short_names_path(dir);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	(void)fd; /* else the next compile finds out again */
}
