#include "util.h"

#include <stdio.h>

char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	if (!f)
		return NULL;
	struct strbuf all = {0};
	char part[4096];
	size_t n;
	strbuf_puts(&all, "");
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		strbuf_add(&all, part, n);
	bool failed = ferror(f);
	fclose(f);
	if (failed)
		strbuf_free(&all);
	return all.text;
}
