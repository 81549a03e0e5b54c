/* What farmmake needs of this machine. */
#include "doctor.h"

#include "base/capacity.h"
#include "base/err.h"
#include "base/fs.h"
#include "io/conffile.h"
#include "io/jobserver.h"
#include "io/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MIB_ENOUGH = 256, FILES_ENOUGH = 1024, SKEW_S = 2, SOCKET_NAME_BYTES = 32 };

void doctor_check_settings(struct doctor *d, char *const argv[])
{
	_cleanup_free_ char *why = NULL;
	struct strv rest = {0};
	d->has_conf = conffile_load(argv, &d->conf, &rest, &why) == 0;
	strv_fini(&rest);
	if (d->has_conf)
		doctor_say(d, FINDING_OK, "settings", NULL,
			"farm.json, environment and options are understood");
	else
		doctor_say(d, FINDING_ERROR, "settings",
			"mend that; farm.json(5) lists the settings", "%s",
			why ? why : "bad configuration");
}

static const char *key_cure(int err)
{
	switch (err) {
	case -ENOENT:
		return "farmctl key new makes one; the other machines that run farmmake get a copy";
	case ERR_KEYMODE: return "chmod 600 the file";
	case ERR_KEYFILE:
		return "take the farm's key; farmctl key new makes one where there is none";
	default: return "make it readable for you alone";
	}
}

void doctor_check_key(struct doctor *d)
{
	_cleanup_free_ char *usual = keyring_usual_path();
	const char *path = d->conf.key ? d->conf.key : usual;
	char id[2 * WIRE_KEY_ID_BYTES + 1];
	keyring_guard_process();
	int err = path ? keyring_load(path, &d->keys) : -ENOENT;
	d->has_keys = err == 0;
	if (!err && !d->keys.keys[0].is_farm)
		err = ERR_KEYFILE;
	if (err) {
		doctor_say(d, FINDING_ERROR, "key", key_cure(err), "%s: %s",
			path ? path : "no key file",
			d->has_keys ? "is a node's key, not the farm's" : err_str(err));
		return;
	}
	str_hex(d->keys.keys[0].farm_id, WIRE_KEY_ID_BYTES, id);
	if (d->keys.n > 1)
		doctor_say(d, FINDING_WARNING, "key",
			"when all nodes have the new one: farmctl key retire",
			"%s: two keys, the new one is %s", path, id);
	else
		doctor_say(d, FINDING_OK, "key", NULL, "%s: %s", path, id);
}

void doctor_check_make(struct doctor *d)
{
	enum make_style style;
	char version[32];
	int err = jobserver_probe_make(d->conf.make, &style, version);
	if (err)
		doctor_say(d, FINDING_ERROR, "make",
			"install GNU make, or name it with --farm-make", "%s: %s", d->conf.make,
			err == ERR_CONFIG ? "is not GNU make" : err_str(err));
	else if (style == MAKE_NONE)
		doctor_say(d, FINDING_ERROR, "make", "install a GNU make that has a jobserver",
			"%s %s has no jobserver: it would run without the farm", d->conf.make,
			version);
	else
		doctor_say(d, FINDING_OK, "make", NULL, "%s %s", d->conf.make, version);
}

void doctor_check_compilers(struct doctor *d)
{
	char names[200] = "";
	d->local_n = nodes_probe_local(d->local);
	for (size_t i = 0; i < d->local_n; i++)
		snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s %s for %s",
			i ? ", " : "", d->local[i].kind, d->local[i].version, d->local[i].target);
	if (d->local_n)
		doctor_say(
			d, FINDING_OK, "compilers", NULL, "%s; %u cores", names, capacity_cores());
	else
		doctor_say(d, FINDING_ERROR, "compilers", "install gcc, or put it on PATH",
			"neither gcc nor cc on PATH is a compiler that can be measured");
}

/* The build's directory has a socket in it, whose path must not be long, and texts. */
void doctor_check_tmpdir(struct doctor *d)
{
	const char *dir = fs_runtime_parent();
	_cleanup_free_ char *probe = NULL;
	struct statvfs fs;
	static const char cure[] =
		"set XDG_RUNTIME_DIR or TMPDIR to a directory of yours with a short name and room";
	int err = fs_make_private_dir(dir, "farmctl-", &probe);
	if (!err)
		rmdir(probe);
	if (err) {
		doctor_say(d, FINDING_ERROR, "TMPDIR", cure, "%s: %s", dir, err_str(err));
		return;
	}
	uint64_t mib = statvfs(dir, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize >> 20 : 0;
	if (strlen(dir) + SOCKET_NAME_BYTES > sizeof((struct sockaddr_un *)0)->sun_path)
		doctor_say(d, FINDING_ERROR, "TMPDIR", cure,
			"%s: its name is too long for a socket in it", dir);
	else if (mib < MIB_ENOUGH)
		doctor_say(d, FINDING_WARNING, "TMPDIR", cure, "%s: only %llu MiB are free", dir,
			(unsigned long long)mib);
	else
		doctor_say(d, FINDING_OK, "TMPDIR", NULL, "%s: %llu MiB are free", dir,
			(unsigned long long)mib);
}

void doctor_check_limits(struct doctor *d)
{
	struct rlimit files = {0};
	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_max < FILES_ENOUGH)
		doctor_say(d, FINDING_WARNING, "limits",
			"raise the hard limit of open files (ulimit -Hn)",
			"%llu open files: a large farm needs more",
			(unsigned long long)files.rlim_max);
	else
		doctor_say(d, FINDING_OK, "limits", NULL, "up to %llu open files",
			(unsigned long long)files.rlim_max);
}

/* make compares times of files; those of a file server's may be of another clock. */
void doctor_check_clock(struct doctor *d)
{
	char name[] = "farmctl-doctor.XXXXXX";
	struct stat st;
	int fd = mkstemp(name);
	if (fd < 0) {
		doctor_say(d, FINDING_OK, "clock", NULL,
			"not compared: nothing can be written in this directory");
		return;
	}
	time_t now = time(NULL);
	bool known = fstat(fd, &st) == 0;
	close(fd);
	unlink(name);
	long long off_s = known ? (long long)st.st_mtim.tv_sec - (long long)now : 0;
	if (off_s > SKEW_S || off_s < -SKEW_S)
		doctor_say(d, FINDING_WARNING, "clock",
			"let the file server and this machine ask the same time server",
			"files in this directory get times that are %lld s off: make takes old for new",
			off_s);
	else
		doctor_say(d, FINDING_OK, "clock", NULL,
			"files in this directory get this machine's time");
}
