/* jail_box - what the jobs of a node share. */
#include "jail_box.h"

#include "base/fs.h"
#include "io/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of one job, in its control group; without one it is farmjail who limits them. */
enum { JOB_PROCESSES = 128 };
/* Text, assembly and outputs of the largest job that is any use. */
static const uint64_t tmpfs_bytes_max = (uint64_t)2 << 30;

int jail_box_add_seals(int fd)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	return fcntl(fd, F_ADD_SEALS, seals) < 0 ? -errno : 0;
}

int jail_box_seal(const char *name, const void *data, size_t n)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	int err = fs_write_all(fd, data, n);
	if (!err)
		err = jail_box_add_seals(fd);
	if (err)
		close(fd);
	return err ? err : fd;
}

int jail_box_create(const struct jail_box_conf *conf, struct jail_box **ret)
{
	struct jail_box *box = xcalloc(1, sizeof *box);
	box->helper = conf->helper ? xstrdup(conf->helper) : probe_find_helper("farmjail");
	box->memory_bytes = conf->memory_bytes;
	box->tmpfs_bytes = conf->tmpfs_bytes && conf->tmpfs_bytes < tmpfs_bytes_max
				   ? conf->tmpfs_bytes
				   : tmpfs_bytes_max;
	box->wall_s = conf->wall_s;
	for (size_t i = 0; conf->binds && i < conf->binds->n; i++)
		strv_push(&box->binds, conf->binds->v[i]);
	box->seccomp_fd = jail_box_build_filter();
	int err = box->seccomp_fd < 0 ? box->seccomp_fd : 0;
	if (!err && (!box->helper || !fs_is_executable(box->helper)))
		err = -ENOENT;
	if (err) {
		jail_box_destroy(box);
		return err;
	}
	const struct jail_group_limits limits = {conf->job_bytes, conf->all_bytes, JOB_PROCESSES};
	if (conf->job_bytes && jail_groups_open(NULL, &limits, &box->groups) < 0)
		box->groups = NULL;
	*ret = box;
	return 0;
}

void jail_box_destroy(struct jail_box *box)
{
	if (!box)
		return;
	if (box->seccomp_fd >= 0)
		close(box->seccomp_fd);
	jail_groups_close(box->groups);
	strv_fini(&box->binds);
	free(box->helper);
	free(box);
}

bool jail_box_has_groups(const struct jail_box *box)
{
	return box->groups;
}

bool jail_box_needs_root(const struct jail_box *box)
{
	return box->way == JAIL_WAY_ROOT;
}
