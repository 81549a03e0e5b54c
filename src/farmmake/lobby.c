#include "lobby.h"

#include "base/clock.h"
#include "compilers.h"
#include "distccd.h"
#include "history.h"
#include "nodes.h"
#include "peer.h"
#include "wrapper.h"

enum {
	NODE_US = 700000, /* a beacon comes every half second, and then a node has to be dialled */
	COMPILER_US = 250000,
};

void lobby_open(struct farm *f)
{
	list_init(&f->lobby);
	f->expects_nodes = (f->has_key || nodes_has_distccd(&f->conf)) && history_had_nodes();
}

/* Later, the farm is not about to be there. */
static bool is_early(const struct farm *f)
{
	return clock_now_us() - f->start_us < NODE_US;
}

/* Is its compiler being examined, here or at a distccd? */
static bool is_in_question(const struct wrapper *w)
{
	const struct compiler *cc = w->compiler;
	return cc->state == COMPILER_PROBING ||
	       (cc->state == COMPILER_KNOWN && distccd_is_trying(w->farm, cc->bits.all));
}

bool lobby_enter(struct wrapper *w)
{
	struct farm *f = w->farm;
	bool for_node = f->expects_nodes && is_early(f) && !peer_any_up(f);
	bool for_compiler = is_in_question(w);
	if (w->has_waited || !(for_node || for_compiler))
		return false;
	w->waits_since_us = clock_now_us();
	list_append(&f->lobby, &w->lobby_link);
	return true;
}

void lobby_leave(struct wrapper *w)
{
	list_remove(&w->lobby_link);
}

/* All that wait ask again; those that must wait longer are in the new list. */
void lobby_call(struct farm *f)
{
	struct list waiting;
	list_init(&waiting);
	list_for_each_safe(l, &f->lobby) {
		list_remove(l);
		list_append(&waiting, l);
	}
	list_for_each_safe(l, &waiting) {
		list_remove(l);
		wrapper_ask(list_entry(l, struct wrapper, lobby_link));
	}
}

void lobby_tick(struct farm *f)
{
	list_for_each_safe(l, &f->lobby) {
		struct wrapper *w = list_entry(l, struct wrapper, lobby_link);
		bool for_compiler = is_in_question(w);
		if (clock_now_us() - w->waits_since_us < (for_compiler ? COMPILER_US : NODE_US))
			continue;
		list_remove(l);
		w->has_waited = true;
		wrapper_ask(w);
	}
}
