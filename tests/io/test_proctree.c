#include "io/proctree.h"

#include "base/str.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that waits until it is killed; named so when name is not NULL, else "sleep 61". */
static pid_t child(const char *name)
{
	int ready[2];
	char byte;
	cr_assert_eq(
		pipe2(ready, O_CLOEXEC), 0); /* so it is closed when the program has been started */
	pid_t pid = fork();
	if (pid == 0) {
		if (name) {
			prctl(PR_SET_NAME, name);
			close(ready[1]);
			pause();
		}
		execlp("sleep", "sleep", "61", NULL);
		_exit(1);
	}
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(proctree, shows_the_children_of_a_process)
{
	pid_t a = child("a"), b = child("b"), list[8];
	size_t n = proctree_children(getpid(), list, 8);
	cr_assert_eq(n, 2);
	cr_assert((list[0] == a && list[1] == b) || (list[0] == b && list[1] == a));
	cr_assert_eq(proctree_children(getpid(), list, 1), 1);
	end(a);
	end(b);
	cr_assert_eq(proctree_children(getpid(), list, 8), 0);
}

Test(proctree, shows_many_of_them)
{
	enum { MANY = 300 };
	pid_t pids[MANY], list[MANY + 1];
	for (int i = 0; i < MANY; i++)
		pids[i] = child("many");
	cr_assert_eq(proctree_children(getpid(), list, MANY + 1), MANY);
	for (int i = 0; i < MANY; i++)
		end(pids[i]);
}

Test(proctree, reads_what_a_process_is)
{
	struct proctree_process p;
	pid_t pid = child("odd) R 1 (x");
	cr_assert(proctree_read(pid, &p));
	cr_assert_str_eq(p.name, "odd) R 1 (x");
	cr_assert(p.state == 'S' || p.state == 'R', "%c",
		p.state); /* it may be on its way to sleep */
	double age_s = proctree_age_s(p.ticks);
	cr_assert(age_s > -0.02 && age_s < 60, "%f", age_s);
	end(pid);
	cr_assert_not(proctree_read(pid, &p));
}

Test(proctree, counts_those_of_a_name)
{
	cr_assert_eq(proctree_count("farm-count-me"), 0);
	pid_t a = child("farm-count-me"), b = child("farm-count-me"), c = child("farm-count-m");
	cr_assert_eq(proctree_count("farm-count-me"), 2);
	end(b);
	cr_assert_eq(proctree_count("farm-count-me"), 1);
	end(a);
	end(c);
}

Test(proctree, reads_command_lines)
{
	char command[PROCTREE_COMMAND_MAX];
	pid_t pid = child(NULL);
	/* descriptors are closed a moment before a new program's words are in place */
	for (int i = 0; i < 5000 && !*proctree_command(pid, command); i++)
		usleep(1000);
	cr_assert_str_eq(command, "sleep 61");
	end(pid);
	cr_assert_str_eq(proctree_command(pid, command), "");
}

Test(proctree, cuts_long_command_lines)
{
	char word[2 * PROCTREE_COMMAND_MAX], command[PROCTREE_COMMAND_MAX];
	memset(word, 'w', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	pid_t pid = fork();
	if (pid == 0) {
		execlp("sh", "sh", "-c", "kill -STOP $$", word, NULL);
		_exit(1);
	}
	int status;
	cr_assert_eq(waitpid(pid, &status, WUNTRACED), pid);
	cr_assert(WIFSTOPPED(status));
	proctree_command(pid, command);
	cr_assert_eq(strlen(command), PROCTREE_COMMAND_MAX - 1);
	cr_assert(str_starts(command, "sh -c kill -STOP $$ www"), "%s", command);
	end(pid);
}
