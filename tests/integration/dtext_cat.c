/* dtext_cat - the text of "gcc -E -fdirectives-only" on stdin, rewritten by dtext, on stdout.
 *
 * Exit status 1 and the trap on stderr when the text, or a file that it names, is not safe. With an
 * argument: the size of the pieces that dtext is fed.
 */
#include "base/err.h"
#include "base/fs.h"
#include "core/dtext.h"
#include "core/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE_BYTES_MAX = 1 << 20, SOURCE_BYTES_MAX = 64 << 20 };

static const char *on_file(void *ctx, const char *path, bool system)
{
	(void)ctx, (void)system;
	char *text;
	size_t n;
	if (fs_read_file(path, SOURCE_BYTES_MAX, &text, &n) < 0)
		return "a source file cannot be read";
	const char *why = dtext_check_source(text, n);
	if (why)
		fprintf(stderr, "%s: ", path);
	free(text);
	return why;
}

int main(int argc, char *argv[])
{
	static char piece[PIECE_BYTES_MAX];
	long piece_bytes = sizeof piece;
	if (argc > 1 && str_to_long(argv[1], 1, sizeof piece, &piece_bytes) < 0)
		return 2;
	struct dtext *d = dtext_create();
	dtext_on_file(d, on_file, NULL);
	struct buf out;
	buf_init(&out, JOB_TEXT_BYTES_MAX);
	int err = 0;
	ssize_t n;
	while (!err && (n = read(STDIN_FILENO, piece, (size_t)piece_bytes)) > 0)
		err = dtext_feed(d, piece, (size_t)n, &out);
	if (!err)
		err = dtext_finish(d, &out);
	if (!err)
		err = fs_write_all(STDOUT_FILENO, out.data, out.len);
	if (err)
		fprintf(stderr, "%s\n", dtext_trap(d) ? dtext_trap(d) : err_str(err));
	buf_fini(&out);
	dtext_destroy(d);
	return err ? 1 : 0;
}
