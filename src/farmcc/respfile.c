#include "respfile.h"

#include "base/fs.h"
#include "core/ccargs.h"

#include <errno.h>

enum { FILES_MAX = 200, FILE_BYTES_MAX = 4 << 20 };

static int expand(char *const args[], struct strv *out, unsigned *files)
{
	int err = 0;
	for (; *args && !err; args++) {
		char *text = NULL;
		if ((*args)[0] != '@' || fs_read_file(*args + 1, FILE_BYTES_MAX, &text, NULL) < 0) {
			strv_push(out, *args);
			continue;
		}
		struct strv words = {0};
		ccargs_split_response(text, &words);
		free(text);
		err = ++*files > FILES_MAX ? -ELOOP : words.n ? expand(words.v, out, files) : 0;
		strv_fini(&words);
	}
	return err;
}

int respfile_expand(char *const args[], struct strv *ret)
{
	unsigned files = 0;
	return expand(args, ret, &files);
}
