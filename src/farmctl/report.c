/* farmctl report FILE: the summary of a build's report, once more.
 *
 * What can fail: the file cannot be read, or is no report: one line, FARMCTL_NOTHING.
 */
#include "verbs.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"
#include "core/report.h"

#include <stdio.h>

enum { REPORT_BYTES_MAX = 1 << 30 };

int report_main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: farmctl report FILE\n", stderr);
		return FARMCTL_USAGE;
	}
	_cleanup_free_ char *json = NULL, *text = NULL, *why = NULL;
	int err = fs_read_file(argv[1], REPORT_BYTES_MAX, &json, NULL);
	if (err) {
		log_error("%s: %s", argv[1], err_str(err));
		return FARMCTL_NOTHING;
	}
	if (report_summary(json, &text, &why) < 0) {
		log_error("%s: not a report: %s", argv[1], why);
		return FARMCTL_NOTHING;
	}
	fputs(text, stdout);
	return FARMCTL_OK;
}
