/* abacus FILE: reads a sheet, computes it, prints it.
 * abacus -e FORMULA: prints one formula as it was understood, and its value. */
#include "sheet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int show_formula(const char *text)
{
	struct sheet s = {0};
	const char *why;
	struct node *n = parse(&s.arena, text, &why);
	struct strbuf tree = {0};
	if (n)
		print(n, &tree);
	struct node *folded = n ? fold(&s.arena, n) : NULL;
	bool constant = folded && folded->kind == NODE_VALUE;
	printf("%s = %s\n", n ? tree.text : text,
		constant ? value_show(&s.arena, folded->value)
		: n      ? "?"
			 : why);
	strbuf_free(&tree);
	grid_free(&s);
	return n ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int show_sheet(const char *path)
{
	char *text = slurp(path);
	if (!text) {
		fprintf(stderr, "abacus: %s: %s\n", path, strerror(errno));
		return EXIT_FAILURE;
	}
	struct sheet s = {0};
	csv_read(&s, text);
	recalc(&s);
	render(&s, stdout);
	stats(&s, stdout);
	grid_free(&s);
	free(text);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "-e") == 0)
		return show_formula(argv[2]);
	if (argc == 2)
		return show_sheet(argv[1]);
	fprintf(stderr, "usage: abacus FILE | abacus -e FORMULA\n");
	return 2;
}
