/* The loop's side. Orders and loads wait in lists; one run of the worker at a time takes some of each, and
 * when it is over the loop's thread has all that it made: neither side needs a lock.
 */
#include "inputs_impl.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

enum {
	ORDERS_IN_RUN = 32,
	LOADS_IN_RUN = 16,
};

struct load {
	struct list link;
	const struct view_entry *entry;
	inputs_content_fn fn;
	void *ctx;
	const struct chunks *content;
};

struct inputs {
	uv_loop_t *loop;
	uv_work_t work;
	bool working;
	atomic_bool closing;
	void (*on_closed)(void *ctx);
	void *closed_ctx;

	struct list asked;   /* struct inputs_job.link; the worker can answer them */
	struct list puzzled; /* what their compilers say is not known yet */
	struct list orders;  /* those of this run */
	struct list wanted;  /* struct load.link */
	struct list loads;   /* those of this run */
	uint32_t last_order;
	VEC(struct inputs_compiler *) compilers;
	VEC(const struct view_entry *) entries; /* as many as the loop knows of */

	struct inputs_world world;
	struct inputs_packer *packer;
};

static void start(struct inputs *in);

/* The worker's thread. */
static void work(uv_work_t *req)
{
	struct inputs *in = req->data;
	inputs_world_begin_epoch(&in->world);
	list_for_each(pos, &in->orders) {
		struct inputs_job *job = list_entry(pos, struct inputs_job, link);
		if (!job->answered && !atomic_load(&in->closing))
			inputs_world_answer(&in->world, job);
	}
	inputs_pack_begin(in->packer);
	list_for_each(pos, &in->loads) {
		struct load *load = list_entry(pos, struct load, link);
		if (!atomic_load(&in->closing))
			load->content = inputs_pack(in->packer, load->entry);
	}
}

static struct inputs_job *take_job(struct list *jobs)
{
	struct inputs_job *job = list_entry(jobs->next, struct inputs_job, link);
	list_remove(&job->link);
	return job;
}

static struct load *take_load(struct list *loads)
{
	struct load *load = list_entry(loads->next, struct load, link);
	list_remove(&load->link);
	return load;
}

static void free_all(struct inputs *in)
{
	struct list *const jobs[] = {&in->asked, &in->puzzled, &in->orders};
	struct list *const loads[] = {&in->wanted, &in->loads};
	for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
		while (!list_empty(jobs[i]))
			inputs_order_free(take_job(jobs[i]));
	for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
		while (!list_empty(loads[i]))
			free(take_load(loads[i]));
	for (size_t i = 0; i < in->compilers.n; i++) {
		free(in->compilers.v[i]->key);
		strv_fini(&in->compilers.v[i]->dirs);
		strv_fini(&in->compilers.v[i]->macros);
		free(in->compilers.v[i]);
	}
	vec_fini(&in->compilers);
	vec_fini(&in->entries);
	inputs_world_fini(&in->world);
	inputs_pack_destroy(in->packer);
	free(in);
}

/* Callbacks may ask, cancel, load and close. */
static void deliver_orders(struct inputs *in)
{
	while (!list_empty(&in->orders) && !in->closing) {
		struct inputs_job *job = take_job(&in->orders);
		if (job->fn)
			job->fn(job->ctx, &job->answer);
		inputs_order_free(job);
	}
}

static void deliver_loads(struct inputs *in)
{
	while (!list_empty(&in->loads) && !in->closing) {
		struct load *load = take_load(&in->loads);
		load->fn(load->ctx, load->content);
		free(load);
	}
}

static void on_worked(uv_work_t *req, int status)
{
	struct inputs *in = req->data;
	(void)status; /* it is never cancelled */
	for (size_t i = in->entries.n; i < in->world.entries.n; i++)
		vec_push(&in->entries, in->world.entries.v[i]);
	deliver_orders(in);
	deliver_loads(in);
	in->working = false;
	if (!in->closing) {
		start(in);
		return;
	}
	void (*on_closed)(void *ctx) = in->on_closed;
	void *ctx = in->closed_ctx;
	free_all(in);
	on_closed(ctx);
}

static void move(struct list *from, struct list *to, int most)
{
	for (int i = 0; i < most && !list_empty(from); i++) {
		struct list *first = from->next;
		list_remove(first);
		list_append(to, first);
	}
}

static void queue(struct inputs *in)
{
	in->working = true;
	int err = uv_queue_work(in->loop, &in->work, work, on_worked);
	assert(err == 0); /* it fails without a callback only */
	(void)err;
}

static void start(struct inputs *in)
{
	if (in->working || (list_empty(&in->asked) && list_empty(&in->wanted)))
		return;
	move(&in->asked, &in->orders, ORDERS_IN_RUN);
	move(&in->wanted, &in->loads, LOADS_IN_RUN);
	queue(in);
}

struct inputs *inputs_create(uv_loop_t *loop)
{
	struct inputs *in = xcalloc(1, sizeof *in);
	in->loop = loop;
	in->work.data = in;
	struct list *const lists[] = {
		&in->asked, &in->puzzled, &in->orders, &in->wanted, &in->loads};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		list_init(lists[i]);
	inputs_world_init(&in->world);
	in->packer = inputs_pack_create();
	return in;
}

void inputs_close(struct inputs *in, void (*on_closed)(void *ctx), void *ctx)
{
	assert(!in->closing);
	in->closing = true;
	in->on_closed = on_closed;
	in->closed_ctx = ctx;
	if (!in->working)
		queue(in);
}

static struct inputs_compiler *compiler_at(struct inputs *in, char *key)
{
	for (size_t i = 0; i < in->compilers.n; i++)
		if (strcmp(in->compilers.v[i]->key, key) == 0) {
			free(key);
			return in->compilers.v[i];
		}
	struct inputs_compiler *c = xcalloc(1, sizeof *c);
	c->key = key;
	vec_push(&in->compilers, c);
	return c;
}

/* Whoever asks for the compiler first has to ask it. */
static void route(struct inputs *in, struct inputs_job *job)
{
	struct inputs_compiler *c = job->own;
	if (!job->answered && !c->known && c->asker) {
		list_append(&in->puzzled, &job->link);
		return;
	}
	if (!job->answered && !c->known) {
		c->asker = job->number;
		job->answer.outcome = INPUTS_DIRS;
		job->answered = true;
	}
	list_append(&in->asked, &job->link);
}

/* Lets go of who waits for the compiler: of all, or of the first, who has to ask it. */
static void release(struct inputs *in, const struct inputs_compiler *c)
{
	list_for_each_safe(pos, &in->puzzled) {
		struct inputs_job *job = list_entry(pos, struct inputs_job, link);
		if (job->own != c)
			continue;
		list_remove(&job->link);
		route(in, job);
		if (!c->known)
			break;
	}
	start(in);
}

uint32_t inputs_ask(
	struct inputs *in, const struct inputs_order *order, inputs_answer_fn fn, void *ctx)
{
	struct inputs_job *job = inputs_order_read(order);
	job->number = ++in->last_order;
	job->fn = fn;
	job->ctx = ctx;
	job->own = compiler_at(in, inputs_order_key(job, order));
	route(in, job);
	start(in);
	return job->number;
}

static struct inputs_job *find_job(struct list *jobs, uint32_t number)
{
	list_for_each(pos, jobs) {
		struct inputs_job *job = list_entry(pos, struct inputs_job, link);
		if (job->number == number)
			return job;
	}
	return NULL;
}

/* The worker has those of its run. */
static void forget_job(struct inputs *in, uint32_t number)
{
	struct inputs_job *job = find_job(&in->orders, number);
	if (job) {
		job->fn = NULL;
		return;
	}
	job = find_job(&in->asked, number);
	if (!job)
		job = find_job(&in->puzzled, number);
	if (!job)
		return;
	list_remove(&job->link);
	inputs_order_free(job);
}

void inputs_cancel(struct inputs *in, uint32_t number)
{
	forget_job(in, number);
	for (size_t i = 0; i < in->compilers.n && number; i++) {
		struct inputs_compiler *c = in->compilers.v[i];
		if (c->asker != number)
			continue;
		c->asker = 0;
		release(in, c);
	}
}

void inputs_learn_dirs(struct inputs *in, const struct inputs_order *order, const char *said,
	const struct strv *macros)
{
	struct inputs_job *job = inputs_order_read(order);
	struct inputs_compiler *c = compiler_at(in, inputs_order_key(job, order));
	inputs_order_free(job);
	if (c->known)
		return;
	c->known = true;
	c->asker = 0;
	c->usable = incdirs_parse_probe(said, &c->dirs) == 0;
	c->is_gcc = strstr(said, "gcc version ") != NULL;
	for (size_t i = 0; i < macros->n; i++)
		strv_push(&c->macros, macros->v[i]);
	release(in, c);
}

const struct view_entry *inputs_entry(const struct inputs *in, uint32_t number)
{
	return in->entries.v[number - 1];
}

void inputs_load(struct inputs *in, uint32_t entry, inputs_content_fn fn, void *ctx)
{
	struct load *load = xcalloc(1, sizeof *load);
	load->entry = inputs_entry(in, entry);
	load->fn = fn;
	load->ctx = ctx;
	list_append(&in->wanted, &load->link);
	start(in);
}
