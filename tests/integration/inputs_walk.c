/* Headers that include one another at random, in directories some of which are symlinks, and what people and
 * generators do to them: edits, new ones in front of others, removals, renames of files and directories. */
#include "inputs_test.h"

#include "base/fs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const dirs[] = {"src", "src/sub", "inc", "inc/sub", "gen", "link", "build"};
static const char *const commands[][2] = {
	{"src", "gcc -c -I../inc -I../gen -isystem ../link x0.c"},
	{"src", "gcc -c -iquote ../gen -I../link -I../none -include h1.h x1.c"},
	{"build", "gcc -c -I../inc -I. -isystem../gen -idirafter ../link ../src/x0.c"},
	{"", "gcc -c -Iinc/sub -Isrc/sub/../../gen -I link src/x1.c"},
};
/* @: a number */
static const char *const forms[] = {
	"#include \"h@.h\"\n",
	"#include <h@.h>\n",
	"#include \"sub/h@.h\"\n",
	"#include <sub/h@.h>\n",
	"#include \"../inc/h@.h\"\n",
	"#include \"../link/h@.h\"\n",
	"#include_next <h@.h>\n",
	"#if __has_include(<gen/h@.h>)\nint has;\n#endif\n",
	"#if __has_include(\"h@.h\")\nint has;\n#endif\n",
	"#include <sub/../h@.h>\n",
	"#if 0\n#include \"h@.h\"\n#endif\n",
};

enum { HEADERS = 7 };
#define COUNT(array) (sizeof(array) / sizeof *(array))

struct walk {
	const char *dir;
	uint64_t random;
	unsigned made;
};

static unsigned pick(struct walk *w, size_t n)
{
	w->random = w->random * 6364136223846793005 + 1442695040888963407;
	return (unsigned)((w->random >> 33) % n);
}

static char *path_at(const struct walk *w, const char *dir, const char *name)
{
	return xasprintf("%s/%s/%s", w->dir, dir, name);
}

static char *pick_header(struct walk *w)
{
	const char *dir = dirs[pick(w, COUNT(dirs))];
	_cleanup_free_ char *name = xasprintf("h%u.h", pick(w, HEADERS));
	return path_at(w, dir, name);
}

/* A file that was a symlink is written through it, as by an editor. */
static void write_file(struct walk *w, const char *path)
{
	unsigned number = ++w->made, includes = pick(w, 3);
	FILE *f = fopen(path, "w");
	if (!f)
		return; /* its directory is away */
	if (pick(w, 2))
		fputs("#pragma once\n", f);
	for (unsigned i = 0; i < includes; i++) {
		const char *form = forms[pick(w, COUNT(forms))];
		fputs("#if __INCLUDE_LEVEL__ < 8\n", f);
		for (char header = (char)('0' + pick(w, HEADERS)); *form; form++)
			fputc(*form == '@' ? header : *form, f);
		fputs("#endif\n", f);
	}
	fprintf(f, "int v%u;\n", number);
	fclose(f);
}

static void begin(struct walk *w)
{
	for (size_t i = 0; i < COUNT(dirs); i++) {
		_cleanup_free_ char *dir = path_at(w, dirs[i], "");
		_cleanup_free_ char *link = path_at(w, "src", "../link");
		if (strcmp(dirs[i], "link") != 0)
			fs_mkdirs(dir, 0755);
		else if (symlink("gen", link) < 0)
			perror(link);
	}
	for (unsigned i = 0; i < 15; i++) {
		_cleanup_free_ char *path = pick_header(w);
		write_file(w, path);
	}
	for (unsigned i = 0; i < 2; i++) {
		_cleanup_free_ char *name = xasprintf("x%u.c", i), *path = path_at(w, "src", name);
		write_file(w, path);
	}
}

static void exchange(struct walk *w)
{
	_cleanup_free_ char *one = path_at(w, dirs[pick(w, COUNT(dirs))], "sub");
	_cleanup_free_ char *other = path_at(w, dirs[pick(w, COUNT(dirs))], "sub");
	(void)(rename(one, other) < 0);
}

static void relink(struct walk *w)
{
	static const char *const targets[] = {"gen", "inc", "src/sub", "inc/sub/", "nowhere"};
	_cleanup_free_ char *link = path_at(w, "src", "../link");
	unlink(link);
	if (symlink(targets[pick(w, COUNT(targets))], link) < 0)
		perror(link);
}

static void change(struct walk *w)
{
	_cleanup_free_ char *path = pick_header(w), *other = pick_header(w);
	_cleanup_free_ char *source = path_at(w, "src", pick(w, 2) ? "x0.c" : "x1.c");
	switch (pick(w, 8)) {
	case 0: (void)remove(path); break;
	case 1: (void)(rename(path, other) < 0); break;
	case 2: exchange(w); break;
	case 3: relink(w); break;
	case 4: write_file(w, source); break;
	case 5:
		if (access(path, F_OK) < 0 && symlink("h0.h", path) < 0)
			(void)remove(path);
		break;
	default: write_file(w, path); break;
	}
}

static void read_command(struct walk *w, struct compile *c)
{
	const char *const *command = commands[pick(w, COUNT(commands))];
	_cleanup_free_ char *copy = xstrdup(command[1]);
	c->cwd = xasprintf("%s%s%s", w->dir, *command[0] ? "/" : "", command[0]);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		strv_push(&c->words, word);
	ccargs_scan(c->words.v[0], c->words.v + 1, &c->args);
}

int inputs_walk(struct asker *a, const char *dir, unsigned seed, unsigned steps)
{
	struct walk w = {.dir = dir, .random = seed};
	unsigned views = 0, failures = 0;
	begin(&w);
	for (unsigned i = 0; i < steps; i++) {
		struct compile c = {0};
		change(&w);
		read_command(&w, &c);
		asker_ask(a, &c);
		bool is_view = a->answer.outcome == INPUTS_VIEW;
		if (!is_view)
			printf("step %u: %s: %s\n", i, c.args.source, a->answer.reason);
		if (is_view && !same_in_view(a, &c)) {
			printf("in step %u, seed %u\n", i, seed);
			failures++;
		}
		views += is_view;
		free(c.cwd);
		strv_fini(&c.words);
		ccargs_fini(&c.args);
	}
	printf("steps %u\ncompiled %u\ngood %u\ndiffer %u\nviews %u\n", steps, views, a->good,
		failures, a->answer.view);
	return failures || views < steps / 2 ? EXIT_FAILURE : EXIT_SUCCESS;
}
