/* What claims to be farmprobe's output: accepted only when it is what we would have printed. */
#include "fuzz.h"

#include "core/toolchain.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	char printed[TOOLCHAIN_TEXT_MAX];
	struct toolchain t, again;
	if (toolchain_parse(text, &t) < 0)
		return 0;
	toolchain_format(&t, false, printed, sizeof printed);
	assert(strcmp(printed, text) == 0);
	assert(toolchain_parse(printed, &again) == 0);
	assert(toolchain_same(&t, &again) && !toolchain_difference(&t, &again));
	assert(toolchain_compiles(&t, LANG_C));
	return 0;
}
