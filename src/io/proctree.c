/* Small files, read whole. What can fail is that the process is gone, or another user's. */
#include "io/proctree.h"

#include "base/fs.h"
#include "base/str.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHILDREN_BYTES = 16384, STAT_BYTES = 1024 };

/* Returns the number of bytes, 0 when there is nothing to read; out is a string. */
static size_t read_some(const char *path, char *out, size_t room)
{
	size_t n = 0;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fs_read_all(fd, out, room - 1, &n) < 0)
		n = 0;
	out[n] = '\0';
	return n;
}

size_t proctree_children(pid_t pid, pid_t *ret, size_t room)
{
	char path[64], text[CHILDREN_BYTES];
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	size_t bytes = read_some(path, text, sizeof text), n = 0;
	/* a number that was cut is another process's */
	if (bytes == sizeof text - 1)
		*(strrchr(text, ' ') ? strrchr(text, ' ') : text) = '\0';
	for (char *at = text, *end; n < room; at = end) {
		long child = strtol(at, &end, 10);
		if (end == at || child <= 0)
			break;
		ret[n++] = (pid_t)child;
	}
	return n;
}

/* The rest of a line, from the word on that follows n others; NULL when there are fewer. */
static const char *skip_words(const char *at, unsigned n)
{
	while (n-- > 0 && at)
		at = (at = strchr(at, ' ')) ? at + 1 : NULL;
	return at;
}

/* proc(5): "PID (NAME) STATE ... STARTTIME ...", the 3rd and the 22nd. A name may hold anything, blanks and
 * brackets, too. */
bool proctree_read(pid_t pid, struct proctree_process *ret)
{
	enum { STATE = 3, STARTTIME = 22 };
	char path[64], text[STAT_BYTES];
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	read_some(path, text, sizeof text);
	char *name = strchr(text, '('), *end = strrchr(text, ')');
	const char *state = name && end ? skip_words(end, 1) : NULL;
	const char *start = state ? skip_words(state, STARTTIME - STATE) : NULL;
	if (!start || end < name)
		return false;
	*end = '\0';
	snprintf(ret->name, sizeof ret->name, "%s", name + 1);
	ret->state = *state;
	ret->ticks = strtoull(start, NULL, 10);
	return true;
}

const char *proctree_command(pid_t pid, char out[static PROCTREE_COMMAND_MAX])
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	size_t n = read_some(path, out, PROCTREE_COMMAND_MAX);
	while (n > 0 && out[n - 1] == '\0')
		n--;
	for (size_t i = 0; i < n; i++)
		if (out[i] == '\0')
			out[i] = ' ';
	return out;
}

/* True if they may not be read, as another user's may not. */
static bool is_same_network(pid_t pid)
{
	char path[64], own[64], others[64];
	snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
	ssize_t n = readlink("/proc/self/ns/net", own, sizeof own);
	ssize_t m = readlink(path, others, sizeof others);
	return n < 0 || m < 0 || (n == m && memcmp(own, others, (size_t)n) == 0);
}

size_t proctree_count(const char *name)
{
	size_t count = 0;
	struct proctree_process p;
	DIR *dir = opendir("/proc");
	for (struct dirent *e; dir && (e = readdir(dir));) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (pid > 0 && proctree_read(pid, &p) && strcmp(p.name, name) == 0)
			count += is_same_network(pid);
	}
	if (dir)
		closedir(dir);
	return count;
}

double proctree_age_s(uint64_t ticks)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9 -
	       (double)ticks / (double)sysconf(_SC_CLK_TCK);
}
