#include "record.h"

#include "base/fs.h"

#include <string.h>

enum { RECORD_BYTES_MAX = 1 << 20 };

bool record_read(const char *file, char **ret_cwd, struct strv *ret_words, struct ccargs *ret_args)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	if (fs_read_file(file, RECORD_BYTES_MAX, &text, &n) < 0)
		return false;
	*ret_cwd = xstrdup(text);
	for (size_t at = strlen(text) + 1; at < n; at += strlen(text + at) + 1)
		strv_push(ret_words, text + at);
	ccargs_scan(ret_words->v[0], ret_words->v + 1, ret_args);
	const char *dot = ret_args->source ? strrchr(ret_args->source, '.') : NULL;
	return dot && strchr("cC", dot[1]);
}
