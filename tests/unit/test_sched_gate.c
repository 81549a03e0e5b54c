/* Who waits for a core here, and for what is not known yet. */
#include "lib/sched_trace.h"

/* ninja before 1.13, or a make with a -j of its own: its compiles ask all at once. */
Test(sched_gate, who_minds_no_tokens_waits_for_a_slot)
{
	struct fixture f;
	set_up(&f, 2);
	for (uint32_t job = 1; job <= 4; job++)
		step(&f, ask(job));
	expect(&f, "local 1: no node\nlocal 2: no node\n");
	step(&f, up(1, 8, 8, 1));
	step(&f, on(SCHED_JOB_GONE, 1, 0));
	expect(&f, "preprocess 3\n");
	/* its core is free as soon as its text is here */
	step(&f, staged(3));
	expect(&f, "lend 1\nsend 3 to 1\npreprocess 4\n");
	/* who has its token again needs a core, too */
	step(&f, ask(5));
	step(&f, (struct sched_event){SCHED_JOB_RESULT, .job = 3, .node = 1}); /* it failed there */
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "owe 1\n");
	step(&f, on(SCHED_JOB_GONE, 2, 0));
	expect(&f, "preprocess 5\n");
	step(&f, staged(4));
	expect(&f, "lend 1\nsend 4 to 1\nlocal 3: the node's compiler had something to say\n");
	tear_down(&f);
}

/* A compiler is examined when there is a node to ask. */
Test(sched_gate, who_waits_asks_again_when_more_is_known)
{
	struct fixture f;
	set_up(&f, 1);
	struct sched_event early[3] = {ask(1), ask(2), ask(3)};
	for (int i = 0; i < 3; i++) {
		early[i].toolchain = i == 2 ? SCHED_NO_TOOLCHAIN : SCHED_NOT_YET;
		step(&f, early[i]);
	}
	expect(&f, "local 1: no node\n");
	step(&f, up(1, 8, 8, 1));
	expect(&f, "ask 2\n");
	step(&f, early[1]);
	step(&f, (struct sched_event){SCHED_RECALL});
	expect(&f, "ask 2\n");
	step(&f, ask(2)); /* it is behind the third now */
	step(&f, on(SCHED_JOB_GONE, 1, 0));
	expect(&f, "local 3: not a usable compiler\n");
	step(&f, on(SCHED_JOB_GONE, 3, 0));
	expect(&f, "preprocess 2\n");
	tear_down(&f);
}
