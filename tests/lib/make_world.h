/* make_world - a real make in a jobserver_world. tests/io/with_makes.sh says which. */
#pragma once

#include "lib/jobserver_world.h"

#include <errno.h>
#include <fcntl.h>

enum { MAKE_CHILD_FDS = 16 };

/* A job that lasts until somebody creates the file "go", or one of its own name behind "go.". */
#define GATED_JOB                                                                                  \
	"@echo b $@ >> $(LOG)/log; until [ -e $(LOG)/go ] || [ -e $(LOG)/go.$@ ]; do sleep 0.01; " \
	"done; echo e $@ >> $(LOG)/log\n"

/* A make of this style: the one on PATH, or one of $FARMMAKE_TEST_MAKES (names with ':' between). */
static inline char *world_find_make(enum make_style style)
{
	const char *more = getenv("FARMMAKE_TEST_MAKES");
	_cleanup_free_ char *names = xasprintf("make:%s", more ? more : "");
	char *rest = NULL;
	for (char *name = strtok_r(names, ":", &rest); name; name = strtok_r(NULL, ":", &rest)) {
		enum make_style found;
		char version[32];
		if (jobserver_probe_make(name, &found, version) == 0 && found == style)
			return xstrdup(name);
	}
	return NULL;
}

typedef void (*scenario_fn)(struct world *w, const char *program, enum make_style style);

static inline void scenario_play(scenario_fn play)
{
	const char *named = getenv("FARMMAKE_TEST_MAKE"), *told = getenv("FARMMAKE_TEST_STYLE");
	const char *program = named ? named : "make";
	enum make_style style;
	char version[32];
	cr_assert_eq(jobserver_probe_make(program, &style, version), 0);
	if (told && strcmp(told, "fds") == 0)
		style = MAKE_FDS;
	struct world w;
	world_init(&w);
	play(&w, program, style);
	if (w.js)
		cr_expect_eq(jobserver_ledger(w.js)->surplus, 0);
	world_fini(&w);
}

/* A story with the make that the test is run for. */
#define SCENARIO(name)                                                                             \
	static void name(struct world *w, const char *program, enum make_style style);             \
	Test(make, name)                                                                           \
	{                                                                                          \
		scenario_play(name);                                                               \
	}                                                                                          \
	static void name(struct world *w, const char *program, enum make_style style)

static inline void world_make_exited(uv_process_t *process, int64_t status, int signal)
{
	struct world *w = process->data;
	w->ended = true;
	w->status = status;
	w->signal = signal;
	uv_close((uv_handle_t *)process, NULL);
}

static inline char **world_env(const struct world *w, struct strv *env)
{
	for (char **e = environ; *e; e++)
		if (!str_starts(*e, "MAKE") && !str_starts(*e, "MFLAGS="))
			strv_push(env, *e);
	strv_pushf(env, "LOG=%s", w->dir);
	if (w->js) {
		_cleanup_free_ char *flags = jobserver_makeflags(w->js, NULL);
		strv_pushf(env, "MAKEFLAGS=%s", flags);
	}
	return env->v;
}

/* Starts program -f Makefile in the world's directory; its messages go to the file "messages". */
static inline void world_start(struct world *w, const char *program, const char *jobs)
{
	_cleanup_free_ char *path = xasprintf("%s/messages", w->dir);
	_cleanup_close_ int out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	cr_assert_geq(out, 0);
	uv_stdio_container_t stdio[MAKE_CHILD_FDS] = {0};
	for (int i = 1; i < 3; i++)
		stdio[i] = (uv_stdio_container_t){UV_INHERIT_FD, .data.fd = out};
	int r = -1, wr = -1, child_r, child_w;
	if (w->js)
		jobserver_fds(w->js, &r, &wr, &child_r, &child_w);
	if (r >= 0) {
		stdio[child_r] = (uv_stdio_container_t){UV_INHERIT_FD, .data.fd = r};
		stdio[child_w] = (uv_stdio_container_t){UV_INHERIT_FD, .data.fd = wr};
	}
	struct strv env = {0};
	char *args[] = {(char *)program, "-f", "Makefile", (char *)jobs, NULL};
	uv_process_options_t options = {.exit_cb = world_make_exited,
		.file = program,
		.args = args,
		.env = world_env(w, &env),
		.cwd = w->dir,
		.stdio_count = MAKE_CHILD_FDS,
		.stdio = stdio};
	w->make.data = w;
	cr_assert_eq(uv_spawn(&w->loop, &w->make, &options), 0);
	strv_fini(&env);
}

static inline void world_no_complaints(const struct world *w)
{
	static const char *const bad[] = {"forced", "unavailable", "INTERNAL", "internal error"};
	_cleanup_free_ char *text = world_read(w, "messages");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert(!strstr(text, bad[i]), "make said: %s", text);
}

static inline void world_go(const struct world *w, const char *job)
{
	_cleanup_free_ char *name = job ? xasprintf("go.%s", job) : xstrdup("go");
	world_write(w, name, "");
}

/* Every job may end, and make does. */
static inline void world_finish(struct world *w, unsigned jobs)
{
	world_go(w, NULL);
	world_until(w, w->ended);
	cr_assert(w->status == 0 && w->signal == 0, "status %d", (int)w->status);
	cr_assert_eq(world_count(w, 'e'), jobs);
	world_no_complaints(w);
}
