#include "keyfile.h"
#include "verbs.h"

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

#include <errno.h>

char *keyfile_choose(const char *given)
{
	char *path = given ? xstrdup(given) : keyring_usual_path();
	if (!path)
		log_error("no key file: neither XDG_CONFIG_HOME nor HOME is set");
	return path;
}

int keyfile_load(const char *given, struct keyring *ret)
{
	_cleanup_free_ char *path = keyfile_choose(given);
	if (!path)
		return FARMCTL_KEY;
	keyring_guard_process();
	int err = keyring_load(path, ret);
	if (err == -ENOENT)
		log_error("%s: no key there (farmctl key new makes one)", path);
	else if (err)
		log_error("%s: %s", path, err_str(err));
	return err ? FARMCTL_KEY : FARMCTL_OK;
}
