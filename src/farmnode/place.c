#include "place.h"

#include "base/fs.h"
#include "base/str.h"
#include "io/keyring.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

char *place_key_file(void)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	if (credentials)
		return xasprintf("%s/farmkey", credentials);
	_cleanup_free_ char *mine = keyring_usual_path();
	if (mine && access(mine, F_OK) == 0)
		return xstrdup(mine);
	return xstrdup("/etc/farmmake/key");
}

char *place_state_dir(void)
{
	const char *given = getenv("STATE_DIRECTORY"); /* systemd separates several by ':' */
	if (given && given[0] == '/')
		return xstrndup(given, strcspn(given, ":"));
	if (geteuid() == 0 && !getenv("XDG_STATE_HOME"))
		return xstrdup("/var/lib/farmmake");
	return fs_xdg_dir("XDG_STATE_HOME", ".local/state");
}

char *place_store_dir(const char *state_dir)
{
	const char *given = getenv("RUNTIME_DIRECTORY");
	if (given && given[0] == '/')
		return xstrndup(given, strcspn(given, ":"));
	if (geteuid() == 0)
		return xstrdup("/run/farmnode");
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	if (runtime && runtime[0] == '/')
		return xasprintf("%s/farmnode", runtime);
	return state_dir ? xstrdup(state_dir) : NULL;
}

char *place_name(void)
{
	char host[HOST_NAME_MAX + 1] = "";
	gethostname(host, sizeof host - 1);
	return xstrndup(host, strcspn(host, "."));
}
