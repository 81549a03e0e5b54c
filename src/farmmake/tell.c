#include "tell.h"

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "core/report.h"
#include "history.h"
#include "peer.h"
#include "progress.h"
#include "rundir.h"
#include "wrapper.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 250, LOAD_LOOKS = 4, BUFFER_BYTES = 64 * 1024 };

struct tell {
	struct farm *farm;
	FILE *file; /* NULL: it cannot be written */
	struct progress *progress;
	uv_timer_t timer;
	unsigned looks;
	uint64_t key; /* of builds like this one */
};

static void tell(struct farm *f, struct journal_event e)
{
	struct tell *t = f->tell;
	if (!t)
		return;
	e.t = farm_seconds(f);
	live_apply(&f->live, &e);
	if (t->file)
		journal_write(&e, t->file);
}

void tell_node(const struct peer *p)
{
	tell(p->farm, (struct journal_event){JOURNAL_NODE, .id = p->id, .name = p->name,
			      .text = p->address, .slots = p->slots, .level = p->jail_level});
}

void tell_gone(const struct peer *p, const char *why)
{
	tell(p->farm, (struct journal_event){JOURNAL_GONE, .id = p->id, .text = why});
}

void tell_begin(const struct wrapper *w)
{
	tell(w->farm, (struct journal_event){JOURNAL_BEGIN, .id = w->id, .name = w->spec.source});
}

static enum journal_phase phase_of(
	const struct wrapper *w, const struct peer *node, bool has_started)
{
	switch (w->phase) {
	case WRAPPER_LOOKING:
	case WRAPPER_CPP: return JOURNAL_PREPARE;
	case WRAPPER_AWAY:
		return !node ? JOURNAL_READY : has_started ? JOURNAL_RUNNING : JOURNAL_SENT;
	case WRAPPER_DELIVERED: return JOURNAL_BACK;
	case WRAPPER_LOCAL: return JOURNAL_HERE;
	case WRAPPER_NEW:
	case WRAPPER_WAITING:
	case WRAPPER_PROBING:
	case WRAPPER_ASKED:
	case WRAPPER_DONE:
	case WRAPPER_HEAVY: break;
	}
	return JOURNAL_ASKED;
}

void tell_phase(const struct wrapper *w, const struct peer *node, bool has_started)
{
	tell(w->farm,
		(struct journal_event){JOURNAL_PHASE, .id = w->id,
			.phase = phase_of(w, node, has_started), .node = node ? node->id : 0});
}

void tell_returned(const struct wrapper *w)
{
	tell(w->farm,
		(struct journal_event){JOURNAL_PHASE, .id = w->id, .phase = JOURNAL_RETURNED});
}

void tell_end(const struct wrapper *w)
{
	bool ended = w->phase == WRAPPER_DONE;
	tell(w->farm, (struct journal_event){JOURNAL_END, .id = w->id,
			      .node = ended && w->done_by ? w->done_by->id : 0,
			      .ok = ended && w->wait_status == 0});
}

void tell_step(struct farm *f, uint32_t pid, const struct report_step *step)
{
	tell(f, (struct journal_event){
			JOURNAL_STEP, .id = pid, .name = step->name, .text = step->command});
}

void tell_step_end(struct farm *f, uint32_t pid)
{
	tell(f, (struct journal_event){JOURNAL_STEP_END, .id = pid});
}

static void tell_load(struct farm *f)
{
	list_for_each(l, &f->peers) {
		const struct peer *p = list_entry(l, struct peer, link);
		if (p->state == PEER_UP)
			tell(f, (struct journal_event){JOURNAL_LOAD, .id = p->id,
					.moved = peer_moved_bytes(p),
					.speed = (uint64_t)(100 *
							    sched_node_speed(f->sched, p->id))});
	}
	tell(f, (struct journal_event){JOURNAL_POOL, .lent = jobserver_ledger(f->js)->lent,
			.is_short = f->guard.is_short});
}

static void on_look(uv_timer_t *timer)
{
	struct tell *t = timer->data;
	if (t->looks++ % LOAD_LOOKS == 0)
		tell_load(t->farm);
	if (t->file && fflush(t->file) != 0) {
		log_debug("the journal cannot be written: %s", strerror(errno));
		fclose(t->file);
		t->file = NULL;
	}
	progress_show(t->progress, &t->farm->live, farm_seconds(t->farm));
}

/* "make -k all" */
static char *join(const char *make, char *const args[])
{
	char *line = xstrdup(make);
	for (; *args; args++) {
		char *longer = xasprintf("%s %s", line, *args);
		free(line);
		line = longer;
	}
	return line;
}

void tell_start(struct farm *f, char *const args[])
{
	struct tell *t = xcalloc(1, sizeof *t);
	_cleanup_free_ char *path = xasprintf("%s/journal", f->rundir->path),
			    *make = join(f->conf.make, args);
	char cwd[PATH_MAX] = "";
	if (!getcwd(cwd, sizeof cwd))
		cwd[0] = '\0';
	t->farm = f;
	t->file = fopen(path, "we");
	if (t->file)
		setvbuf(t->file, NULL, _IOFBF, BUFFER_BYTES);
	t->key = hash_text(hash_text(hash_text(hash_basis, cwd), "\n"), make);
	t->progress = f->conf.progress ? progress_open(&f->loop) : NULL;
	uv_timer_init(&f->loop, &t->timer);
	t->timer.data = t;
	uv_timer_start(&t->timer, on_look, 0, LOOK_MS);
	live_init(&f->live);
	f->tell = t;
	tell(f, (struct journal_event){JOURNAL_BUILD, .name = make, .text = cwd,
			.slots = f->local_slots, .expected = history_expected_files(t->key)});
}

static void on_closed(uv_handle_t *timer)
{
	free(timer->data);
}

/* A build that failed, or did next to nothing, says nothing of the next one. */
void tell_stop(struct farm *f, int exit_status)
{
	struct tell *t = f->tell;
	tell(f, (struct journal_event){JOURNAL_OVER, .status = exit_status});
	if (exit_status == 0 && f->live.done >= f->live.expected / 2)
		history_note_files(t->key, f->live.done);
	progress_close(t->progress);
	if (t->file)
		fclose(t->file);
	live_fini(&f->live);
	f->tell = NULL;
	uv_close((uv_handle_t *)&t->timer, on_closed);
}
