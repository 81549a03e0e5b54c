/* Start-up is a list of steps, each with the exit status that its failure has. Steps that are quick
 * to fail come first; measuring compilers, which may take seconds, comes when nothing else but the
 * jail can go wrong. */
#include "node_impl.h"

#include "base/capacity.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "io/netif.h"
#include "paths.h"
#include "place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { JOB_WALL_S = 1800 };

/* Files and directories that no compiler may see. HOME, because whatever is above a home directory
 * shows it whole. */
static void list_secrets(const struct node *n, struct strv *ret)
{
	const char *home = getenv("HOME");
	char *key = realpath(n->key_file, NULL);
	if (key)
		strv_push_take(ret, key);
	if (home && paths_is_clean(home) && strcmp(home, "/") != 0)
		strv_push(ret, home);
}

static int check_interfaces(struct node *n)
{
	for (size_t i = 0; i < n->opts->interfaces.n; i++) {
		const char *name = n->opts->interfaces.v[i];
		int err = netif_check(name);
		if (err) {
			log_error("--interface %s: %s", name, err_str(err));
			return err;
		}
	}
	return 0;
}

static int check_beacons(struct node *n)
{
	for (size_t i = 0; i < n->opts->beacons.n; i++) {
		struct sockaddr_storage address;
		const char *text = n->opts->beacons.v[i];
		int err = netif_parse_address(text, NETIF_PORT, false, &address);
		if (err) {
			log_error("--beacon %s: %s", text, err_str(err));
			return err;
		}
	}
	return 0;
}

static int choose_name(struct node *n)
{
	_cleanup_free_ char *host = place_name();
	const char *name = n->opts->name ? n->opts->name : host;
	int err = wire_name_check(name);
	if (err)
		log_error(
			"'%s' cannot be a node's name: use --name, with letters, digits, '.', '_', '-'",
			name);
	else
		snprintf(n->name, sizeof n->name, "%s", name);
	return err;
}

/* A farm key is forgotten as soon as this node's own is made of it. */
static int load_key(struct node *n)
{
	struct keyring ring = {.n = 0};
	keyring_guard_process();
	n->key_file = n->opts->key ? xstrdup(n->opts->key) : place_key_file();
	int err = keyring_load(n->key_file, &ring);
	const struct key *first = &ring.keys[0];
	if (!err && !first->is_farm && !n->opts->name)
		snprintf(n->name, sizeof n->name, "%s", first->node);
	if (!err)
		err = keyring_for_node(&ring, n->name, &n->keys);
	if (err == ERR_KEY)
		log_error("%s: the key is that of node %s, not of %s", n->key_file, first->node,
			n->name);
	else if (err)
		log_error("%s: %s", n->key_file, err_str(err));
	keyring_wipe(&ring);
	return err;
}

static int open_port(struct node *n)
{
	_cleanup_free_ char *why = NULL;
	int err = listen_open(
		n->opts->listen ? n->opts->listen : "*", &n->opts->interfaces, &n->listen, &why);
	if (err)
		log_error("%s", why);
	else
		n->port = (uint16_t)listen_port(&n->listen);
	return err;
}

static int find_state_dir(struct node *n)
{
	n->state_dir = n->opts->state_dir ? xstrdup(n->opts->state_dir) : place_state_dir();
	int err = n->state_dir ? fs_mkdirs(n->state_dir, 0700) : 0;
	if (!err)
		return 0;
	if (n->opts->state_dir) {
		log_error("--state-dir %s: %s", n->state_dir, err_str(err));
		return err;
	}
	log_warning("%s: %s; compilers are measured at each start", n->state_dir, err_str(err));
	free(n->state_dir);
	n->state_dir = NULL;
	return 0;
}

static int add_bind(struct node *n, const char *dir, const struct strv *secrets)
{
	struct stat st;
	_cleanup_free_ char *real = realpath(dir, NULL);
	int err = !real || stat(real, &st) < 0 ? -errno : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	if (err) {
		log_error("--bind %s: %s", dir, err_str(err));
		return err;
	}
	for (size_t i = 0; i < secrets->n; i++) {
		if (paths_is_below(secrets->v[i], real)) {
			log_error("--bind %s: would show %s to jobs", dir, secrets->v[i]);
			return -EINVAL;
		}
	}
	if (!strv_has(&n->binds, real))
		strv_push(&n->binds, real);
	return 0;
}

static int add_binds(struct node *n)
{
	struct strv secrets = {0};
	int err = 0;
	list_secrets(n, &secrets);
	for (size_t i = 0; i < n->opts->binds.n && !err; i++)
		err = add_bind(n, n->opts->binds.v[i], &secrets);
	strv_fini(&secrets);
	return err;
}

static int find_toolchains(struct node *n)
{
	struct strv secrets = {0};
	list_secrets(n, &secrets);
	const char *path = getenv("PATH");
	const char *paths[3] = {path ? path : "/usr/local/bin:/usr/bin:/bin", n->opts->compilers};
	const struct toolchains_conf conf = {
		.paths = paths, .cache_dir = n->state_dir, .secrets = &secrets};
	toolchains_scan(&conf, &n->toolchains);
	strv_fini(&secrets);
	for (size_t i = 0; i < n->toolchains.binds.n; i++)
		if (!strv_has(&n->binds, n->toolchains.binds.v[i]))
			strv_push(&n->binds, n->toolchains.binds.v[i]);
	if (n->toolchains.n == 0)
		log_warning("no compiler found: this node will get no jobs");
	return 0;
}

/* What a test asks for instead; never more than there would be. */
static uint64_t lower(uint64_t value, const char *variable)
{
	const char *text = getenv(variable);
	long wish;
	if (!text || str_to_long(text, 1, LONG_MAX, &wish) < 0 || (uint64_t)wish > value)
		return value;
	return (uint64_t)wish;
}

/* What can be done about a jail that cannot be built. */
static const char *advise(const char *why)
{
	static const char *const steps[] = {"namespaces: ", "user map: ", "root: "};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (strstr(why, steps[i]))
			return "; without namespaces no job has its client's directory, and objects would "
			       "differ: allow user namespaces, or run farmnode as root (farmnode(8), The jail)";
	return "";
}

static int judge_jail(struct node *n, const char *why)
{
	if (n->jail_level != JAIL_LEVEL_NONE)
		return 0;
	if (!n->opts->insecure_no_jail) {
		log_error("jail level 0: %s; --insecure-no-jail starts all the same", why);
		return ERR_JAIL;
	}
	log_warning("jail level 0: %s; whoever holds the farm's key may do so here", why);
	return 0;
}

static void say_jail(const struct node *n)
{
	log_info("jail level %d%s; limits by %s", n->jail_level,
		jail_box_needs_root(n->box) ? ", namespaces by root" : "",
		jail_box_has_groups(n->box) ? "control groups"
					    : "rlimits only: no control group is delegated");
}

static int build_jail(struct node *n)
{
	_cleanup_free_ char *why = NULL;
	const uint64_t memory = lower(capacity_memory_bytes(), "FARMMAKE_TEST_JOB_BYTES");
	const struct jail_box_conf conf = {.binds = &n->binds,
		.memory_bytes = memory,
		.tmpfs_bytes = memory / 2,
		.job_bytes = memory / 2,
		.all_bytes = memory / 8 * 7,
		.wall_s = (uint32_t)lower(JOB_WALL_S, "FARMMAKE_TEST_JOB_S")};
	int err = jail_box_create(&conf, &n->box);
	if (!err)
		err = jail_box_self_test(n->box,
			n->toolchains.n ? n->toolchains.v[0].path : "/bin/true", &n->jail_level,
			&why);
	if (err) {
		log_error("%s%s", why ? why : err_str(err), why ? advise(why) : "");
		return err;
	}
	err = judge_jail(n, why);
	if (!err)
		say_jail(n);
	return err;
}

/* Where this fails, jobs come as texts. */
static int try_views(struct node *n, const char *parent, char **ret_why)
{
	uint64_t bytes = n->opts->store_size > 0 ? (uint64_t)n->opts->store_size : 0;
	int err = viewstore_create(parent, bytes, &n->binds, &n->views);
	if (!err)
		err = viewstore_try(n->views, n->box, n->toolchains.v[0].path, ret_why);
	return err;
}

static int open_views(struct node *n)
{
	_cleanup_free_ char *why = NULL, *parent = n->opts->store ? xstrdup(n->opts->store)
								  : place_store_dir(n->state_dir);
	if (n->opts->store_size == 0 || n->toolchains.n == 0)
		return 0;
	int err = parent ? try_views(n, parent, &why) : -ENOENT;
	if (!err) {
		log_info("views of clients' files are shown, from %s", parent);
		return 0;
	}
	log_warning("no views of clients' files are shown here: %s: %s",
		parent ? parent : "--store", why ? why : err_str(err));
	viewstore_destroy(n->views);
	n->views = NULL;
	return 0;
}

static int size_up(struct node *n)
{
	n->slots = n->opts->slots > 0 ? (unsigned)n->opts->slots : capacity_cores();
	n->preload = n->opts->preload >= 0 ? (unsigned)n->opts->preload : n->slots;
	/* a link and a job take a handful of descriptors each */
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (getrandom(n->boot_id, sizeof n->boot_id, 0) == sizeof n->boot_id)
		return 0;
	log_error("no random numbers: %s", err_str(-errno));
	return -EIO;
}

static const struct {
	int (*run)(struct node *n);
	enum node_exit failure;
} steps[] = {
	{check_interfaces, NODE_USAGE},
	{check_beacons, NODE_USAGE},
	{choose_name, NODE_USAGE},
	{load_key, NODE_KEY},
	{add_binds, NODE_USAGE},
	{find_state_dir, NODE_FAILED},
	{open_port, NODE_PORT},
	{size_up, NODE_FAILED},
	{find_toolchains, NODE_FAILED},
	{build_jail, NODE_JAIL},
	{open_views, NODE_FAILED},
};

enum node_exit setup_node(struct node *n)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i].run(n) != 0)
			return steps[i].failure;
	return NODE_OK;
}

void setup_undo(struct node *n)
{
	viewstore_destroy(n->views);
	jail_box_destroy(n->box);
	toolchains_fini(&n->toolchains);
	strv_fini(&n->binds);
	listen_close(&n->listen);
	keyring_wipe(&n->keys);
	free(n->key_file);
	free(n->state_dir);
}
