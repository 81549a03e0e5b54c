#include "record.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"
#include "core/report.h"
#include "peer.h"
#include "wrapper.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct record {
	struct report *report;
	size_t jobs;
};

struct record *record_create(void)
{
	struct record *r = xcalloc(1, sizeof *r);
	r->report = report_create();
	return r;
}

void record_destroy(struct record *r)
{
	if (!r)
		return;
	report_destroy(r->report);
	free(r);
}

static int add_node(struct record *r, const struct peer *p)
{
	struct report_node n = {.name = p->name,
		.address = p->address,
		.is_distccd = p->distccd != NULL,
		.slots = p->slots,
		.lost = p->lost,
		.quarantine = p->trust.ended ? trust_words(p->trust.why) : "",
		.suspicious = p->trust.ended && p->trust.why != TRUST_FAILURE,
		.content_bytes = p->content_bytes};
	return report_add_node(r->report, &n);
}

/* As a shell would tell it. */
static int shell_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

void record_job(struct record *r, const struct wrapper *w)
{
	if (w->phase == WRAPPER_NEW || w->phase == WRAPPER_HEAVY)
		return;
	static const char *const checked[] = {[CHECKED_SAME] = "same",
		[CHECKED_DIFFERS] = "differs",
		[CHECKED_UNCLEAR] = "unclear"};
	bool remote = w->phase == WRAPPER_DONE && w->done_by;
	const struct peer *node = remote ? w->done_by : w->checked_by;
	struct report_job j = {
		.id = w->id,
		.source = w->spec.source ? w->spec.source : "",
		.output = w->spec.output ? w->spec.output : "",
		.compiler = w->compiler_path ? w->compiler_path : "",
		.remote = remote,
		.node = node ? add_node(r, node) : -1,
		.checked = w->checked_by ? checked[w->checked] : NULL,
		.reason = remote ? "" : w->reason,
		.is_view = w->spec.input_kind == INPUT_VIEW,
		.no_view = w->spec.input_kind == INPUT_VIEW ? "" : w->direct.no_view,
		.exit_status = w->phase == WRAPPER_DONE ? shell_status(w->wait_status) : 128,
		.t = w->t,
		.bytes = {w->text_bytes, w->up_bytes, w->down_bytes},
		.cpu = {(double)w->local_cpu_us / 1e6, (double)w->remote_cpu_us / 1e6},
		.retries = w->dispatches > 1 ? w->dispatches - 1 : 0,
	};
	j.t.done = farm_seconds(w->farm);
	report_add_job(r->report, &j);
	r->jobs++;
}

void record_step(struct record *r, const struct report_step *step)
{
	report_add_step(r->report, step);
}

void record_presence(struct record *r, const struct peer *p)
{
	report_add_presence(r->report, add_node(r, p), p->t_up, farm_seconds(p->farm));
}

int record_check_path(const char *path)
{
	_cleanup_free_ char *probe = xasprintf("%s.XXXXXX", path);
	int fd = mkstemp(probe);
	if (fd < 0)
		return -errno;
	close(fd);
	unlink(probe);
	return 0;
}

/* Of all threads, and without what runs in make. */
static double own_cpu_s(void)
{
	struct rusage u;
	if (getrusage(RUSAGE_SELF, &u) < 0)
		return 0;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

void record_finish(struct farm *f, const char *path, bool show, int exit_status, char *const args[])
{
	struct record *r = f->record;
	char cwd[PATH_MAX] = "";
	if (!getcwd(cwd, sizeof cwd))
		cwd[0] = '\0';
	list_for_each(l, &f->peers) {
		const struct peer *p = list_entry(l, struct peer, link);
		if (p->slots)
			add_node(r, p);
		if (p->state == PEER_UP)
			record_presence(r, p);
	}
	struct report_build b = {
		.started_unix_s = time(NULL) - (int64_t)farm_seconds(f),
		.wall_s = farm_seconds(f),
		.cpu_s = own_cpu_s(),
		.exit_status = exit_status,
		.make = f->conf.make,
		.args = args,
		.cwd = cwd,
		.local_slots = f->local_slots,
	};
	struct report_totals t = {
		.max_local_running = f->at_work_peak,
		.lent_peak = jobserver_ledger(f->js)->lent_peak,
		.tokens_lost = jobserver_settle(f->js),
		.content_bytes = f->content_bytes,
	};
	_cleanup_free_ char *json = report_to_json(r->report, &b, &t);
	int err = path ? fs_write_atomic(path, json, strlen(json), 0644) : 0;
	if (err)
		log_warning("cannot write the report %s: %s", path, err_str(err));
	unsigned suspicious = report_suspicious(r->report);
	if (suspicious)
		log_error("%u of the objects came from nodes that are now in quarantine: make them "
			  "anew (\"suspicious\" in the report, %s)",
			suspicious, path && !err ? path : "which was not written");
	_cleanup_free_ char *text = NULL, *why = NULL;
	if (show && r->jobs && report_summary(json, &text, &why) == 0)
		fputs(text, stderr);
}
