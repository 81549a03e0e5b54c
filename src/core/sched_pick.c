/* sched_pick */
