#include "io/conffile.h"

#include "base/err.h"
#include "base/fs.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONFIG_BYTES_MAX = 1 << 20 };

/* *ret_path: NULL when there is no place for it. */
static int find(char *const argv[], char **ret_path, bool *ret_required, char **ret_why)
{
	struct conf scratch;
	struct strv rest = {0};
	char *path = NULL;
	conf_init(&scratch);
	int err = conf_parse_options(&scratch, argv, &rest, &path, ret_why);
	conf_fini(&scratch);
	strv_fini(&rest);
	if (err)
		return err;
	const char *env = getenv("FARMMAKE_CONFIG");
	if (env && !env[0])
		env = NULL;
	*ret_required = path || env;
	if (!path && env)
		path = xstrdup(env);
	if (!path) {
		_cleanup_free_ char *dir = fs_xdg_dir("XDG_CONFIG_HOME", ".config");
		path = dir ? xasprintf("%s/farm.json", dir) : NULL;
	}
	*ret_path = path;
	return 0;
}

static int load_file(struct conf *c, const char *path, bool required, char **ret_why)
{
	_cleanup_free_ char *text = NULL;
	int err = fs_read_file(path, CONFIG_BYTES_MAX, &text, NULL);
	if (err == -ENOENT && !required)
		return 0;
	if (!err)
		return conf_parse_json(c, path, text, ret_why);
	*ret_why = xasprintf("cannot read %s: %s", path, err_str(err));
	return err;
}

int conffile_load(char *const argv[], struct conf *ret_conf, struct strv *ret_rest, char **ret_why)
{
	_cleanup_free_ char *path = NULL;
	bool required = false;
	int err = find(argv, &path, &required, ret_why);
	if (err)
		return err;
	conf_init(ret_conf);
	if (path)
		err = load_file(ret_conf, path, required, ret_why);
	if (!err)
		err = conf_parse_env(ret_conf, environ, ret_why);
	if (!err)
		err = conf_parse_options(ret_conf, argv, ret_rest, NULL, ret_why);
	if (err)
		conf_fini(ret_conf);
	return err;
}
