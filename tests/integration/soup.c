/* soup C_COMPILER CXX_COMPILER SEED COUNT DIR RECORDS: small trees of sources whose names are made by macros, at random, and for each a
 * record of the compile (see closure.sh).
 *
 * Lines that the compiler refuses are taken out, and each header that it does not find is made, which may
 * define macros as well, until it is content. */
#include "base/buf.h"
#include "base/fs.h"
#include "base/str.h"
#include "base/vec.h"
#include "lib/deplist.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 20, ROUNDS_MAX = 40, LINES = 18, NAME_BYTES_MAX = 200 };

struct file {
	char *path;
	struct strv lines;
};

/* One tree. */
struct soup {
	char *dir;
	VEC(struct file) files;
	struct strv options; /* the compiler first */
	const char *source;
};

static const char *c_compiler, *cxx_compiler;
static uint64_t state;
static bool underscores; /* macros that may be the compiler's own */

static unsigned below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 20) % n;
}

static const char *one_of(const char *const *all, unsigned n)
{
	return all[below(n)];
}
#define ONE_OF(...)                                                                                \
	one_of((const char *const[]){__VA_ARGS__},                                                 \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void add(struct buf *b, const char *text)
{
	wr_raw(b, text, strlen(text));
}

/* The kinds of tokens are letters: w a word, O and F macros, x and y parameters, V __VA_ARGS__, A an argument,
 * C a call, a blank perhaps some blanks; others are themselves. */
static void add_pattern(struct buf *b, const char *pattern, unsigned depth);

static void add_arguments(struct buf *b, unsigned depth)
{
	add(b, "(");
	for (unsigned i = 0, n = below(5) ? 1 + below(2) : below(4); i < n; i++) {
		add(b, i ? "," : "");
		add_pattern(b, depth > 3 ? "w" : "A", depth);
	}
	add(b, ")");
}

static void add_token(struct buf *b, char kind, unsigned depth)
{
	char self[2] = {kind, '\0'};
	switch (kind) {
	case 'w': add(b, ONE_OF("a", "b", "sys", "linux", "h", "unix", "ab", "q1")); break;
	case 'O': add(b, underscores ? "_O4" : ONE_OF("O0", "O1", "O2", "O3", "abO")); break;
	case 'F': add(b, ONE_OF("F0", "F1", "F2", "F3", "F4", "F5", "S", "S1", "J")); break;
	case ' ': add(b, ONE_OF("", "", "", " ", "  ", "/**/", "\\\n")); break;
	case 'V': add(b, "__VA_ARGS__"); break;
	case 'C':
		add_token(b, 'F', depth);
		add_token(b, ' ', depth);
		add_arguments(b, depth + 1);
		break;
	case 'A':
		add_pattern(b,
			ONE_OF("w", " w ", "w/w.h", "O", "O /w.h", "w/O.h", "C", "\"w\"", "\"w.h\"",
				"w w", "", "w.h", "(w,w)", "F", "w. h", "<w>", "O.O", "C.h"),
			depth + 1);
		break;
	default: add(b, self);
	}
}

static void add_pattern(struct buf *b, const char *pattern, unsigned depth)
{
	for (; *pattern; pattern++)
		add_token(b, *pattern, depth);
}

static char *finish(struct buf *b)
{
	wr_raw(b, "", 1);
	return (char *)b->data;
}

static char *make(const char *before, const char *pattern)
{
	struct buf b;
	buf_init(&b, FILE_BYTES_MAX);
	add(&b, before);
	add_pattern(&b, pattern, 0);
	return finish(&b);
}

static const char *some_object(void)
{
	return ONE_OF("\"w.h\"", "< w .h >", "<w/w.h>", "w", "O", "C", "w/w", " w . h", "F", "",
		"(w)", "<O.h>", "<O /w.h>", "C", "F (w", "w##O", "O##w", "C", "\"w\" w", "<C>",
		"w /O", "O C");
}

static const char *some_function(void)
{
	return ONE_OF("#x", "# x", "<x>", "<x /y.h>", "<x . h>", "x##y", "F( x )", "F(x/y.h)", "x",
		"x y", "F##x", "x( y )", "O(x)", "C", "x##_##y", "F(x##y)", "F(#x)", "F(x, y)",
		"F(F(x))", "F", "<x##.h>", "S(x/y.h)", "S(x .h)", "S(x)", "O", "J(x, y)",
		"S(w/x.h)", "F (y)(x)");
}

static char *define(void)
{
	static const char *const lists[] = {
		"(x)", "(x)", "(x,y)", "(x,y)", "( x , y )", "(x, y...)", "(x...)"};
	struct buf b;
	buf_init(&b, FILE_BYTES_MAX);
	add(&b, "#define ");
	if (below(3) == 0) {
		add_pattern(&b, "O ", 0);
		add(&b, " ");
		add_pattern(&b, some_object(), 0);
		return finish(&b);
	}
	unsigned list = below(sizeof lists / sizeof *lists);
	const char *body;
	do
		body = some_function();
	while (list < 2 && strchr(body, 'y'));
	add_pattern(&b, "F", 0);
	if (below(8) == 0) {
		add(&b, "(x, ...) ");
		add_pattern(&b, ONE_OF("#V", "F(V)", "F(x, ##V)", "<x V>", "S(x V)", "S1(V)"), 0);
		return finish(&b);
	}
	add(&b, lists[list]);
	add(&b, " ");
	for (; *body; body++) /* y may be all the rest */
		if (list == 6 && *body == 'y')
			add(&b, "x");
		else
			add_token(&b, *body, 0);
	return finish(&b);
}

static void add_definitions(struct strv *lines, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned how = below(8);
		if (how == 0)
			strv_push(lines, ONE_OF("#ifdef O1", "#ifndef F1", "#if defined(F2)",
						 "#ifdef never"));
		if (how == 1)
			strv_push_take(lines, make("#undef ", below(2) ? "O" : "F"));
		strv_push_take(lines, define());
		if (how == 0)
			strv_push(lines, "#endif");
	}
}

static struct file *file_at(struct soup *s, const char *path)
{
	for (size_t i = 0; i < s->files.n; i++)
		if (strcmp(s->files.v[i].path, path) == 0)
			return &s->files.v[i];
	struct file f = {.path = xstrdup(path)};
	vec_push(&s->files, f);
	return &s->files.v[s->files.n - 1];
}

/* False: it is a directory, or below a file. */
static bool write_file(const struct soup *s, const struct file *f)
{
	struct buf b;
	buf_init(&b, FILE_BYTES_MAX);
	for (size_t i = 0; i < f->lines.n; i++) {
		add(&b, f->lines.v[i]);
		add(&b, "\n");
	}
	_cleanup_free_ char *path = xasprintf("%s/%s", s->dir, f->path);
	char *slash = strrchr(path, '/');
	*slash = '\0';
	int err = fs_mkdirs(path, 0777);
	*slash = '/';
	if (!err)
		err = fs_write_atomic(path, b.data, b.len, 0666);
	buf_fini(&b);
	return err == 0;
}

/* What the compiler says (-M -MG), or its errors; malloc'd. */
static char *ask(const struct soup *s, bool *ret_content)
{
	struct buf command;
	buf_init(&command, FILE_BYTES_MAX);
	_cleanup_free_ char *cd = xasprintf("cd '%s' && ", s->dir);
	add(&command, cd);
	for (size_t i = 0; i < s->options.n; i++) {
		_cleanup_free_ char *word = xasprintf("'%s' ", s->options.v[i]);
		add(&command, word);
	}
	_cleanup_free_ char *rest = xasprintf("-w %s -M -MG %s 2>&1",
		str_base(s->options.v[0])[0] == 'g'
			? "-ftrack-macro-expansion=0"
			: "-fmacro-backtrace-limit=1 -fno-caret-diagnostics",
		s->source);
	add(&command, rest);
	FILE *said = popen(finish(&command), "r");
	struct buf all;
	buf_init(&all, FILE_BYTES_MAX);
	char piece[4096];
	for (size_t n; said && (n = fread(piece, 1, sizeof piece, said)) > 0;)
		wr_raw(&all, piece, n);
	*ret_content = said && pclose(said) == 0;
	buf_fini(&command);
	return finish(&all);
}

/* The line, which may go on in the next ones, that has this number for the compiler; or NULL. */
static char **line_at(struct file *f, unsigned number)
{
	for (size_t i = 0; i < f->lines.n; i++) {
		unsigned ends = 1;
		for (const char *p = f->lines.v[i]; (p = strchr(p, '\n')); p++)
			ends++;
		if (number <= ends)
			return number ? &f->lines.v[i] : NULL;
		number -= ends;
	}
	return NULL;
}

/* "a.c:7:10: error: …": blanks the lines. */
static bool take_out_errors(struct soup *s, char *said)
{
	bool any = false;
	for (char *line = strtok(said, "\n"); line; line = strtok(NULL, "\n")) {
		char name[NAME_BYTES_MAX];
		unsigned number;
		if (!strstr(line, "error:") || sscanf(line, "%199[^:]:%u:", name, &number) != 2)
			continue;
		struct file *f = file_at(s, name);
		char **wrong = line_at(f, number);
		if (!wrong || !**wrong)
			continue;
		free(*wrong);
		*wrong = xstrdup("");
		write_file(s, f);
		any = true;
	}
	return any;
}

/* Makes the header, unless it is there. */
static bool make_header(struct soup *s, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", s->dir, name);
	if (name[0] == '/' || access(path, F_OK) == 0)
		return false;
	struct file *f = file_at(s, name);
	if (below(3) == 0)
		add_definitions(&f->lines, below(3));
	return write_file(s, f);
}

static bool make_headers(struct soup *s, const char *said)
{
	bool any = false;
	struct strv names = {0};
	deplist_parse(said, &names);
	for (size_t i = 0; i < names.n; i++)
		any |= make_header(s, names.v[i]);
	strv_fini(&names);
	return any;
}

static bool brew(struct soup *s)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		bool content;
		_cleanup_free_ char *said = ask(s, &content);
		if (content ? !make_headers(s, said) : !take_out_errors(s, said))
			return content;
	}
	return false;
}

static void choose_options(struct soup *s)
{
	bool is_cxx = below(5) == 0;
	s->source = is_cxx ? "a.cc" : "a.c";
	strv_push(&s->options, is_cxx ? cxx_compiler : c_compiler);
	if (!is_cxx)
		strv_push(&s->options, ONE_OF("-std=gnu11", "-std=c11", "-std=gnu89", "-O1"));
	strv_push(&s->options, "-I.");
	if (below(2))
		strv_push(&s->options,
			ONE_OF("-DO2", "-DO3=F1(a)", "-DO1=<w.h>", "-DF4(x)=<x.h>", "-DF2(x)=#x",
				"-DF3=S", "-Dsys=b/O1", "-DO0=\"q1.h\""));
}

static void fill_source(struct soup *s)
{
	struct file *f = file_at(s, s->source);
	for (unsigned i = 0; i < LINES; i++) {
		if (i % 3 == 0)
			strv_pushf(&f->lines, "#include \"h%u.h\"", below(3));
		if (below(3) == 0)
			add_definitions(&f->lines, 1);
		strv_push_take(&f->lines,
			make("#include ",
				ONE_OF("C", "C", "C", "C", "O", "F (A)", "O C", "<O/w.h>", "S(A)",
					"S(O/w.h)", "O (w)", "J(S,1)(A)", "S (A) w")));
	}
	write_file(s, file_at(s, s->source));
}

static void fill_headers(struct soup *s)
{
	for (int i = 0; i < 3; i++) {
		_cleanup_free_ char *name = xasprintf("h%d.h", i);
		struct file *f = file_at(s, name);
		add_definitions(&f->lines, 2 + below(4));
		if (i == 0) {
			strv_push(&f->lines, "#define S(x) S1(x)");
			strv_push(&f->lines, "#define S1(x...) #x");
			strv_push(&f->lines, "#define J(x, y) x ## y");
		}
		write_file(s, file_at(s, name));
	}
}

/* The working directory and the command, each word with a NUL behind it. */
static void write_record(const struct soup *s, const char *record)
{
	struct buf b;
	buf_init(&b, FILE_BYTES_MAX);
	wr_raw(&b, s->dir, strlen(s->dir) + 1);
	for (size_t i = 0; i < s->options.n; i++)
		wr_raw(&b, s->options.v[i], strlen(s->options.v[i]) + 1);
	static const char compile[] = "-w\0-c";
	wr_raw(&b, compile, sizeof compile);
	wr_raw(&b, s->source, strlen(s->source) + 1);
	if (fs_write_atomic(record, b.data, b.len, 0666) < 0)
		fprintf(stderr, "%s: cannot be written\n", record);
	buf_fini(&b);
}

static void fini(struct soup *s)
{
	for (size_t i = 0; i < s->files.n; i++) {
		free(s->files.v[i].path);
		strv_fini(&s->files.v[i].lines);
	}
	vec_fini(&s->files);
	strv_fini(&s->options);
	free(s->dir);
}

int main(int argc, char *argv[])
{
	long seed, count;
	if (argc != 7 || str_to_long(argv[3], 1, INT32_MAX, &seed) < 0 ||
		str_to_long(argv[4], 1, 1000000, &count) < 0)
		return 2;
	c_compiler = argv[1];
	cxx_compiler = argv[2];
	for (long i = 0; i < count; i++) {
		state = (uint64_t)(seed + i) * 0x9e3779b97f4a7c15 + 1;
		below(2);
		struct soup s = {.dir = xasprintf("%s/%ld", argv[5], seed + i)};
		underscores = below(20) == 0;
		choose_options(&s);
		fill_headers(&s);
		fill_source(&s);
		_cleanup_free_ char *record = xasprintf("%s/soup.%ld", argv[6], seed + i);
		if (brew(&s))
			write_record(&s, record);
		fini(&s);
	}
	return 0;
}
