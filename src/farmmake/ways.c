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

/* Returns whether that is new. */
static bool place(struct peer *p, bool views)
{
	bool left_out = views && !p->shows_views;
	if (p->left_out == left_out)
		return false;
	p->left_out = left_out;
	if (left_out && p->farm->conf.verbose)
		log_info(
			"node %s is left out: it cannot show what is compiled here, as most nodes can",
			p->name);
	return true;
}

void ways_join(struct peer *p)
{
	p->left_out = false;
	place(p, p->farm->conf.direct && ways_are_views(p->farm));
}

void ways_review(struct farm *f)
{
	bool views = f->conf.direct && ways_are_views(f);
	list_for_each(l, &f->peers) {
		struct peer *p = list_entry(l, struct peer, link);
		if (p->state == PEER_UP && place(p, views))
			peer_set_credits(p, p->credits);
	}
}
