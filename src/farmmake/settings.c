#include "settings.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "io/conffile.h"
#include "nodes.h"
#include "record.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int settings_load(char *const argv[], struct conf *ret_conf, struct strv *ret_rest)
{
	_cleanup_free_ char *why = NULL;
	if (conffile_load(argv, ret_conf, ret_rest, &why) == 0)
		return 0;
	log_error("%s", why ? why : "bad configuration");
	return EXIT_USAGE;
}

int settings_keys(const struct conf *c, struct keyring *ret_keys, bool *ret_has)
{
	_cleanup_free_ char *usual = keyring_usual_path();
	const char *path = c->key ? c->key : usual;
	*ret_has = false;
	keyring_guard_process();
	int err = path ? keyring_load(path, ret_keys) : -ENOENT;
	if (err == -ENOENT && !c->key && nodes_has_distccd(c))
		return 0;
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
