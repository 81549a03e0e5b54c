/* A node in a child process: nothing is in the view's directories but what it says. */
#include "inputs_test.h"

#include "base/clock.h"
#include "base/fs.h"
#include "core/incdirs.h"
#include "core/lz.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_BYTES_MAX = 256 << 20 };

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	_exit(125);
}

static void read_all(int fd, struct buf *ret)
{
	buf_init(ret, OUTPUT_BYTES_MAX);
	while (buf_reserve(ret, 65536) == 0) {
		ssize_t n = read(fd, ret->data + ret->len, 65536);
		if (n <= 0)
			break;
		ret->len += (size_t)n;
	}
	close(fd);
	wr_raw(ret, "", 1);
}

void outcome_fini(struct outcome *o)
{
	buf_fini(&o->out);
	buf_fini(&o->err);
}

/* prepare: in the child, before it becomes the command. */
static void run(char *const argv[], void (*prepare)(void *ctx), void *ctx, struct outcome *ret)
{
	FILE *err = tmpfile();
	int ends[2];
	if (!err || pipe2(ends, O_CLOEXEC) < 0)
		die("pipe");
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);
		dup2(null, 0);
		dup2(ends[1], 1);
		dup2(fileno(err), 2);
		prepare(ctx);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	close(ends[1]);
	read_all(ends[0], &ret->out);
	waitpid(pid, &ret->status, 0);
	lseek(fileno(err), 0, SEEK_SET);
	read_all(dup(fileno(err)), &ret->err);
	fclose(err);
}

static void enter(void *ctx)
{
	const struct compile *c = ctx;
	if (chdir(c->cwd) < 0)
		die(c->cwd);
}

void run_here(const struct compile *c, struct outcome *ret)
{
	struct strv argv = {0};
	for (size_t i = 0; i < c->words.n; i++) {
		bool has_value =
			strcmp(c->words.v[i], "-o") == 0 || strcmp(c->words.v[i], "-MF") == 0 ||
			strcmp(c->words.v[i], "-MT") == 0 || strcmp(c->words.v[i], "-MQ") == 0;
		if (has_value)
			i++;
		else if (strcmp(c->words.v[i], "-c") != 0 && !str_starts(c->words.v[i], "-M") &&
			 !str_starts(c->words.v[i], "-Wp,-M"))
			strv_push(&argv, c->words.v[i]);
	}
	strv_push(&argv, "-E");
	run(argv.v, enter, (void *)(uintptr_t)c, ret);
	strv_fini(&argv);
}

struct showing {
	const struct asker *asker;
	const struct compile *compile;
	const uint32_t *entries;
	size_t count;
};

static void write_map(const char *path, unsigned id)
{
	_cleanup_free_ char *line = xasprintf("%u %u 1", id, id);
	_cleanup_close_ int fd = open(path, O_WRONLY);
	if (fd < 0 || fs_write_all(fd, line, strlen(line)) < 0)
		die(path);
}

static void make_private(void)
{
	unsigned uid = geteuid(), gid = getegid();
	if (unshare(CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0)) < 0)
		die("unshare");
	if (uid) {
		_cleanup_close_ int fd = open("/proc/self/setgroups", O_WRONLY);
		if (fd >= 0)
			fs_write_all(fd, "deny", 4);
		write_map("/proc/self/uid_map", uid);
		write_map("/proc/self/gid_map", gid);
	}
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("mount");
}

static void empty(const char *dir)
{
	if (fs_mkdirs(dir, 0755) < 0 || mount("none", dir, "tmpfs", 0, "mode=755") < 0)
		die(dir);
}

static void make_parents(const char *path)
{
	_cleanup_free_ char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	if (*dir && fs_mkdirs(dir, 0755) < 0)
		die(dir);
}

static void show_file(const struct view_entry *e, const struct buf *content)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)e->mtime_s}};
	make_parents(e->path);
	_cleanup_close_ int fd = open(e->path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0 && errno == EEXIST)
		return; /* outside of all that is whole: it is this machine's own */
	if (fd < 0 || fs_write_all(fd, content->data, content->len) < 0 || futimens(fd, times) < 0)
		die(e->path);
}

static void show(const struct view_entry *e, const struct buf *content)
{
	switch (e->kind) {
	case VIEW_WHOLE: break;
	case VIEW_PLACE:
		if (fs_mkdirs(e->path, 0755) < 0)
			die(e->path);
		break;
	case VIEW_FILE: show_file(e, content); break;
	case VIEW_LINK:
		make_parents(e->path);
		if (symlink(e->target, e->path) < 0 && errno != EEXIST)
			die(e->path);
		break;
	case VIEW_NOTHING:
		if (access(e->path, F_OK) == 0) {
			errno = EEXIST;
			die(e->path);
		}
		break;
	case VIEW_KIND_COUNT: break;
	}
}

static void show_all(void *ctx)
{
	const struct showing *s = ctx;
	const struct asker *a = s->asker;
	make_private();
	if (a->hidden)
		empty(a->hidden);
	/* the uppermost first: their names are shorter */
	for (size_t length = 1, left = s->count; left; length++) {
		for (size_t i = left = 0; i < s->count; i++) {
			const struct view_entry *e = inputs_entry(a->in, s->entries[i]);
			if (e->kind == VIEW_WHOLE && strlen(e->path) == length)
				empty(e->path);
			left += e->kind == VIEW_WHOLE && strlen(e->path) > length;
		}
	}
	for (size_t i = 0; i < s->count; i++)
		show(inputs_entry(a->in, s->entries[i]), &a->contents.v[s->entries[i]]);
	enter((void *)(uintptr_t)s->compile);
}

struct loading {
	struct asker *asker;
	uint32_t entry;
};

static void on_content(void *ctx, const struct chunks *content)
{
	struct loading *l = ctx;
	struct buf *to = &l->asker->contents.v[l->entry];
	struct msg m;
	buf_init(to, VIEW_CONTENT_BYTES_MAX + 1);
	for (size_t at = 0; content && chunks_next(content, &at, &m);)
		if (lz_unpack(&m, to) < 0)
			die("lz_unpack");
	if (!content)
		fprintf(stderr, "%s has changed\n", inputs_entry(l->asker->in, l->entry)->path);
	buf_reserve(to, 1);
	free(l);
}

static void load_all(struct asker *a)
{
	for (size_t i = 0; i < a->shown.n; i++) {
		uint32_t entry = a->shown.v[i];
		while (a->contents.n <= entry)
			vec_push(&a->contents, (struct buf){0});
		if (a->contents.v[entry].data || inputs_entry(a->in, entry)->kind != VIEW_FILE)
			continue;
		struct loading *l = xmalloc(sizeof *l);
		*l = (struct loading){a, entry};
		inputs_load(a->in, entry, on_content, l);
	}
	uv_run(&a->loop, UV_RUN_DEFAULT);
}

void run_in_view(struct asker *a, const struct compile *c, struct outcome *ret)
{
	struct strv argv = {0};
	strv_push(&argv, c->words.v[0]);
	for (size_t i = 0; i < c->args.flags.n; i++)
		strv_push(&argv, c->args.flags.v[i]);
	for (size_t i = 0; i < a->answer.flags.n; i++)
		strv_push(&argv, a->answer.flags.v[i]);
	strv_push(&argv, "-E");
	strv_push(&argv, c->args.source);
	load_all(a);
	struct showing s = {a, c, a->answer.entries, a->answer.count};
	if (a->compared++ % 2) /* a node may show what other jobs of the view read, or not */
		s = (struct showing){a, c, a->shown.v, a->shown.n};
	run(argv.v, show_all, &s, ret);
	strv_fini(&argv);
}

/* What -isystem names counts as not written for C++, whose own directories do; a marker says so by a 4. No
 * compiler for Linux makes anything of it. */
static void drop_fours(struct buf *out)
{
	static const char mark[] = " 4\n";
	char *to = (char *)out->data, *end = to + out->len;
	for (char *at = to, *next; at < end; at = next) {
		next = memchr(at, '\n', (size_t)(end - at));
		next = next ? next + 1 : end;
		size_t n = (size_t)(next - at);
		bool marked = *at == '#' && n > 3 && memcmp(next - 3, mark, 3) == 0;
		memmove(to, at, n);
		to += n;
		if (marked) {
			to -= 2;
			to[-1] = '\n';
		}
	}
	out->len = (size_t)(to - (char *)out->data);
}

static bool is_same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

bool same_in_view(struct asker *a, const struct compile *c)
{
	struct outcome here, there;
	run_here(c, &here);
	run_in_view(a, c, &there);
	if (c->args.lang == LANG_CXX) {
		drop_fours(&here.out);
		drop_fours(&there.out);
	}
	bool same = here.status == there.status && is_same(&here.out, &there.out) &&
		    is_same(&here.err, &there.err);
	if (!same) {
		printf("DIFFERS: %s in %s: status %x and %x\n%s---\n%s", c->args.source, c->cwd,
			(unsigned)here.status, (unsigned)there.status, (char *)here.err.data,
			(char *)there.err.data);
		for (size_t i = 0; i < a->answer.flags.n; i++)
			printf("%s\n", a->answer.flags.v[i]);
	}
	a->good += here.status == 0;
	outcome_fini(&here);
	outcome_fini(&there);
	return same;
}

static void on_answer(void *ctx, struct inputs_answer *answer)
{
	struct asker *a = ctx;
	free(a->answer.reason);
	free(a->answer.entries);
	strv_fini(&a->answer.flags);
	a->answer = *answer;
	*answer = (struct inputs_answer){0};
}

static void leave_alone(void *ctx)
{
	(void)ctx;
	unsetenv("CPATH");
	unsetenv("C_INCLUDE_PATH");
	unsetenv("CPLUS_INCLUDE_PATH");
}

/* "#define NAME …" */
static void parse_macros(char *said, struct strv *ret)
{
	for (char *line = strtok(said, "\n"); line; line = strtok(NULL, "\n"))
		if (str_starts(line, "#define ") && line[8] != '_')
			strv_push_take(ret, xstrndup(line + 8, strcspn(line + 8, " (")));
}

static void learn(struct asker *a, const struct inputs_order *order)
{
	struct incdirs_args dirs;
	struct strv argv = {0}, macros = {0};
	struct outcome said;
	static const char *const words[] = {"-v", "-E", "-dM", "-x"};
	strv_push(&argv, order->compiler);
	if (incdirs_parse(order->words->v, &dirs) == 0)
		for (size_t i = 0; i < dirs.probe.n; i++)
			strv_push(&argv, dirs.probe.v[i]);
	incdirs_args_fini(&dirs);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		strv_push(&argv, words[i]);
	strv_push(&argv, order->lang == LANG_CXX ? "c++" : "c");
	strv_push(&argv, "/dev/null");
	run(argv.v, leave_alone, NULL, &said);
	parse_macros((char *)said.out.data, &macros);
	inputs_learn_dirs(a->in, order, (char *)said.err.data, &macros);
	outcome_fini(&said);
	strv_fini(&macros);
	strv_fini(&argv);
}

static char *find_program(const char *name)
{
	if (name[0] == '/')
		return xstrdup(name);
	_cleanup_free_ char *path = xstrdup(getenv("PATH"));
	for (char *dir = strtok(path, ":"); dir; dir = strtok(NULL, ":")) {
		char *full = xasprintf("%s/%s", dir, name);
		if (fs_is_executable(full))
			return full;
		free(full);
	}
	return xstrdup("/nonexistent");
}

/* Of all threads; what others do on this machine makes little difference to it. */
static uint64_t cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t ask_once(struct asker *a, const struct inputs_order *order)
{
	uint64_t start = clock_now_us(), cpu = cpu_us();
	inputs_ask(a->in, order, on_answer, a);
	uv_run(&a->loop, UV_RUN_DEFAULT);
	a->cpu_us = cpu_us() - cpu;
	return clock_now_us() - start;
}

/* In one view no path is said to be two things. */
static void add_shown(struct asker *a)
{
	if (a->view != a->answer.view)
		a->shown.n = 0;
	a->view = a->answer.view;
	for (size_t i = 0; i < a->answer.count; i++) {
		const struct view_entry *e = inputs_entry(a->in, a->answer.entries[i]);
		bool is_new = true;
		for (size_t k = 0; k < a->shown.n && is_new; k++) {
			is_new = a->shown.v[k] != a->answer.entries[i];
			if (is_new &&
				strcmp(inputs_entry(a->in, a->shown.v[k])->path, e->path) == 0) {
				printf("CONTRADICTS: %s in view %u\n", e->path, a->view);
				exit(EXIT_FAILURE);
			}
		}
		if (is_new)
			vec_push(&a->shown, a->answer.entries[i]);
	}
}

uint64_t asker_ask(struct asker *a, const struct compile *c)
{
	_cleanup_free_ char *compiler = find_program(c->words.v[0]);
	struct strv words = {.v = c->words.v + 1, .n = c->words.n - 1};
	bool is_cxx = c->args.lang == LANG_CXX;
	const char *cpath = getenv("CPATH");
	const char *lang_path = getenv(is_cxx ? "CPLUS_INCLUDE_PATH" : "C_INCLUDE_PATH");
	struct inputs_order order = {.compiler = compiler,
		.lang = c->args.lang,
		.cwd = c->cwd,
		.source = c->args.source,
		.words = &words,
		.cpath = cpath ? cpath : "",
		.lang_path = lang_path ? lang_path : ""};
	uint64_t us = ask_once(a, &order);
	if (a->answer.outcome == INPUTS_DIRS) {
		learn(a, &order);
		us = ask_once(a, &order);
	}
	if (a->answer.outcome == INPUTS_VIEW)
		add_shown(a);
	return us;
}

void asker_init(struct asker *a, const char *hidden)
{
	*a = (struct asker){0};
	uv_loop_init(&a->loop);
	a->in = inputs_create(&a->loop);
	a->hidden = hidden ? realpath(hidden, NULL) : NULL;
}

static void on_closed(void *ctx)
{
	(void)ctx;
}

void asker_fini(struct asker *a)
{
	inputs_close(a->in, on_closed, NULL);
	uv_run(&a->loop, UV_RUN_DEFAULT);
	uv_loop_close(&a->loop);
	for (size_t i = 0; i < a->contents.n; i++)
		buf_fini(&a->contents.v[i]);
	vec_fini(&a->contents);
	vec_fini(&a->shown);
	free(a->answer.reason);
	free(a->answer.entries);
	strv_fini(&a->answer.flags);
	free(a->hidden);
}
