/* replay - stands in for a compiler: a board's, so that a machine with two cores can be the client
 * of a farm with hundreds.
 *
 * It is installed as PREFIX/bin/gcc. PREFIX/records is a link to the directory of the records, and
 * the text of the link PREFIX/pace says what it does with a compile of a C source:
 *     record    runs the real compiler and keeps its output and what it cost
 *     a number  sleeps for so many times the recorded CPU time and hands the recorded output out
 * Anything else, what was never recorded too, is for the real compiler of the same name. It then
 * behaves like that one in every respect that farmprobe looks at.
 *
 * REPLAY_PACE goes before the link, for compilers that are sent to boards of different speeds.
 *
 * A board whose daemon starts more compilers than it has cores gives REPLAY_CORES, a semaphore set
 * as "replay cores N" makes it.
 */
#include "base/fs.h"
#include "base/str.h"
#include "job.h"
#include "record.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Where the links are; a jail may have no /proc, but calls its compiler by its path. */
static char *find_prefix(const char *name)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *prefix = n < 0 ? xstrdup(name) : xstrndup(self, (size_t)n);
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(prefix, '/');
		*(slash ? slash : prefix) = '\0';
	}
	return prefix;
}

/* A core of the board's, until this process ends in whatever way. In a jail, where there are as many
 * compilers as cores, the set is not to be had. */
static void take_core(void)
{
	const char *set = getenv("REPLAY_CORES");
	struct sembuf take = {.sem_num = 0, .sem_op = -1, .sem_flg = SEM_UNDO};
	while (set && semop(atoi(set), &take, 1) < 0 && errno == EINTR)
		;
}

static void work(double seconds)
{
	struct timespec t = {.tv_sec = (time_t)seconds};
	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	take_core();
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static int replay(const char *records, double pace, const struct job *j, const struct cost *c)
{
	work(pace * (double)(j->expanded ? c->expanded_us : c->full_us) / 1e6);
	if (!record_hand_out(records, j))
		return 1;
	return WIFEXITED(c->wait_status) ? WEXITSTATUS(c->wait_status) : 1;
}

/* Gone with the namespace in which it was made. */
static int make_cores(int n)
{
	union {
		int val;
	} value = {n};
	int set = semget(IPC_PRIVATE, 1, 0666);
	if (n < 1 || set < 0 || semctl(set, 0, SETVAL, value) < 0)
		return 1;
	return printf("%d\n", set) < 0;
}

static int become(char *compiler, char *argv[])
{
	if (strcmp(compiler, argv[0]) == 0) {
		fprintf(stderr, "replay: there is no other %s here\n", compiler);
		return 127;
	}
	argv[0] = compiler;
	execv(compiler, argv);
	perror(compiler);
	return 127;
}

int main(int argc, char *argv[])
{
	if (argc == 3 && strcmp(str_base(argv[0]), "replay") == 0 && strcmp(argv[1], "cores") == 0)
		return make_cores(atoi(argv[2]));
	_cleanup_free_ char *compiler = xasprintf("/usr/bin/%s", str_base(argv[0]));
	_cleanup_free_ char *prefix = find_prefix(argv[0]);
	_cleanup_free_ char *records = record_setting(prefix, "records");
	const char *given = getenv("REPLAY_PACE");
	_cleanup_free_ char *pace = given ? xstrdup(given) : record_setting(prefix, "pace");
	char cwd[PATH_MAX];
	struct job j;
	struct cost c;
	job_scan(argv, getcwd(cwd, sizeof cwd) ? cwd : "", &j);
	bool recording = records && pace && strcmp(pace, "record") == 0;
	if (recording && j.is_link)
		return record_link(records, compiler, argv);
	if (!j.source || !records || !pace)
		return become(compiler, argv);
	if (recording)
		return record_make(records, compiler, argv, &j);
	if (record_find(records, &j, &c))
		return replay(records, strtod(pace, NULL), &j, &c);
	fprintf(stderr, "replay: %s was never recorded\n", j.source);
	return become(compiler, argv);
}
