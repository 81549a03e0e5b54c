#include "watch.h"

#include "base/clock.h"
#include "base/vec.h"
#include "core/steps.h"
#include "io/proctree.h"
#include "record.h"
#include "tell.h"
#include "wrapper.h"

#include <string.h>
#include <unistd.h>

enum {
	LOOK_MS = 200,
	LOOK_SHARE =
		500, /* of the time, one part: a look at very many processes is followed by a longer pause */
	CHILDREN_MAX = 2048,
	DEPTH_MAX = 24,
	PROCESSES_MAX = 2000, /* read in one look */
};

struct pids { /* a vec */
	pid_t *v;
	size_t n, cap;
};

struct watch {
	struct farm *farm;
	uv_timer_t timer;
	pid_t make;
	struct steps *steps;
	unsigned reads; /* in this look */
	struct pids makes,
		last_makes; /* that had something below them, in this look and the last */
	bool is_blind;      /* this kernel does not tell who runs below whom */
};

enum kind { KIND_STEP, KIND_SHELL, KIND_MAKE };

/* What holds others. */
static enum kind kind_of(const struct watch *w, const char *name)
{
	static const char *const shells[] = {
		"sh", "bash", "dash", "busybox", "env", "nice", "time", "xargs"};
	static const char *const makes[] = {"make", "gmake", "farmmake", "ninja", "samu", "cmake"};
	const char *own = w->farm->conf.make, *slash = strrchr(own, '/');
	if (strncmp(name, slash ? slash + 1 : own, PROCTREE_NAME_MAX - 1) == 0)
		return KIND_MAKE;
	for (size_t i = 0; i < sizeof makes / sizeof *makes; i++)
		if (strcmp(name, makes[i]) == 0)
			return KIND_MAKE;
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
		if (strcmp(name, shells[i]) == 0)
			return KIND_SHELL;
	return KIND_STEP;
}

static void see_step(struct watch *w, pid_t pid, const struct proctree_process *p)
{
	if (steps_see(w->steps, (uint32_t)pid, p->ticks))
		return;
	char command[PROCTREE_COMMAND_MAX];
	struct report_step step = {.name = p->name,
		.command = proctree_command(pid, command),
		.begin = farm_seconds(w->farm) - proctree_age_s(p->ticks)};
	steps_add(w->steps, (uint32_t)pid, p->ticks, &step);
	tell_step(w->farm, (uint32_t)pid, &step);
}

static void drop_step(struct watch *w, uint32_t pid)
{
	if (steps_drop(w->steps, pid))
		tell_step_end(w->farm, pid);
}

static struct wrapper *visit(struct watch *w, pid_t pid, unsigned depth);

/* Returns a wrapper below it, if there is one. */
static struct wrapper *visit_below(struct watch *w, pid_t pid, unsigned depth, bool *ret_any)
{
	pid_t children[CHILDREN_MAX];
	size_t n = proctree_children(pid, children, CHILDREN_MAX);
	struct wrapper *found = NULL;
	for (size_t i = 0; i < n; i++) {
		struct wrapper *below = visit(w, children[i], depth + 1);
		if (below)
			found = below;
	}
	*ret_any = n > 0;
	return found;
}

/* A shell waits for the wrapper below it, and has no other work meanwhile. The outermost is kept: no look goes
 * below it then. */
static void take_over(struct watch *w, pid_t shell, struct wrapper *waits_for)
{
	if (waits_for->shell)
		idmap_remove(&w->farm->watched, waits_for->shell);
	waits_for->shell = (uint32_t)shell;
	idmap_put(&w->farm->watched, waits_for->shell, waits_for);
	drop_step(w, waits_for->shell);
}

static bool was_make(const struct watch *w, pid_t pid)
{
	for (size_t i = 0; i < w->last_makes.n; i++)
		if (w->last_makes.v[i] == pid)
			return true;
	return false;
}

/* A make that waits for something below it. What was one in the last look is taken for one as long as that is so:
 * there are many of them, and this spares reading who they are. */
static bool visit_make(struct watch *w, pid_t pid, unsigned depth)
{
	bool any;
	visit_below(w, pid, depth, &any);
	if (any)
		vec_push(&w->makes, pid);
	return any;
}

static struct wrapper *visit(struct watch *w, pid_t pid, unsigned depth)
{
	struct wrapper *known = idmap_get(&w->farm->watched, (uint32_t)pid);
	struct proctree_process p;
	if (known || depth > DEPTH_MAX || (was_make(w, pid) && visit_make(w, pid, depth)))
		return known;
	if (w->reads++ > PROCESSES_MAX || !proctree_read(pid, &p))
		return NULL;
	enum kind kind = kind_of(w, p.name);
	if (kind == KIND_MAKE && visit_make(w, pid, depth))
		return NULL;
	bool any = false;
	struct wrapper *below = kind == KIND_SHELL ? visit_below(w, pid, depth, &any) : NULL;
	if (kind == KIND_SHELL && below)
		take_over(w, pid, below);
	else if (!any && (kind != KIND_MAKE || p.state == 'R' || p.state == 'D'))
		see_step(w, pid, &p);
	return kind == KIND_SHELL ? below : NULL;
}

static void on_look(uv_timer_t *timer)
{
	struct watch *w = timer->data;
	struct pids last = w->last_makes;
	uint64_t began_us = clock_own_cpu_us();
	w->last_makes = w->makes;
	w->makes = last;
	w->makes.n = 0;
	w->reads = 0;
	steps_begin(w->steps, farm_seconds(w->farm));
	visit(w, w->make, 0);
	steps_end(w->steps);
	/* below another make, the slots are those that it has given */
	w->farm->has_idle_slot = !w->is_blind && steps_count(w->steps) + w->farm->at_work <
							 jobserver_ledger(w->farm->js)->base + 1;
	uint64_t pause_ms = (clock_own_cpu_us() - began_us) * LOOK_SHARE / 1000;
	uv_timer_start(timer, on_look, pause_ms > LOOK_MS ? pause_ms : LOOK_MS, 0);
}

static void on_step(void *ctx, uint32_t pid, const struct report_step *step)
{
	struct farm *f = ctx;
	record_step(f->record, step);
	tell_step_end(f, pid);
}

static bool is_blind(pid_t make)
{
	pid_t children[CHILDREN_MAX];
	size_t n = proctree_children(getpid(), children, CHILDREN_MAX);
	for (size_t i = 0; i < n; i++)
		if (children[i] == make)
			return false;
	return true;
}

void watch_start(struct farm *f, pid_t make)
{
	struct watch *w = xcalloc(1, sizeof *w);
	f->watch = w;
	w->farm = f;
	w->make = make;
	w->is_blind = is_blind(make);
	w->steps = steps_create(on_step, f);
	uv_timer_init(&f->loop, &w->timer);
	w->timer.data = w;
	uv_timer_start(&w->timer, on_look, LOOK_MS, 0);
}

void watch_add(struct farm *f, struct wrapper *wrapper)
{
	pid_t pid = conn_peer_pid(wrapper->conn);
	if (pid <= 0 || idmap_get(&f->watched, (uint32_t)pid))
		return;
	wrapper->pid = (uint32_t)pid;
	idmap_put(&f->watched, wrapper->pid, wrapper);
	if (f->watch)
		drop_step(f->watch, wrapper->pid);
}

void watch_remove(struct farm *f, struct wrapper *wrapper)
{
	if (wrapper->pid)
		idmap_remove(&f->watched, wrapper->pid);
	if (wrapper->shell)
		idmap_remove(&f->watched, wrapper->shell);
	wrapper->pid = wrapper->shell = 0;
}

static void on_closed(uv_handle_t *timer)
{
	struct watch *w = timer->data;
	vec_fini(&w->makes);
	vec_fini(&w->last_makes);
	free(w);
}

void watch_stop(struct farm *f)
{
	struct watch *w = f->watch;
	f->watch = NULL;
	steps_begin(w->steps, farm_seconds(f));
	steps_end(w->steps);
	steps_destroy(w->steps);
	uv_close((uv_handle_t *)&w->timer, on_closed);
}
