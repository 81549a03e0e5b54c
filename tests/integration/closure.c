/* closure -d COMPILER ARGUMENT...: where the command has its headers looked for, in the compiler's words.
 * closure RECORD...: for each compile in the records (see closure.sh), the set of files that core/closure
 * finds and the one that the compiler itself lists with -M. Fails when the compiler lists a file that is
 * not in a set. Says what sets cost, in files and in time, and which compiles have none, and why. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/vec.h"
#include "core/ccargs.h"
#include "core/closure.h"
#include "lib/deplist.h"
#include "record.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_BYTES_MAX = 64 << 20, FILE_BYTES_MAX = 64 << 20 };

/* One file that was read, whatever its names. */
struct content {
	dev_t device;
	ino_t inode;
	struct incscan *scan;
};

/* Relative names mean something in one working directory only. */
struct world {
	char *cwd;
	struct closure *closure;
};

struct compile {
	char *cwd;
	struct strv words; /* the compiler first */
	struct ccargs args;
	struct world *world;
	struct incdirs_args dirs;
	unsigned chain;
	struct strv deps; /* as the compiler lists them */
	struct closure_set set;
};

static VEC(struct content) contents;
static VEC(struct world *) worlds;
static VEC(struct strv) probes; /* the command's words, "", and the directories */
static unsigned failures;

/* What the command writes to the descriptor; malloc'd, NULL when it fails. */
static char *read_output(char *const argv[], int descriptor)
{
	int ends[2];
	if (pipe(ends) < 0)
		return NULL;
	pid_t pid = fork();
	if (pid == 0) {
		if (dup2(ends[1], descriptor) < 0 || !freopen("/dev/null", "r", stdin) ||
			!freopen("/dev/null", "w", descriptor == 1 ? stderr : stdout))
			_exit(126);
		close(ends[0]);
		close(ends[1]);
		if (descriptor == 2) { /* what the compiler has of its own */
			unsetenv("CPATH");
			unsetenv("C_INCLUDE_PATH");
			unsetenv("CPLUS_INCLUDE_PATH");
		}
		execvp(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	struct buf out;
	buf_init(&out, OUTPUT_BYTES_MAX);
	char piece[65536];
	for (ssize_t n; (n = read(ends[0], piece, sizeof piece)) > 0;)
		if (buf_append(&out, piece, (size_t)n) < 0)
			break;
	close(ends[0]);
	int status;
	waitpid(pid, &status, 0);
	if (status != 0 || buf_append(&out, "", 1) < 0) {
		buf_fini(&out);
		return NULL;
	}
	return (char *)out.data;
}

static bool find(void *ctx, const char *path, struct closure_identity *ret)
{
	(void)ctx;
	struct stat st;
	if (stat(path, &st) < 0 || (S_ISDIR(st.st_mode) && !str_ends(path, ".gch")))
		return false;
	size_t i = 0;
	while (i < contents.n &&
		!(contents.v[i].device == st.st_dev && contents.v[i].inode == st.st_ino))
		i++;
	if (i == contents.n)
		vec_push(&contents, (struct content){.device = st.st_dev, .inode = st.st_ino});
	*ret = (struct closure_identity){.content = i + 1, .place = i + 1};
	return true;
}

static const struct incscan *scan(void *ctx, const char *path, uint64_t number)
{
	(void)ctx;
	struct content *content = &contents.v[number - 1];
	_cleanup_free_ char *text = NULL;
	size_t n;
	if (!content->scan && fs_read_file(path, FILE_BYTES_MAX, &text, &n) == 0)
		content->scan = incscan_create(text, n);
	return content->scan;
}

static char *text(void *ctx, const char *path, uint64_t number, size_t *ret_n)
{
	(void)ctx;
	(void)number;
	char *all = NULL;
	return fs_read_file(path, FILE_BYTES_MAX, &all, ret_n) == 0 ? all : NULL;
}

static bool identify(void *ctx, enum incdirs_list list, const char *dir, uint64_t *ret_device,
	uint64_t *ret_inode)
{
	(void)ctx;
	(void)list;
	struct stat st;
	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return false;
	*ret_device = st.st_dev;
	*ret_inode = st.st_ino;
	return true;
}

static struct world *world_at(const char *cwd)
{
	for (size_t i = 0; i < worlds.n; i++)
		if (strcmp(worlds.v[i]->cwd, cwd) == 0)
			return worlds.v[i];
	struct world *w = xcalloc(1, sizeof *w);
	w->cwd = xstrdup(cwd);
	w->closure = closure_create(&(struct closure_fs){.find = find, .scan = scan, .text = text});
	vec_push(&worlds, w);
	return w;
}

static bool same_words(const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (i >= b->n || strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}

/* The directories that the compiler of this command has of its own. */
static int own_dirs(const struct compile *c, struct strv *ret)
{
	struct strv probe = {0};
	strv_push(&probe, c->words.v[0]);
	for (size_t i = 0; i < c->dirs.probe.n; i++)
		strv_push(&probe, c->dirs.probe.v[i]);
	strv_push(&probe, c->args.lang == LANG_CXX ? "-xc++" : "-xc");
	strv_push(&probe, "-v");
	strv_push(&probe, "-E");
	strv_push(&probe, "/dev/null");
	for (size_t i = 0; i < probes.n; i++)
		if (same_words(&probe, &probes.v[i])) {
			for (size_t k = probe.n; k < probes.v[i].n; k++)
				strv_push(ret, probes.v[i].v[k]);
			strv_fini(&probe);
			return 0;
		}
	_cleanup_free_ char *said = read_output(probe.v, 2);
	int err = said ? incdirs_parse_probe(said, ret) : ERR_COMPILER;
	for (size_t i = 0; !err && i < ret->n; i++)
		strv_push(&probe, ret->v[i]);
	if (err)
		strv_fini(&probe);
	else
		vec_push(&probes, probe);
	return err;
}

static void forget_probes(void)
{
	for (size_t i = 0; i < probes.n; i++)
		strv_fini(&probes.v[i]);
	vec_fini(&probes);
}

/* Does the compiler's own list of dependencies need another option than this one? Returns how many words
 * of the command are to be left out. */
static int words_to_drop(const char *word)
{
	static const char *const with_value[] = {"-o", "-MF", "-MT", "-MQ"};
	for (size_t i = 0; i < sizeof with_value / sizeof *with_value; i++)
		if (str_starts(word, with_value[i]))
			return word[strlen(with_value[i])] ? 1 : 2;
	return strcmp(word, "-c") == 0 || strcmp(word, "-S") == 0 || str_starts(word, "-M") ||
	       str_starts(word, "-Wp,-M");
}

static bool list_deps(struct compile *c)
{
	struct strv argv = {0};
	for (size_t i = 0; i < c->words.n;) {
		int drop = words_to_drop(c->words.v[i]);
		if (drop == 0)
			strv_push(&argv, c->words.v[i]);
		i += drop ? (size_t)drop : 1;
	}
	strv_push(&argv, "-M");
	if (!str_starts(str_base(c->words.v[0]), "clang"))
		strv_push(&argv, "-fno-canonical-system-headers");
	_cleanup_free_ char *said = read_output(argv.v, 1);
	if (said)
		deplist_parse(said, &c->deps);
	strv_fini(&argv);
	return c->deps.n > 0;
}

static const char *bare(const char *path)
{
	while (str_starts(path, "./"))
		path += 2;
	return path;
}

static void expect_all(const struct compile *c)
{
	for (size_t i = 0; i < c->deps.n; i++) {
		bool found = false;
		for (size_t k = 0; k < c->set.count && !found; k++)
			found = strcmp(bare(closure_path(c->world->closure, c->set.files[k])),
					bare(c->deps.v[i])) == 0;
		if (!found) {
			printf("MISSING %s of %s\n", c->deps.v[i], c->args.source);
			failures++;
		}
	}
}

static bool begin(const char *file, struct compile *c)
{
	return record_read(file, &c->cwd, &c->words, &c->args) && c->args.verdict != CCARGS_PASS &&
	       chdir(c->cwd) == 0;
}

/* Why there is no chain of directories, or NULL; malloc'd. */
static char *find_dirs(struct compile *c, struct incdirs *ret)
{
	struct strv own = {0};
	if (incdirs_parse(c->words.v + 1, &c->dirs) < 0)
		return xstrdup(c->dirs.reason);
	if (!c->dirs.nostdinc && own_dirs(c, &own) < 0)
		return xstrdup("the compiler does not say where it looks");
	bool is_cxx = c->args.lang == LANG_CXX;
	struct incdirs_world w = {.cpath = getenv("CPATH"),
		.lang_path = getenv(is_cxx ? "CPLUS_INCLUDE_PATH" : "C_INCLUDE_PATH"),
		.own = &own,
		.identify = identify};
	int err = incdirs_build(&c->dirs, &w, ret);
	strv_fini(&own);
	return err ? xstrdup(err_str(err)) : NULL;
}

static char *find_chain(struct compile *c)
{
	struct incdirs dirs;
	char *reason = find_dirs(c, &dirs);
	if (reason)
		return reason;
	int err = closure_add_chain(c->world->closure, &dirs, &c->chain);
	incdirs_fini(&dirs);
	return err ? xstrdup(err_str(err)) : NULL;
}

static void fini(struct compile *c)
{
	free(c->cwd);
	strv_fini(&c->words);
	strv_fini(&c->deps);
	ccargs_fini(&c->args);
	incdirs_args_fini(&c->dirs);
	closure_set_fini(&c->set);
}

static int print_dirs(char *const argv[])
{
	struct compile c = {0};
	struct incdirs dirs;
	for (size_t i = 0; argv[i]; i++)
		strv_push(&c.words, argv[i]);
	ccargs_scan(argv[0], argv + 1, &c.args);
	_cleanup_free_ char *reason = find_dirs(&c, &dirs);
	fini(&c);
	if (reason) {
		fprintf(stderr, "%s\n", reason);
		return EXIT_FAILURE;
	}
	puts("#include \"...\" search starts here:");
	for (size_t i = 0; i <= dirs.dirs.n; i++) {
		if (i == dirs.bracket)
			puts("#include <...> search starts here:");
		puts(i < dirs.dirs.n ? dirs.dirs.v[i] : "End of search list.");
	}
	incdirs_fini(&dirs);
	forget_probes();
	return EXIT_SUCCESS;
}

static uint64_t find_set(struct compile *c, bool learned, bool absent)
{
	struct closure_job job = {
		.source = c->args.source,
		.chain = c->chain,
		.forced = &c->dirs.forced,
		.macros = &c->dirs.macros,
		.learned = learned ? &c->deps : NULL,
		.is_cxx = c->args.lang == LANG_CXX,
		.want_absent = absent,
	};
	closure_set_fini(&c->set);
	uint64_t start = clock_now_us();
	closure_find(c->world->closure, &job, &c->set);
	return clock_now_us() - start;
}

struct reason {
	char *text, *source; /* the first one's */
	unsigned count;
};

struct totals {
	unsigned compiles, undecided, learned;
	size_t files, deps, absent, most_files;
	uint64_t first_us, again_us, longest_us;
	VEC(struct reason) reasons;
	unsigned flags[16];
};

static void undecided(struct totals *t, const struct compile *c, const char *reason)
{
	t->undecided++;
	for (size_t i = 0; i < t->reasons.n; i++)
		if (strcmp(t->reasons.v[i].text, reason) == 0) {
			t->reasons.v[i].count++;
			return;
		}
	struct reason r = {xstrdup(reason), xstrdup(c->args.source), 1};
	vec_push(&t->reasons, r);
}

static void count(struct totals *t, const struct compile *c)
{
	t->files += c->set.count;
	t->deps += c->deps.n;
	t->absent += c->set.absent_count;
	if (c->set.count > t->most_files)
		t->most_files = c->set.count;
	for (size_t i = 0; i < sizeof t->flags / sizeof *t->flags; i++)
		t->flags[i] += c->set.flags >> i & 1;
}

static void check(struct totals *t, struct compile *c)
{
	t->compiles++;
	c->world = world_at(c->cwd);
	char *reason = find_chain(c);
	if (reason) {
		undecided(t, c, reason);
		free(reason);
		return;
	}
	if (!list_deps(c)) {
		undecided(t, c, "the compiler cannot do it any more");
		return;
	}
	t->first_us += find_set(c, false, false);
	if (c->set.verdict == CLOSURE_UNDECIDABLE) {
		undecided(t, c, c->set.reason);
		find_set(c, true, false);
		if (c->set.verdict != CLOSURE_LEARNED)
			return;
		t->learned++;
		expect_all(c);
		return;
	}
	uint64_t again_us = UINT64_MAX;
	for (int i = 0; i < 5; i++) {
		uint64_t us = find_set(c, false, false);
		again_us = us < again_us ? us : again_us;
	}
	t->again_us += again_us;
	if (again_us > t->longest_us)
		t->longest_us = again_us;
	find_set(c, false, true);
	count(t, c);
	expect_all(c);
}

static void say(const struct totals *t)
{
	double n = t->compiles > t->undecided ? t->compiles - t->undecided : 1;
	size_t bytes = 0;
	for (size_t i = 0; i < contents.n; i++)
		bytes += contents.v[i].scan ? incscan_bytes(contents.v[i].scan) : 0;
	for (size_t i = 0; i < t->reasons.n; i++)
		printf("reason of %u, such as %s: %s\n", t->reasons.v[i].count,
			t->reasons.v[i].source, t->reasons.v[i].text);
	printf("compiles %u\nundecided %u\nof these learned %u\n", t->compiles, t->undecided,
		t->learned);
	printf("files in a set %.1f, at most %zu\nfiles read %.1f\nfactor %.2f\n",
		(double)t->files / n, t->most_files, (double)t->deps / n,
		(double)t->files / (double)(t->deps ? t->deps : 1));
	printf("absent names %.1f\n", (double)t->absent / n);
	printf("us for the first time %.1f\nus again %.1f, at most %.1f\n", (double)t->first_us / n,
		(double)t->again_us / n, (double)t->longest_us);
	printf("kB of scans %.1f\n", (double)bytes / 1000);
	printf("time %u date %u timestamp %u dates %u\n", t->flags[0], t->flags[1], t->flags[2],
		t->flags[5]);
	printf("missing %u\n", failures);
}

int main(int argc, char *argv[])
{
	if (argc > 2 && strcmp(argv[1], "-d") == 0)
		return print_dirs(argv + 2);
	struct totals t = {0};
	for (int i = 1; i < argc; i++) {
		struct compile c = {0};
		if (begin(argv[i], &c))
			check(&t, &c);
		fini(&c);
	}
	say(&t);
	for (size_t i = 0; i < worlds.n; i++) {
		closure_destroy(worlds.v[i]->closure);
		free(worlds.v[i]->cwd);
		free(worlds.v[i]);
	}
	for (size_t i = 0; i < contents.n; i++)
		free(contents.v[i].scan);
	forget_probes();
	for (size_t i = 0; i < t.reasons.n; i++) {
		free(t.reasons.v[i].text);
		free(t.reasons.v[i].source);
	}
	vec_fini(&t.reasons);
	vec_fini(&contents);
	vec_fini(&worlds);
	return failures || t.compiles == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
