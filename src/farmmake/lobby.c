#include "lobby.h"

#include "compilers.h"
#include "history.h"
#include "peer.h"
#include "wrapper.h"

enum { MOMENT_MS = 250 };

/* All that wait ask again; those that must wait longer are in the new list. */
static void call(struct farm *f, bool is_over)
{
	struct list waiting;
	list_init(&waiting);
	list_for_each_safe(l, &f->lobby) {
		list_remove(l);
		list_append(&waiting, l);
	}
	list_for_each_safe(l, &waiting) {
		struct wrapper *w = list_entry(l, struct wrapper, lobby_link);
		list_remove(l);
		w->has_waited |= is_over;
		wrapper_ask(w);
	}
}

static void on_time(uv_timer_t *timer)
{
	call(timer->data, true);
}

void lobby_start(struct farm *f)
{
	list_init(&f->lobby);
	f->expects_nodes = f->has_key && history_had_nodes();
	uv_timer_init(&f->loop, &f->lobby_timer);
	f->lobby_timer.data = f;
}

void lobby_stop(struct farm *f)
{
	uv_close((uv_handle_t *)&f->lobby_timer, NULL);
}

/* Later, the farm is not about to be there. */
static bool is_early(const struct farm *f)
{
	return farm_seconds(f) * 1000 < MOMENT_MS;
}

bool lobby_enter(struct wrapper *w)
{
	struct farm *f = w->farm;
	bool for_node = f->expects_nodes && is_early(f) && !peer_any_up(f);
	bool for_compiler = w->compiler->state == COMPILER_PROBING;
	if (w->has_waited || !(for_node || for_compiler))
		return false;
	list_append(&f->lobby, &w->lobby_link);
	if (!uv_is_active((uv_handle_t *)&f->lobby_timer))
		uv_timer_start(&f->lobby_timer, on_time, MOMENT_MS, 0);
	return true;
}

void lobby_leave(struct wrapper *w)
{
	list_remove(&w->lobby_link);
}

void lobby_call(struct farm *f)
{
	uv_timer_stop(&f->lobby_timer);
	if (!f->closing)
		call(f, false);
}
