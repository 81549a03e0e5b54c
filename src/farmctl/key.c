/* farmctl key - makes the farm's key, names it, derives the keys of nodes, and changes it.
 *
 * A change takes two steps, so that nobody is shut out between them: rotate puts a new key beside the
 * old one, retire drops the old one. What can fail: there is no home for the default file, the file
 * exists (new) or cannot be used (the others): one line, FARMCTL_KEY. No key is ever overwritten, but
 * by retire.
 */
#include "keyfile.h"
#include "verbs.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: farmctl key new [FILE]          make a farm key\n"
	"       farmctl key show-id [FILE]      the id by which nodes and clients name it\n"
	"       farmctl key node NAME [FILE]    print the key of a node, for its key file\n"
	"       farmctl key rotate [FILE]       a new farm key beside the old, still good\n"
	"       farmctl key retire [FILE]       drop the old key\n"
	"FILE: $XDG_CONFIG_HOME/farmmake/key, or ~/.config/farmmake/key, when not given.\n";

static int show_usage(void)
{
	fputs(usage, stderr);
	return FARMCTL_USAGE;
}

static int make_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return 0;
	_cleanup_free_ char *dir = xstrndup(path, (size_t)(slash - path));
	return fs_mkdirs(dir, 0700);
}

/* Never over a file that exists, and never half of one. */
static int write_new(const char *path, const struct keyring *r)
{
	char text[KEYRING_TEXT_MAX];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	keyring_format(r, text);
	int err = fs_write_all(fd, text, strlen(text));
	explicit_bzero(text, sizeof text);
	if (!err && fsync(fd) < 0)
		err = -errno;
	close(fd);
	if (err)
		unlink(path);
	return err;
}

/* Whatever happens, the old file is there or the new one. A link to it stays a link. */
static int replace(const char *given, const struct keyring *r)
{
	_cleanup_free_ char *path = realpath(given, NULL);
	_cleanup_free_ char *next = path ? xasprintf("%s.next", path) : NULL;
	if (!path)
		return -errno;
	unlink(next);
	int err = write_new(next, r);
	if (!err && rename(next, path) < 0) {
		err = -errno;
		unlink(next);
	}
	return err;
}

static void print_ids(const struct keyring *r)
{
	char id[2 * WIRE_KEY_ID_BYTES + 1];
	for (size_t i = 0; i < r->n; i++)
		printf("%s%s\n", str_hex(r->keys[i].farm_id, sizeof r->keys[i].farm_id, id),
			i ? " old" : "");
}

/* Says what is wrong with the file, if something is. */
static int report(const char *path, int err)
{
	if (err)
		log_error("%s: %s", path, err_str(err));
	return err ? FARMCTL_KEY : FARMCTL_OK;
}

static int make_new(int argc, char **argv)
{
	if (argc > 1)
		return show_usage();
	_cleanup_free_ char *path = keyfile_choose(argv[0]);
	if (!path)
		return FARMCTL_KEY;
	struct keyring ring;
	keyring_guard_process();
	int err = make_parent(path);
	if (!err)
		err = keyring_generate(&ring);
	if (err)
		return report(path, err);
	err = write_new(path, &ring);
	if (!err)
		print_ids(&ring);
	keyring_wipe(&ring);
	return report(path, err);
}

static int show_id(int argc, char **argv)
{
	struct keyring ring;
	if (argc > 1)
		return show_usage();
	if (keyfile_load(argv[0], &ring) != FARMCTL_OK)
		return FARMCTL_KEY;
	print_ids(&ring);
	keyring_wipe(&ring);
	return FARMCTL_OK;
}

static int want_farm_key(const struct keyring *r)
{
	log_error("this is the key of node %s: the farm's key is needed", r->keys[0].node);
	return FARMCTL_KEY;
}

/* Not through stdio, whose buffer would keep a copy. */
static int print_keys(const struct keyring *r)
{
	char text[KEYRING_TEXT_MAX];
	keyring_format(r, text);
	int err = fs_write_all(STDOUT_FILENO, text, strlen(text));
	explicit_bzero(text, sizeof text);
	if (err)
		log_error("cannot write: %s", err_str(err));
	return err ? FARMCTL_NOTHING : FARMCTL_OK;
}

static int derive(const struct keyring *farm, const char *name)
{
	struct keyring node;
	int err = keyring_for_node(farm, name, &node);
	if (err == -EINVAL) {
		log_error(
			"a node's name is 1 to %d of A-Z a-z 0-9 . _ - and begins with none of - .",
			WIRE_NAME_MAX);
		return FARMCTL_USAGE;
	}
	if (err)
		return want_farm_key(farm);
	if (isatty(STDOUT_FILENO))
		log_warning("this is secret; it belongs into a file of mode 600 on %s", name);
	int status = print_keys(&node);
	keyring_wipe(&node);
	return status;
}

static int make_node(int argc, char **argv)
{
	struct keyring farm;
	if (argc < 1 || argc > 2)
		return show_usage();
	if (keyfile_load(argv[1], &farm) != FARMCTL_OK)
		return FARMCTL_KEY;
	int status = derive(&farm, argv[0]);
	keyring_wipe(&farm);
	return status;
}

/* The file after one of the two steps of a change; in_wrong_state is said when it is not its turn. */
static int change(const char *given, int (*step)(struct keyring *r), const char *in_wrong_state)
{
	_cleanup_free_ char *path = keyfile_choose(given);
	struct keyring ring;
	if (!path || keyfile_load(path, &ring) != FARMCTL_OK)
		return FARMCTL_KEY;
	int status, err = step(&ring);
	if (err == ERR_KEY) {
		status = want_farm_key(&ring);
	} else if (err == ERR_STATE) {
		log_error("%s: %s", path, in_wrong_state);
		status = FARMCTL_KEY;
	} else {
		status = report(path, err ? err : replace(path, &ring));
		if (status == FARMCTL_OK)
			print_ids(&ring);
	}
	keyring_wipe(&ring);
	return status;
}

static int rotate(int argc, char **argv)
{
	if (argc > 1)
		return show_usage();
	return change(argv[0], keyring_rotate,
		"a change of keys is under way already (farmctl key retire ends it)");
}

static int retire(int argc, char **argv)
{
	if (argc > 1)
		return show_usage();
	return change(argv[0], keyring_retire, "there is no old key");
}

static const struct {
	const char *name;
	int (*fn)(int argc, char **argv); /* without the name; argv[argc] is NULL */
} actions[] = {
	{"new", make_new},
	{"show-id", show_id},
	{"node", make_node},
	{"rotate", rotate},
	{"retire", retire},
};

int key_main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof actions / sizeof *actions; i++)
		if (strcmp(argv[1], actions[i].name) == 0)
			return actions[i].fn(argc - 2, argv + 2);
	return show_usage();
}
