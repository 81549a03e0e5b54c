#include "journals.h"

#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = "farmmake-";

struct candidate {
	char *path;
	struct timespec when;
};

static int by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct candidate *)a)->when,
			      *y = &((const struct candidate *)b)->when;
	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

void journals_find(struct strv *ret)
{
	VEC(struct candidate) found = {0};
	const char *parent = fs_runtime_parent();
	DIR *d = opendir(parent);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (!str_starts(e->d_name, prefix))
			continue;
		char *path = xasprintf("%s/%s/journal", parent, e->d_name);
		struct stat st;
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid())
			vec_push(&found, (struct candidate){path, st.st_mtim});
		else
			free(path);
	}
	if (d)
		closedir(d);
	if (found.n)
		qsort(found.v, found.n, sizeof *found.v, by_age);
	for (size_t i = 0; i < found.n; i++)
		strv_push_take(ret, found.v[i].path);
	vec_fini(&found);
}

int journals_open(struct follow *f, const char *path, double now_s)
{
	*f = (struct follow){0};
	f->file = fopen(path, "re");
	if (!f->file)
		return -errno;
	f->path = xstrdup(path);
	live_init(&f->live);
	journals_read(f, now_s);
	return 0;
}

static void take_line(struct follow *f, double now_s)
{
	struct journal_event e;
	if (journal_parse(f->line, &e) < 0)
		return;
	live_apply(&f->live, &e);
	journal_event_fini(&e);
	/* the youngest event cannot be of later */
	if (now_s - f->live.t < f->started || f->started == 0)
		f->started = now_s - f->live.t;
}

void journals_read(struct follow *f, double now_s)
{
	if (!f->file)
		return;
	clearerr(f->file);
	for (int c; (c = getc(f->file)) != EOF;) {
		if (f->len + 2 > f->room) {
			f->room = f->room ? 2 * f->room : 256;
			f->line = xrealloc(f->line, f->room);
		}
		f->line[f->len++] = (char)c;
		f->line[f->len] = '\0';
		if (c != '\n')
			continue;
		take_line(f, now_s);
		f->len = 0;
	}
	f->gone = access(f->path, F_OK) < 0;
}

void journals_close(struct follow *f)
{
	if (f->file) {
		fclose(f->file);
		live_fini(&f->live);
	}
	free(f->path);
	free(f->line);
	*f = (struct follow){0};
}
