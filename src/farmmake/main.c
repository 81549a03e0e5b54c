/* farmmake - make for people who own more than one machine.
 *
 * This file only decides what kind of call it is; build.c does the work.
 */
#include "base/log.h"
#include "build.h"
#include "command.h"
#include "settings.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void print_help(void)
{
	char *options = conf_help();
	printf("Usage: farmmake [--farm-OPTION]... [make arguments and targets]\n\n"
	       "Runs make, and its compiles on the nodes of your farm. Everything but these\n"
	       "options goes to make; -j means the number of local slots.\n\n%s\n",
		options);
	free(options);
	fflush(stdout);
}

static bool has_word(const struct strv *args, const char *a, const char *b)
{
	return strv_has(args, a) || strv_has(args, b);
}

/* make says its version first, for those who look at the first line. */
static int show_version(const struct conf *conf, const struct strv *args)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(build_exec_make(conf, args, 0));
	int status = 0;
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		puts("farmmake " FARMMAKE_VERSION);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int run_command(struct conf *conf, const struct strv *words, int *ret_signal)
{
	struct make_args args;
	int status = command_take(conf, words, &args);
	if (!status)
		status = build_run(conf, &args, ret_signal);
	make_args_fini(&args);
	return status;
}

static int run_make(struct conf *conf, const struct strv *words, int *ret_signal)
{
	struct make_args args;
	int status;
	make_args_scan(words->v ? words->v : (char *[]){NULL}, &args);
	if (has_word(words, "--help", "-h"))
		print_help();
	if (has_word(words, "--version", "-v"))
		status = show_version(conf, words);
	else if (args.passthrough || args.bad_jobs)
		status = build_exec_make(conf, words, 0);
	else
		status = build_run(conf, &args, ret_signal);
	make_args_fini(&args);
	return status;
}

static void die_by(int signum)
{
	struct rlimit no_core = {0, 0};
	setrlimit(RLIMIT_CORE, &no_core);
	signal(signum, SIG_DFL);
	raise(signum);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signum);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(int argc, char *argv[])
{
	(void)argc;
	log_init("farmmake", LOG_INFO);
	struct conf conf;
	struct strv rest = {0};
	int status = settings_load(argv + 1, &conf, &rest);
	if (status)
		return status;
	if (getenv("FARMMAKE_TEST_TRACE"))
		log_init("farmmake", LOG_DEBUG);
	int term_signal = 0;
	status = conf.run ? run_command(&conf, &rest, &term_signal)
			  : run_make(&conf, &rest, &term_signal);
	strv_fini(&rest);
	conf_fini(&conf);
	if (term_signal)
		die_by(term_signal);
	return status;
}
