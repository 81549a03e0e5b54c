/* farmctl key - makes the farm's key, names it, and derives the keys of nodes.
 *
 * What can fail: there is no home for the default file, the file exists (new) or cannot be used
 * (the others): one line, FARMCTL_KEY. A key that exists is never touched.
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
	"       farmctl key node NAME [FILE]    the key of one node, for its key file, on stdout\n"
	"FILE is $XDG_CONFIG_HOME/farmmake/key or ~/.config/farmmake/key when not given.\n";

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
static int write_new(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int err = fs_write_all(fd, text, strlen(text));
	if (!err && fsync(fd) < 0)
		err = -errno;
	close(fd);
	if (err)
		unlink(path);
	return err;
}

static void print_id(const struct key *k)
{
	char id[2 * WIRE_KEY_ID_BYTES + 1];
	puts(str_hex(k->farm_id, sizeof k->farm_id, id));
}

static int make_new(int argc, char **argv)
{
	if (argc > 1)
		return show_usage();
	_cleanup_free_ char *path = keyfile_choose(argv[0]);
	if (!path)
		return FARMCTL_KEY;
	struct key k;
	char text[KEY_TEXT_MAX];
	int err = make_parent(path);
	if (!err)
		err = key_generate(&k);
	if (!err) {
		key_format(&k, text);
		err = write_new(path, text);
		explicit_bzero(text, sizeof text);
	}
	if (err) {
		log_error("%s: %s", path, err_str(err));
		return FARMCTL_KEY;
	}
	print_id(&k);
	key_wipe(&k);
	return FARMCTL_OK;
}

static int show_id(int argc, char **argv)
{
	struct key k;
	if (argc > 1)
		return show_usage();
	if (keyfile_load(argv[0], &k) != FARMCTL_OK)
		return FARMCTL_KEY;
	print_id(&k);
	key_wipe(&k);
	return FARMCTL_OK;
}

static int derive(const struct key *farm, const char *name)
{
	struct key node;
	char text[KEY_TEXT_MAX];
	int err = key_for_node(farm, name, &node);
	if (err == -EINVAL) {
		log_error(
			"a node's name is 1 to %d of A-Z a-z 0-9 . _ - and begins with none of - .",
			WIRE_NAME_MAX);
		return FARMCTL_USAGE;
	}
	if (err) {
		log_error("this is the key of node %s: the farm's key is needed", farm->node);
		return FARMCTL_KEY;
	}
	if (isatty(STDOUT_FILENO))
		log_warning("this is secret; it belongs into a file of mode 600 on %s", name);
	key_format(&node, text);
	fputs(text, stdout);
	explicit_bzero(text, sizeof text);
	key_wipe(&node);
	return FARMCTL_OK;
}

static int make_node(int argc, char **argv)
{
	struct key farm;
	if (argc < 1 || argc > 2)
		return show_usage();
	if (keyfile_load(argv[1], &farm) != FARMCTL_OK)
		return FARMCTL_KEY;
	int status = derive(&farm, argv[0]);
	key_wipe(&farm);
	return status;
}

static const struct {
	const char *name;
	int (*fn)(int argc, char **argv); /* without the name; argv[argc] is NULL */
} actions[] = {
	{"new", make_new},
	{"show-id", show_id},
	{"node", make_node},
};

int key_main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof actions / sizeof *actions; i++)
		if (strcmp(argv[1], actions[i].name) == 0)
			return actions[i].fn(argc - 2, argv + 2);
	return show_usage();
}
