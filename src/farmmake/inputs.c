#include "inputs.h"
#include <stdlib.h>
struct inputs *inputs_create(uv_loop_t *loop)
{
	(void)loop;
	return NULL;
}
void inputs_close(struct inputs *in, void (*on_closed)(void *ctx), void *ctx)
{
	(void)in;
	(void)on_closed;
	(void)ctx;
}
uint32_t inputs_ask(
	struct inputs *in, const struct inputs_order *order, inputs_answer_fn fn, void *ctx)
{
	(void)in;
	(void)order;
	(void)fn;
	(void)ctx;
	abort();
}
void inputs_cancel(struct inputs *in, uint32_t number)
{
	(void)in;
	(void)number;
}
void inputs_learn_dirs(struct inputs *in, const struct inputs_order *order, const char *said,
	const struct strv *macros)
{
	(void)in;
	(void)order;
	(void)said;
	(void)macros;
}
const struct view_entry *inputs_entry(const struct inputs *in, uint32_t number)
{
	(void)in;
	(void)number;
	return NULL;
}
void inputs_load(struct inputs *in, uint32_t entry, inputs_content_fn fn, void *ctx)
{
	(void)in;
	(void)entry;
	(void)fn;
	(void)ctx;
}
