/* Compiler command lines, a word on each line, the compiler first; and response files. */
#include "fuzz.h"

#include "core/ccargs.h"
#include "core/ccflags.h"

static void check(const struct ccargs *a)
{
	switch (a->verdict) {
	case CCARGS_PASS: break;
	case CCARGS_LOCAL: assert(a->reason && *a->reason); break;
	case CCARGS_REMOTE:
		assert(a->source && a->output && a->cpp.n > 0);
		assert(a->lang < LANG_COUNT && a->output_kind < OUTPUT_KIND_COUNT);
		for (size_t i = 0; i < SIDE_COUNT; i++)
			assert((a->sides >> i & 1) == (a->side[i] != NULL));
		assert(!a->no_text || !a->no_view);
		for (size_t i = 0; i < a->flags.n; i++)
			assert(ccflags_node_allows(a->flags.v[i]) ||
				(a->no_text && ccflags_view_allows(a->flags.v[i])));
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct strv words;
	fuzz_lines(text, &words);
	if (words.n > 0) {
		struct ccargs a;
		(void)ccargs_is_compiler(words.v[0]);
		ccargs_scan(words.v[0], words.v + 1, &a);
		check(&a);
		ccargs_fini(&a);
	}
	strv_fini(&words);
	ccargs_split_response(text, &words);
	strv_fini(&words);
	return 0;
}
