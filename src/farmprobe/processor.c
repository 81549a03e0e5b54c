/* The leaves of CPUID that gcc and LLVM read, without the bits that tell one core from another. */
#include "processor.h"

#if defined(__x86_64__) || defined(__i386__)

#include <cpuid.h>

struct leaf {
	unsigned number, sub, mask[4]; /* of eax, ebx, ecx, edx */
};

#define ALL ~0u
enum { HYBRID = 1 << 15 }; /* in edx of leaf 7 */

static const struct leaf leaves[] = {
	{0, 0, {ALL, ALL, ALL, ALL}}, /* vendor */
	{1, 0, {ALL, 0, ALL, ALL}},   /* family and model, features; ebx has the core's number */
	{2, 0, {ALL, ALL, ALL, ALL}}, /* caches; so leaf 4, whose eax has numbers of cores */
	{4, 0, {0x3fff, ALL, ALL, ALL}},
	{4, 1, {0x3fff, ALL, ALL, ALL}},
	{4, 2, {0x3fff, ALL, ALL, ALL}},
	{4, 3, {0x3fff, ALL, ALL, ALL}},
	{7, 0, {ALL, ALL, ALL, ALL}}, /* more features */
	{7, 1, {ALL, ALL, ALL, ALL}},
	{7, 2, {ALL, ALL, ALL, ALL}},
	{0xd, 0, {ALL, ALL, ALL, ALL}}, /* what the kernel saves */
	{0xd, 1, {ALL, 0, ALL, ALL}},   /* ebx: how much of it just now */
	{0x14, 0, {ALL, ALL, ALL, ALL}},
	{0x19, 0, {ALL, ALL, ALL, ALL}},
	{0x1e, 1, {ALL, ALL, ALL, ALL}},
	{0x24, 0, {ALL, ALL, ALL, ALL}},
	{0x80000001, 0, {ALL, 0, ALL, ALL}},
	{0x80000005, 0, {ALL, ALL, ALL, ALL}}, /* caches, of AMD */
	{0x80000006, 0, {ALL, ALL, ALL, ALL}},
	{0x80000007, 0, {ALL, ALL, ALL, ALL}},
	{0x80000008, 0, {ALL, ALL, 0, ALL}}, /* ecx: how many cores */
	{0x80000021, 0, {ALL, ALL, ALL, ALL}},
};

bool processor_digest(uint8_t out[DIGEST_BYTES])
{
	struct digest *d = digest_create();
	bool is_hybrid = false;
	for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
		const struct leaf *l = &leaves[i];
		unsigned v[4] = {0};
		__get_cpuid_count(l->number, l->sub, &v[0], &v[1], &v[2], &v[3]);
		is_hybrid |= l->number == 7 && l->sub == 0 && (v[3] & HYBRID) != 0;
		for (int k = 0; k < 4; k++)
			v[k] &= l->mask[k];
		digest_update(d, v, sizeof v);
	}
	digest_final(d, out);
	digest_destroy(d);
	return !is_hybrid;
}

#else

bool processor_digest(uint8_t out[DIGEST_BYTES])
{
	(void)out;
	return false;
}

#endif
