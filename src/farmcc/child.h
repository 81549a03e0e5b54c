/* child - processes that farmcc waits for, and its own death.
 *
 * Contract: one child at a time. SIGINT, SIGTERM and SIGHUP go on to the child; when it has ended,
 * or when there is none, the files of child_cleanup_add() are removed and farmcc dies by the signal. A
 * child never outlives a farmcc that was killed.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

void child_watch_signals(void);
/* A file to be removed if a signal ends this process, also when it is not there yet; two at most. */
void child_cleanup_add(const char *path);
void child_cleanup_drop(const char *path);
/* Runs path; out_fd and err_fd become its stdout and stderr, -1 leaves ours. -errno. */
int child_start(
	const char *path, char *const argv[], char *const env[], const int fds[2], pid_t *ret_pid);
/* Waits for it; ends this process when a signal was caught meanwhile. */
int child_wait(pid_t pid, int *ret_wait_status, uint64_t *ret_cpu_us);
/* The same for timeout_ms at most. Returns 1 when it has ended, 0 when it has not. */
int child_wait_ms(pid_t pid, int timeout_ms, int *ret_wait_status, uint64_t *ret_cpu_us);
/* Runs it, for what it writes. ERR_COMPILER when it does not end well. */
int child_ask(const char *path, char *const argv[], char *const env[], const int fds[2]);
/* Ends it, if it has not ended, and waits until what it started has ended too: nothing of it writes files
 * any more. The caller has seen to it that writing fails. */
void child_abort(pid_t pid);
/* Ends this process as a child ended: its exit status, or death by the same signal. */
_Noreturn void child_exit_like(int wait_status);
