/* jail_cost - what the jail costs a job: time, and CPU of it and its children, median of ROUNDS.
 *
 *     FARMMAKE_HELPER_DIR=BUILD/src jail_cost [ROUNDS]
 *
 * First a program that does nothing and then a small source, each as it is and in the jail, in turns;
 * the difference is the jail's; then the same source as a text and as a file of a view, with a few mounts
 * as most jobs have them, and with a directory of the node's made anew besides. Then what the kernel takes to make, and end, the namespaces: without
 * any, with all but the network's, and with all. What it does later, in threads of its own, is in no
 * figure.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/vec.h"
#include "io/jail.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS_MAX = 2000 };

static char *tree; /* of views */

struct sample {
	uint64_t wall_us, cpu_us;
};

struct series {
	uint64_t wall_us[ROUNDS_MAX], cpu_us[ROUNDS_MAX];
	size_t n;
};

static uint64_t children_cpu_us(void)
{
	struct rusage u;
	getrusage(RUSAGE_CHILDREN, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static struct sample now(void)
{
	return (struct sample){clock_now_us(), children_cpu_us()};
}

static void add(struct series *s, struct sample start)
{
	struct sample end = now();
	s->wall_us[s->n] = end.wall_us - start.wall_us;
	s->cpu_us[s->n++] = end.cpu_us - start.cpu_us;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static double median_ms(uint64_t *v, size_t n)
{
	qsort(v, n, sizeof *v, compare);
	return (double)v[n / 2] / 1000;
}

static void report(const char *what, struct series *plain, struct series *dear)
{
	double wall = median_ms(plain->wall_us, plain->n), cpu = median_ms(plain->cpu_us, plain->n);
	double dear_wall = median_ms(dear->wall_us, dear->n),
	       dear_cpu = median_ms(dear->cpu_us, dear->n);
	printf("%-36s %6.2f -> %6.2f ms, %5.2f more; CPU %6.2f -> %6.2f ms, %5.2f more\n", what,
		wall, dear_wall, dear_wall - wall, cpu, dear_cpu, dear_cpu - cpu);
}

static void run_plain(char *const argv[], struct series *s)
{
	struct sample start = now();
	pid_t pid = vfork();
	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	int status;
	waitpid(pid, &status, 0);
	add(s, start);
	if (status)
		exit(1);
}

static void on_done(void *ctx, struct jail_outcome *o)
{
	*(bool *)ctx = !o->err && o->wait_status == 0;
	if (o->err)
		fprintf(stderr, "jail_cost: %s\n", o->why);
	for (size_t i = 0; i < STREAM_COUNT; i++)
		if (o->fd[i] >= 0)
			close(o->fd[i]);
}

static void run_order(struct jail_box *box, const char *compiler, const char *text,
	const struct viewplan *plan, struct series *s)
{
	struct job_spec spec = {
		.cwd = (char[]){"/tmp"}, .source = (char[]){"a.c"}, .output = (char[]){"a.o"}};
	static uv_loop_t loop;
	if (!loop.data) {
		uv_loop_init(&loop);
		loop.data = &loop;
	}
	bool good = false;
	struct jail *j;
	struct sample start = now();
	int fd = plan ? -1 : memfd_create("text", MFD_CLOEXEC);
	if (!plan && fs_write_all(fd, text, strlen(text)) < 0)
		exit(1);
	const struct jail_order order = {.loop = &loop,
		.box = box,
		.compiler = compiler,
		.spec = &spec,
		.text_fd = fd,
		.tree = plan ? tree : NULL,
		.plan = plan,
		.on_done = on_done,
		.ctx = &good};
	if (jail_start(&order, &j) < 0)
		exit(1);
	uv_run(&loop, UV_RUN_DEFAULT);
	add(s, start);
	if (!good)
		exit(1);
}

static void run_jailed(
	struct jail_box *box, const char *compiler, const char *text, struct series *s)
{
	run_order(box, compiler, text, NULL, s);
}

static void run_namespaces(int flags, struct series *s)
{
	struct sample start = now();
	pid_t pid = fork();
	if (pid == 0)
		_exit(flags && unshare(flags) < 0);
	int status;
	waitpid(pid, &status, 0);
	add(s, start);
	if (status)
		exit(1);
}

static const char text[] = "int f(int x) { return x + __LINE__; }\n";

static void measure_jobs(struct jail_box *box, unsigned rounds)
{
	char *const nothing[] = {(char[]){"/bin/true"}, NULL};
	char *const compile[] = {(char[]){"/usr/bin/gcc"}, (char[]){"-c"}, (char[]){"-o"},
		(char[]){"/tmp/farmmake-jail-cost.o"}, (char[]){"/tmp/farmmake-jail-cost.c"}, NULL};
	static struct series none, none_jailed, gcc, gcc_jailed;
	if (fs_write_atomic(compile[4], text, strlen(text), 0644) < 0)
		exit(1);
	for (unsigned i = 0; i < rounds; i++) {
		run_plain(nothing, &none);
		run_jailed(box, "/bin/true", text, &none_jailed);
		run_plain(compile, &gcc);
		run_jailed(box, "/usr/bin/gcc", text, &gcc_jailed);
	}
	unlink(compile[4]);
	unlink(compile[3]);
	report("nothing: as it is -> in the jail", &none, &none_jailed);
	report("gcc -c: as it is -> in the jail", &gcc, &gcc_jailed);
}

static void add_step(struct viewplan *plan, enum viewplan_kind kind, const char *path)
{
	vec_push(plan, (struct viewplan_step){kind, xstrdup(path), NULL});
}

static void add_names(struct viewplan *plan, const char *dir, int n)
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d && n && (e = readdir(d));) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, e->d_name);
		if (e->d_name[0] == '.')
			continue;
		add_step(plan, VIEWPLAN_NODE, path);
		n--;
	}
	if (d)
		closedir(d);
}

static void make_tree(void)
{
	static const char *const dirs[] = {
		"/tmp", "/usr/include", "/usr/local/include", "/usr/lib/gcc"};
	if (fs_make_private_dir("/tmp", "farmmake-jail-cost-", &tree) < 0 || chmod(tree, 0755) < 0)
		exit(1);
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		_cleanup_free_ char *dir = xasprintf("%s%s", tree, dirs[i]);
		if (fs_mkdirs(dir, 0755) < 0)
			exit(1);
	}
	_cleanup_free_ char *source = xasprintf("%s/tmp/a.c", tree);
	if (fs_write_atomic(source, text, strlen(text), 0444) < 0)
		exit(1);
}

static void measure_views(struct jail_box *box, unsigned rounds)
{
	enum { COVERED = 64 };
	static struct series as_text, as_text_again, as_view, covered;
	struct viewplan few = {0}, many = {0};
	make_tree();
	add_step(&few, VIEWPLAN_TREE, "/tmp");
	add_step(&few, VIEWPLAN_TREE, "/usr/include");
	add_step(&few, VIEWPLAN_TREE, "/usr/local/include");
	add_step(&many, VIEWPLAN_TREE, "/tmp");
	add_step(&many, VIEWPLAN_TREE, "/usr/include");
	add_step(&many, VIEWPLAN_TREE, "/usr/local/include");
	add_step(&many, VIEWPLAN_EMPTY, "/usr/share");
	add_names(&many, "/usr/share", COVERED);
	for (unsigned i = 0; i < rounds; i++) {
		run_jailed(box, "/usr/bin/gcc", text, &as_text);
		run_order(box, "/usr/bin/gcc", text, &few, &as_view);
		run_order(box, "/usr/bin/gcc", text, &many, &covered);
	}
	as_text_again = as_text;
	report("gcc -c in the jail: text -> view", &as_text, &as_view);
	report("... text -> view, 64 names anew", &as_text_again, &covered);
	fs_remove_tree(tree);
	viewplan_fini(&few);
	viewplan_fini(&many);
}

static void measure_namespaces(unsigned rounds)
{
	const int few = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
	static struct series forks, most, all;
	for (unsigned i = 0; i < rounds; i++) {
		run_namespaces(0, &forks);
		run_namespaces(few, &most);
		run_namespaces(few | CLONE_NEWNET, &all);
	}
	static struct series again;
	again = most;
	report("fork -> all namespaces but network", &forks, &most);
	report("all but network -> all namespaces", &again, &all);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 200, level;
	if (rounds < 1 || rounds > ROUNDS_MAX)
		return 2;
	struct jail_box *box;
	char *why = NULL;
	const struct jail_box_conf conf = {.memory_bytes = (uint64_t)4 << 30, .wall_s = 30};
	int err = jail_box_create(&conf, &box);
	if (!err)
		err = jail_box_self_test(box, "/usr/bin/gcc", &level, &why);
	if (err) {
		fprintf(stderr, "jail_cost: %s\n", why ? why : err_str(err));
		return 1;
	}
	printf("jail level %d, %d rounds\n", level, rounds);
	measure_jobs(box, (unsigned)rounds);
	measure_views(box, (unsigned)rounds);
	measure_namespaces((unsigned)rounds);
	jail_box_destroy(box);
	return 0;
}
