#include "ways.h"

#include "base/log.h"
#include "farm.h"
#include "peer.h"

enum { LEFT_OUT_PART = 4 }; /* one slot in so many may be left out */

struct shares {
	unsigned slots, viewless;
};

static struct shares count(const struct farm *f)
{
	struct shares s = {0};
	list_for_each(l, &f->peers) {
		const struct peer *p = list_entry(l, struct peer, link);
		if (p->state != PEER_UP)
			continue;
		s.slots += p->slots;
		s.viewless += p->shows_views ? 0 : p->slots;
	}
	return s;
}

bool ways_are_views(const struct farm *f)
{
	struct shares s = count(f);
	return s.viewless * LEFT_OUT_PART <= s.slots;
}

static void leave_out(struct peer *p, bool left_out)
{
	if (p->left_out == left_out)
		return;
	p->left_out = left_out;
	if (left_out && p->farm->conf.verbose)
		log_info(
			"node %s is left out: it cannot show what is compiled here, as most nodes can",
			p->name);
	peer_set_credits(p, p->credits);
}

void ways_review(struct farm *f)
{
	bool views = f->conf.direct && ways_are_views(f);
	list_for_each(l, &f->peers) {
		struct peer *p = list_entry(l, struct peer, link);
		if (p->state == PEER_UP)
			leave_out(p, views && !p->shows_views);
	}
}
