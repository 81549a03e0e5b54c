/* normal */
#include "normal.h"

#include "base/str.h"

#include <string.h>

/* A cross compiler and a native one differ in what they link with, and in -march=native; the node
 * never links, and what =native means is measured by itself. */
static const char *const compile_specs[] = {
	"asm",
	"asm_debug",
	"asm_debug_option",
	"asm_final",
	"asm_options",
	"invoke_as",
	"cpp",
	"cpp_options",
	"cpp_debug_options",
	"cpp_unique_options",
	"cc1",
	"cc1_options",
	"cc1plus",
	"distro_defaults",
	"multilib_defaults",
	"self_spec",
};

/* Options whose value is a path, or says where headers are looked for. */
static const char *const place_options[] = {"-o ", "-imultiarch ", "-isysroot "};

static bool is_compile_spec(const char *line, size_t n)
{
	for (size_t i = 0; i < sizeof compile_specs / sizeof *compile_specs; i++) {
		const char *name = compile_specs[i];
		if (n == strlen(name) + 2 && strncmp(line + 1, name, n - 2) == 0)
			return true;
	}
	return false;
}

static bool is_place_option(const char *option)
{
	for (size_t i = 0; i < sizeof place_options / sizeof *place_options; i++)
		if (str_starts(option, place_options[i]))
			return true;
	return false;
}

void normal_specs(const char *text, struct buf *out)
{
	bool wanted = false;
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");
		if (line[0] == '*' && line[n - 1] == ':')
			wanted = is_compile_spec(line, n);
		if (wanted) {
			wr_raw(out, line, n);
			wr_raw(out, "\n", 1);
		}
		line += n + (line[n] == '\n');
	}
}

void normal_help(const char *text, struct buf *out)
{
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");
		if (str_starts(line, "  -") && !is_place_option(line + 2)) {
			wr_raw(out, line, n);
			wr_raw(out, "\n", 1);
		}
		line += n + (line[n] == '\n');
	}
}

static void add_word(struct buf *out, const char *word)
{
	if (!word)
		return;
	wr_raw(out, word, strcspn(word, " \n"));
	wr_raw(out, "\n", 1);
}

/* The words of a line that begins with a space, but places, and the options that are followed by one. */
static void add_words(const char *line, struct buf *out)
{
	const char *held = NULL;
	for (const char *p = line; *p == ' '; p += 1 + strcspn(p + 1, " \n")) {
		const char *word = p + 1;
		if (word[*word == '"'] != '/')
			add_word(out, held);
		held = memchr(word, '/', strcspn(word, " \n")) ? NULL : word;
	}
	add_word(out, held);
}

bool normal_commands(const char *text, struct buf *out)
{
	bool is_replaced = true;
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");
		if (line[0] == ' ') {
			add_words(line, out);
			is_replaced &= !memmem(line, n, "=native", strlen("=native"));
		}
		line += n + (line[n] == '\n');
	}
	return is_replaced;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void normal_macros(const char *text, struct buf *out)
{
	struct strv lines = {0};
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");
		strv_push_take(&lines, xstrndup(line, n));
		line += n + (line[n] == '\n');
	}
	if (lines.n)
		qsort(lines.v, lines.n, sizeof *lines.v, compare);
	for (size_t i = 0; i < lines.n; i++) {
		wr_raw(out, lines.v[i], strlen(lines.v[i]));
		wr_raw(out, "\n", 1);
	}
	strv_fini(&lines);
}

bool normal_find_macro(const char *macros, const char *name, char *out, size_t out_size)
{
	_cleanup_free_ char *head = xasprintf("#define %s ", name);
	const char *p = str_starts(macros, head) ? macros : strstr(macros, head);
	if (!p)
		return false;
	p += strlen(head);
	p += *p == '"';
	size_t n = strcspn(p, "\"\n");
	if (n >= out_size)
		return false;
	memcpy(out, p, n);
	out[n] = '\0';
	return true;
}
