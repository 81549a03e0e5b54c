/* A report that somebody else wrote: a summary, or one line that says what is wrong with it. */
#include "fuzz.h"

#include "core/report.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_free_ char *summary = NULL, *why = NULL, *invalid = NULL;
	int err = report_summary(text, &summary, &why);
	assert(err ? why && !strchr(why, '\n') : summary != NULL);
	int validity = report_validate(text, &invalid);
	assert(!validity == !invalid);
	assert(validity || !err); /* what is valid can be summed up */
	return 0;
}
