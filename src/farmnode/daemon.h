/* daemon - goes to the background, and lets the caller know whether that went well. */
#pragma once

/* Forks. In the child returns -1, and *ret_ready_fd is for daemon_ready(). In the parent waits
 * until the child is ready or has ended, and returns the exit status to end with. */
int daemon_fork(int *ret_ready_fd);
/* Leaves the terminal: stdin and stdout go nowhere, stderr to log_path (NULL: nowhere too), and
 * the parent is told to end. Closes ready_fd. */
void daemon_ready(int ready_fd, const char *log_path);
