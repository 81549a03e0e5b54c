#include "dirs.h"

#include "base/err.h"
#include "base/fs.h"
#include "child.h"
#include "core/incdirs.h"
#include "find.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MACROS_BYTES_MAX = 1 << 20 };

/* The user's directories would be among the compiler's own, and its words in another language. */
static void clean_environment(struct strv *ret)
{
	static const char *const names[] = {"CPATH=", "C_INCLUDE_PATH=", "CPLUS_INCLUDE_PATH=",
		"OBJC_INCLUDE_PATH=", "LC_ALL="};
	char **env = find_environment();
	for (size_t i = 0; env[i]; i++) {
		bool drop = false;
		for (size_t k = 0; k < sizeof names / sizeof *names; k++)
			drop = drop || str_starts(env[i], names[k]);
		if (!drop)
			strv_push(ret, env[i]);
	}
	strv_push(ret, "LC_ALL=C");
}

static void build_command(const struct cc *cc, const struct strv *probe, struct strv *ret)
{
	strv_push(ret, cc->argv[0]);
	for (size_t i = 0; i < probe->n; i++)
		strv_push(ret, probe->v[i]);
	/* else -mcmodel=kernel is an error where position independent code is the default */
	strv_push(ret, "-fno-pie");
	strv_push(ret, "-v");
	strv_push(ret, "-E");
	strv_push(ret, "-dM");
	strv_push(ret, "-x");
	strv_push(ret, cc->args.lang == LANG_CXX ? "c++" : "c");
	strv_push(ret, "/dev/null");
}

static int run(struct cc *cc, const struct strv *probe, const int fds[2])
{
	struct strv argv = {0}, env = {0};
	clean_environment(&env);
	build_command(cc, probe, &argv);
	int err = child_ask(cc->compiler, argv.v, env.v, fds);
	strv_fini(&argv);
	strv_fini(&env);
	return err;
}

/* The whole of a file in memory, as a text; NULL when it is too long. */
static char *read_text(int fd, size_t max_bytes)
{
	off_t n = lseek(fd, 0, SEEK_END);
	if (n < 0 || (size_t)n > max_bytes)
		return NULL;
	char *text = xmalloc((size_t)n + 1);
	bool whole = pread(fd, text, (size_t)n, 0) == n;
	text[whole ? n : 0] = '\0';
	return text;
}

/* Of "#define NAME …" lines those whose names a program may use for its own: others begin with an
 * underscore. */
static void list_macros(const char *text, struct strv *ret)
{
	static const char define[] = "#define ";
	for (const char *p = text; p && *p && ret->n < JOB_MACROS_MAX; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (!str_starts(p, define) || p[strlen(define)] == '_')
			continue;
		p += strlen(define);
		strv_push_take(ret, xstrndup(p, strcspn(p, " (\n")));
	}
}

int dirs_answer(struct cc *cc)
{
	_cleanup_close_ int out = memfd_create("macros", MFD_CLOEXEC);
	_cleanup_close_ int err = memfd_create("dirs", MFD_CLOEXEC);
	_cleanup_free_ char *said = NULL, *macros = NULL;
	struct incdirs_args args = {0};
	struct msg m = {.type = MSG_CC_DIRS};
	const int fds[2] = {out, err};
	const struct strv words = ccargs_words(&cc->args);
	bool fine = out >= 0 && err >= 0 && incdirs_parse(words.v, &args) == 0 &&
		    run(cc, &args.probe, fds) == 0;
	if (fine)
		said = read_text(err, JOB_DIRS_BYTES_MAX);
	if (said)
		macros = read_text(out, MACROS_BYTES_MAX);
	list_macros(macros, &m.cc_dirs.macros);
	m.cc_dirs.text = macros ? said : (char *)"";
	int sent = sock_send(cc->sock, &m);
	strv_fini(&m.cc_dirs.macros);
	incdirs_args_fini(&args);
	return sent;
}
