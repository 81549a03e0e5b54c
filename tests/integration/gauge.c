/* gauge - how many recipes are at work at once below a command.
 *
 *     gauge [-o FILE] COMMAND...
 *
 * Samples /proc 200 times a second while COMMAND runs and writes, for each number of recipes at
 * work, in how many samples it was seen, then the highest: lines "N SAMPLES" and "max N". A line
 * "left N" tells how many descendants outlived the command. The exit status is the command's.
 *
 * At work is a process without children that is no part of the farm's own machinery (farmcc,
 * farmmake, make) and not below a farmnode: compilers, preprocessors, linkers, scripts. A recipe is
 * what a make has started; "cpp | genksyms" is one, as it is for make. But what farmcc starts counts
 * for itself: it must never be two things at once. Reading /proc takes a while in which processes
 * come and go, so only those are counted that two successive samples both saw: they all were there
 * at the instant between.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES_PER_S = 200, PROCESSES_MAX = 8192, LEVELS = 256 };

struct process {
	int pid, parent;
	unsigned long long start; /* tells a process from a later one with its number */
	char name[20];
	char state;
	bool has_child, at_work;
	bool wrapped;   /* at work, below a farmcc */
	int recipe;     /* at work: the process that a make started, which it is or is below */
	bool seen;      /* a recipe of which something is at work */
	unsigned count; /* and how much of that is wrapped */
};

struct sample {
	struct process v[PROCESSES_MAX];
	size_t n;
};

static const char *const machinery[] = {"farmcc", "farmmake", "make", "gmake", "gauge", "timeout"};

static bool is_machinery(const char *name)
{
	for (size_t i = 0; i < sizeof machinery / sizeof *machinery; i++)
		if (strcmp(name, machinery[i]) == 0)
			return true;
	return false;
}

/* farmcc runs under the names of compilers: the kernel's word for a process does not tell them apart,
 * the file that it runs does. */
static bool runs_machinery(int pid)
{
	char link[64], path[1024];
	snprintf(link, sizeof link, "/proc/%d/exe", pid);
	ssize_t n = readlink(link, path, sizeof path - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	const char *slash = strrchr(path, '/');
	return slash && is_machinery(slash + 1);
}

/* The name in /proc/PID/stat stands in parentheses and may contain any of them. */
static bool parse_stat(char *text, struct process *ret)
{
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	if (!open || !close || close < open)
		return false;
	*ret = (struct process){.pid = atoi(text)};
	*close = '\0';
	snprintf(ret->name, sizeof ret->name, "%s", open + 1);
	return sscanf(close + 2,
		       "%c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		       "%llu",
		       &ret->state, &ret->parent, &ret->start) == 3;
}

static bool read_process(const char *pid, struct process *ret)
{
	char path[64], text[1024];
	snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	FILE *f = fopen(path, "r");
	if (!f)
		return false;
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	return parse_stat(text, ret) && ret->state != 'Z' && ret->state != 'X';
}

static int by_pid(const void *a, const void *b)
{
	const struct process *p = a, *q = b;
	return (p->pid > q->pid) - (p->pid < q->pid);
}

static struct process *find(struct sample *s, int pid)
{
	struct process wanted = {.pid = pid};
	return bsearch(&wanted, s->v, s->n, sizeof *s->v, by_pid);
}

/* By which recipe a process at work is there. */
static void find_recipe(struct sample *s, struct process *p)
{
	p->recipe = p->pid;
	for (struct process *a = find(s, p->parent); a && !is_machinery(a->name);
		a = find(s, a->parent)) {
		p->recipe = a->pid;
		p->wrapped = p->wrapped || runs_machinery(a->pid);
	}
}

/* Below root, and not by way of a node. */
static bool is_below(struct sample *s, const struct process *p, int root)
{
	while (p && p->pid != root) {
		if (strcmp(p->name, "farmnode") == 0)
			return false;
		p = find(s, p->parent);
	}
	return p != NULL;
}

static void take(struct sample *s, int root)
{
	s->n = 0;
	DIR *d = opendir("/proc");
	if (!d)
		return;
	for (struct dirent *e; s->n < PROCESSES_MAX && (e = readdir(d));)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
			read_process(e->d_name, &s->v[s->n]))
			s->n++;
	closedir(d);
	qsort(s->v, s->n, sizeof *s->v, by_pid);
	for (size_t i = 0; i < s->n; i++) {
		struct process *parent = find(s, s->v[i].parent);
		if (parent)
			parent->has_child = true;
	}
	for (size_t i = 0; i < s->n; i++) {
		struct process *p = &s->v[i];
		p->at_work = !p->has_child && is_below(s, p, root) && !is_machinery(p->name) &&
			     !runs_machinery(p->pid);
		if (p->at_work)
			find_recipe(s, p);
	}
}

static bool was_at_work(struct sample *before, const struct process *p)
{
	const struct process *earlier = find(before, p->pid);
	return p->at_work && earlier && earlier->at_work && earlier->start == p->start;
}

static unsigned count(struct sample *before, struct sample *now)
{
	unsigned n = 0;
	for (size_t i = 0; i < now->n; i++) {
		struct process *p = &now->v[i], *recipe = find(now, p->recipe);
		if (!was_at_work(before, p) || !recipe)
			continue;
		recipe->count += p->wrapped;
		n += p->wrapped && recipe->count > 1;
		n += !recipe->seen;
		recipe->seen = true;
	}
	return n;
}

/* Samples until the command ends; returns its wait status. */
static int watch(pid_t child, unsigned long seen[LEVELS])
{
	static struct sample samples[2];
	const struct timespec pause = {.tv_nsec = 1000000000 / SAMPLES_PER_S};
	int status, self = getpid();
	take(&samples[0], self);
	for (unsigned turn = 1; waitpid(child, &status, WNOHANG) == 0; turn++) {
		nanosleep(&pause, NULL);
		struct sample *before = &samples[~turn & 1], *now = &samples[turn & 1];
		take(now, self);
		unsigned n = count(before, now);
		seen[n < LEVELS ? n : LEVELS - 1]++;
	}
	return status;
}

/* As their subreaper we inherit what the command leaves behind. */
static unsigned count_left(void)
{
	static struct sample s;
	unsigned left = 0;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	take(&s, getpid());
	for (size_t i = 0; i < s.n; i++)
		left += s.v[i].pid != getpid() && is_below(&s, &s.v[i], getpid());
	return left;
}

static int write_result(const char *path, const unsigned long seen[LEVELS], unsigned left)
{
	FILE *f = path ? fopen(path, "w") : stdout;
	unsigned max = 0;
	if (!f)
		return -1;
	for (unsigned i = 0; i < LEVELS; i++) {
		if (!seen[i])
			continue;
		fprintf(f, "%u %lu\n", i, seen[i]);
		max = i;
	}
	fprintf(f, "max %u\nleft %u\n", max, left);
	return path ? fclose(f) : fflush(f);
}

int main(int argc, char *argv[])
{
	unsigned long seen[LEVELS] = {0};
	char *path = NULL, **command = argv + 1;
	if (argc > 2 && strcmp(argv[1], "-o") == 0)
		path = argv[2], command += 2;
	if (!*command) {
		fprintf(stderr, "usage: gauge [-o FILE] COMMAND...\n");
		return 2;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t child = fork();
	if (child == 0) {
		execvp(*command, command);
		fprintf(stderr, "gauge: %s: %s\n", *command, strerror(errno));
		_exit(127);
	}
	int status = child < 0 ? -1 : watch(child, seen);
	if (status == -1 || write_result(path, seen, count_left()) != 0) {
		fprintf(stderr, "gauge: %s\n", strerror(errno));
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
