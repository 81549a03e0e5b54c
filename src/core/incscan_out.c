/* The block that a scan is: a head, the hashes of macros in order, and the items one behind the other.
 *
 * An item is its kind, its form, the lengths of its two strings, and these with their ends.
 */
#include "incscan_impl.h"

#include "base/str.h"

#include <string.h>

enum {
	MAGIC = 0x31435349,
	ITEMS_BYTES_MAX = 16 << 20,
	ITEMS_MAX = 100000,
	MACROS_MAX = 1 << 22,
	ITEM_HEAD_BYTES = 6,
};

struct incscan {
	uint32_t magic, bytes, flags, trouble, guard;
	uint32_t defines, simple_defines, redefines, undefines; /* how many of each follow */
};

static const char *const problems[TROUBLE_COUNT] = {
	[TROUBLE_RETURN] = "a lone carriage return",
	[TROUBLE_LONG_LINE] = "a directive of a megabyte",
	[TROUBLE_LONG_NAME] = "a file's name of more than 4095 bytes",
	[TROUBLE_DEEP] = "conditionals nested too deeply",
	[TROUBLE_MANY] = "too many directives",
	[TROUBLE_SIZE] = "a file that is too large",
};

uint32_t incscan_hash(const char *name, size_t n)
{
	uint32_t h = 0x811c9dc5;
	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)name[i]) * 0x01000193;
	return h;
}

void incscan_out_add(struct incscan_out *o, const struct incscan_item *item)
{
	size_t name_len = strlen(item->name), more_len = item->more ? strlen(item->more) : 0;
	bool file = item->form == INCSCAN_QUOTED || item->form == INCSCAN_ANGLED;
	/* of text that no macro will make a name, its start says enough */
	if (!file && name_len > INCSCAN_NAME_BYTES_MAX)
		name_len = INCSCAN_NAME_BYTES_MAX;
	if (name_len > INCSCAN_NAME_BYTES_MAX || more_len > UINT16_MAX) {
		o->trouble = TROUBLE_LONG_NAME;
		return;
	}
	if (o->item_count++ == 0)
		buf_init(&o->items, ITEMS_BYTES_MAX);
	uint8_t head[ITEM_HEAD_BYTES] = {(uint8_t)item->kind, (uint8_t)item->form,
		(uint8_t)name_len, (uint8_t)(name_len >> 8), (uint8_t)more_len,
		(uint8_t)(more_len >> 8)};
	wr_raw(&o->items, head, sizeof head);
	wr_raw(&o->items, item->name, name_len);
	wr_raw(&o->items, "", 1);
	wr_raw(&o->items, item->more, more_len);
	wr_raw(&o->items, "", 1);
	if (o->items.err || o->item_count > ITEMS_MAX)
		o->trouble = TROUBLE_MANY;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* Sorted, each once. Returns how many. */
static uint32_t put_in_order(uint32_t *v, size_t n)
{
	size_t kept = 0;
	if (n)
		qsort(v, n, sizeof *v, compare);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || v[i] != v[kept - 1])
			v[kept++] = v[i];
	return (uint32_t)kept;
}

static char *put(char *to, const void *from, size_t n)
{
	if (n)
		memcpy(to, from, n);
	return to + n;
}

/* How many macros there are of all kinds. */
static uint64_t count_macros(const struct incscan *s)
{
	return (uint64_t)s->defines + s->simple_defines + s->redefines + s->undefines;
}

struct incscan *incscan_out_finish(struct incscan_out *o)
{
	if (o->defines.n + o->simple_defines.n + o->redefines.n + o->undefines.n > MACROS_MAX) {
		o->trouble = TROUBLE_MANY;
		o->defines.n = o->simple_defines.n = o->redefines.n = o->undefines.n = 0;
	}
	if (o->trouble == TROUBLE_MANY)
		o->items.len = 0;
	struct incscan head = {
		.magic = MAGIC,
		.flags = o->flags,
		.trouble = o->trouble,
		.guard = o->guard,
		.defines = put_in_order(o->defines.v, o->defines.n),
		.simple_defines = put_in_order(o->simple_defines.v, o->simple_defines.n),
		.redefines = put_in_order(o->redefines.v, o->redefines.n),
		.undefines = put_in_order(o->undefines.v, o->undefines.n),
	};
	size_t word = sizeof(uint32_t);
	head.bytes = (uint32_t)(sizeof head + word * count_macros(&head) + o->items.len);
	struct incscan *s = xmalloc(head.bytes);
	char *to = put((char *)s, &head, sizeof head);
	to = put(to, o->defines.v, word * head.defines);
	to = put(to, o->simple_defines.v, word * head.simple_defines);
	to = put(to, o->redefines.v, word * head.redefines);
	to = put(to, o->undefines.v, word * head.undefines);
	put(to, o->items.data, o->items.len);
	buf_fini(&o->items);
	vec_fini(&o->defines);
	vec_fini(&o->simple_defines);
	vec_fini(&o->redefines);
	vec_fini(&o->undefines);
	return s;
}

size_t incscan_bytes(const struct incscan *s)
{
	return s->bytes;
}

static const uint32_t *macros(const struct incscan *s)
{
	return (const uint32_t *)(s + 1);
}

static const char *items(const struct incscan *s)
{
	return (const char *)(macros(s) + count_macros(s));
}

static size_t items_bytes(const struct incscan *s)
{
	return s->bytes - (size_t)(items(s) - (const char *)s);
}

/* The item at p, which has to end before end; NULL, or what is behind it. */
static const char *read_item(const char *p, const char *end, struct incscan_item *ret)
{
	if (end - p < ITEM_HEAD_BYTES)
		return NULL;
	const uint8_t *h = (const uint8_t *)p;
	size_t name_len = (size_t)h[2] | (size_t)h[3] << 8,
	       more_len = (size_t)h[4] | (size_t)h[5] << 8;
	if ((size_t)(end - p) < ITEM_HEAD_BYTES + name_len + more_len + 2)
		return NULL;
	p += ITEM_HEAD_BYTES;
	const char *more = p + name_len + 1;
	if (h[0] > INCSCAN_DEFINE || h[1] > INCSCAN_OTHER || p[name_len] || more[more_len])
		return NULL;
	*ret = (struct incscan_item){h[0], h[1], p, more};
	return more + more_len + 1;
}

const struct incscan *incscan_check(const void *data, size_t n)
{
	const struct incscan *s = data;
	if (n < sizeof *s || s->magic != MAGIC || s->bytes != n || s->trouble >= TROUBLE_COUNT)
		return NULL;
	if (count_macros(s) > (n - sizeof *s) / sizeof(uint32_t))
		return NULL;
	const char *p = items(s), *end = p + items_bytes(s);
	struct incscan_item item;
	while (p && p < end)
		p = read_item(p, end, &item);
	return p ? s : NULL;
}

unsigned incscan_flags(const struct incscan *s)
{
	return s->flags;
}

const char *incscan_problem(const struct incscan *s)
{
	return problems[s->trouble];
}

bool incscan_next(const struct incscan *s, size_t *at, struct incscan_item *ret)
{
	const char *from = items(s), *end = from + items_bytes(s);
	const char *next = read_item(from + *at, end, ret);
	if (next)
		*at = (size_t)(next - from);
	return next != NULL;
}

static bool has(const uint32_t *v, size_t n, uint32_t macro)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (v[middle] < macro)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && v[low] == macro;
}

const uint32_t *incscan_macros(const struct incscan *s, size_t *ret_n)
{
	*ret_n = (size_t)s->defines + s->simple_defines + s->redefines;
	return macros(s);
}

bool incscan_introduces(const struct incscan *s, uint32_t macro)
{
	const uint32_t *v = macros(s);
	return has(v, s->defines, macro) || has(v + s->defines, s->simple_defines, macro);
}

bool incscan_defines(const struct incscan *s, uint32_t macro, bool *ret_simple)
{
	const uint32_t *v = macros(s);
	bool other = has(v, s->defines, macro) ||
		     has(v + s->defines + s->simple_defines, s->redefines, macro);
	if (!other && !incscan_introduces(s, macro))
		return false;
	*ret_simple = !other;
	return true;
}

bool incscan_undefines(const struct incscan *s, uint32_t macro)
{
	const uint32_t *v = macros(s) + s->defines + s->simple_defines + s->redefines;
	return has(v, s->undefines, macro);
}

uint32_t incscan_guard(const struct incscan *s)
{
	return s->guard;
}
