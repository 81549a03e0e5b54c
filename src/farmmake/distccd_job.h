/* distccd_job - a job on its way to a distccd and back.
 *
 * The happy path: the text is put together and packed by a worker, a connection takes it there, and what comes
 * back is the copy's result. Failure modes: the distccd is not there any more (peer_gone), it closes the connection
 * (the job goes elsewhere), or it sends what is no reply (a strike).
 *
 * Contract: a copy has at most one, and cancels it when it is detached.
 */
#pragma once

struct copy;
struct distccd_job;
struct peer;

/* NULL, or why a distccd cannot have that job: static text. */
const char *distccd_job_start(struct peer *p, struct copy *c);
void distccd_job_cancel(struct distccd_job *j);
