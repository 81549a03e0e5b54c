#include "settings.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "record.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { CONFIG_BYTES_MAX = 1 << 20 };

static int complain(char *why)
{
	log_error("%s", why ? why : "bad configuration");
	free(why);
	return EXIT_USAGE;
}

/* --farm-config, FARMMAKE_CONFIG, or the usual place (which may be empty). */
static int find_config(char *const argv[], char **ret_path, bool *ret_required)
{
	struct conf scratch;
	struct strv rest = {0};
	char *path = NULL, *why = NULL;
	conf_init(&scratch);
	int err = conf_parse_options(&scratch, argv, &rest, &path, &why);
	conf_fini(&scratch);
	strv_fini(&rest);
	if (err)
		return complain(why);
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

static int load_file(struct conf *c, const char *path, bool required)
{
	_cleanup_free_ char *text = NULL;
	int err = fs_read_file(path, CONFIG_BYTES_MAX, &text, NULL);
	if (err == -ENOENT && !required)
		return 0;
	if (err)
		return complain(xasprintf("cannot read %s: %s", path, err_str(err)));
	char *why = NULL;
	return conf_parse_json(c, path, text, &why) ? complain(why) : 0;
}

int settings_load(char *const argv[], struct conf *ret_conf, struct strv *ret_rest)
{
	_cleanup_free_ char *path = NULL;
	bool required = false;
	int status = find_config(argv, &path, &required);
	if (status)
		return status;
	conf_init(ret_conf);
	if (path)
		status = load_file(ret_conf, path, required);
	char *why = NULL;
	if (!status && conf_parse_env(ret_conf, environ, &why))
		status = complain(why);
	if (!status && conf_parse_options(ret_conf, argv, ret_rest, NULL, &why))
		status = complain(why);
	if (status)
		conf_fini(ret_conf);
	return status;
}

int settings_keys(const struct conf *c, struct keyring *ret_keys, bool *ret_has)
{
	_cleanup_free_ char *dir = fs_xdg_dir("XDG_CONFIG_HOME", ".config");
	_cleanup_free_ char *usual = dir ? xasprintf("%s/key", dir) : NULL;
	const char *path = c->key ? c->key : usual;
	*ret_has = false;
	keyring_guard_process();
	int err = path ? keyring_load(path, ret_keys) : -ENOENT;
	if (err == -ENOENT && !c->key) {
		log_warning("no farm key (farmctl key new); everything is compiled here");
		return 0;
	}
	if (!err && !ret_keys->keys[0].is_farm)
		err = ERR_KEYFILE;
	if (err) {
		log_error("key file %s: %s", path, err_str(err));
		return EXIT_KEY;
	}
	*ret_has = true;
	return 0;
}

char *settings_report(const struct conf *c)
{
	if (c->report && strcmp(c->report, "none") == 0)
		return NULL;
	char *path = NULL;
	if (c->report && c->report[0]) {
		path = xstrdup(c->report);
	} else {
		_cleanup_free_ char *dir = fs_xdg_dir("XDG_STATE_HOME", ".local/state");
		if (!dir || fs_mkdirs(dir, 0755) < 0)
			return NULL; /* nobody asked for it */
		path = xasprintf("%s/report.json", dir);
	}
	int err = record_check_path(path);
	if (err) {
		log_warning("no report: cannot write %s: %s", path, err_str(err));
		free(path);
		return NULL;
	}
	return path;
}
