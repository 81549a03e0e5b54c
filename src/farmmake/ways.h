/* ways - whether jobs go to nodes as views or as texts: all the farm's jobs alike, because a job is one or the
 * other before it has a node.
 *
 * While some of the nodes cannot show views, either all jobs are texts, or these nodes are left out: they are
 * given no credits. They are left out when they have a quarter of the slots at most, since what a text costs
 * here keeps more of a farm idle than that.
 *
 * Contract: ways_join() before the scheduler hears of a node that is up; ways_review() whenever a node has
 * come, gone, or turned out to show none.
 */
#pragma once

#include <stdbool.h>

struct farm;
struct peer;

void ways_join(struct peer *p);
void ways_review(struct farm *f);
/* Do jobs go as views, where they can? */
bool ways_are_views(const struct farm *f);
