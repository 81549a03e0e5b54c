/* farmctl nodes - who is there, what each offers, and why it cannot be used.
 *
 * The happy path: survey.c finds the nodes and asks them, the compilers of this machine are probed,
 * and each node is judged. Only bad options and a bad key are failures.
 */
#include "nodes.h"
#include "keyfile.h"
#include "verbs.h"

#include "base/capacity.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "io/netif.h"
#include "io/probe.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 1200, WAIT_MAX_S = 3600 };

static const char usage[] =
	"usage: farmctl nodes [OPTION]...\n"
	"  --json                  as JSON\n"
	"  --wait SECONDS          how long to listen for beacons (1.2)\n"
	"  --key FILE              key file\n"
	"  --interface IF          listen here only; may be repeated\n"
	"  --port N                UDP port of the beacons (3634)\n"
	"  --node HOST[:PORT]      ask this one too; may be repeated\n"
	"Exit status: 0 when a node is usable, 1 when none is, 2 usage, 3 key.\n";

struct options {
	struct survey_conf survey;
	const char *key;
	bool json, help;
};

static int bad_value(const char *option, const char *value)
{
	char shown[64];
	log_error("--%s: bad value: %s", option, log_escape(value, shown, sizeof shown));
	return -EINVAL;
}

static int parse_wait(const char *text, uint64_t *ret_ms)
{
	char *end;
	double s = strtod(text, &end);
	if (end == text || *end || !(s >= 0) || s > WAIT_MAX_S)
		return bad_value("wait", text);
	*ret_ms = (uint64_t)(s * 1000);
	return 0;
}

static int parse_port(const char *text, int *ret)
{
	long port;
	if (str_to_long(text, 1, 65535, &port) < 0)
		return bad_value("port", text);
	*ret = (int)port;
	return 0;
}

static int add_interface(struct strv *list, const char *name)
{
	if (netif_check(name) < 0) {
		char shown[64];
		log_error("--interface: there is no %s", log_escape(name, shown, sizeof shown));
		return -ENODEV;
	}
	strv_push(list, name);
	return 0;
}

static int take_option(struct options *o, int option)
{
	switch (option) {
	case 'j': o->json = true; return 0;
	case 'w': return parse_wait(optarg, &o->survey.wait_ms);
	case 'k': o->key = optarg; return 0;
	case 'i': return add_interface(&o->survey.interfaces, optarg);
	case 'p': return parse_port(optarg, &o->survey.port);
	case 'n': strv_push(&o->survey.nodes, optarg); return 0;
	case 'h': o->help = true; return 0;
	default: return -EINVAL; /* getopt has told */
	}
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{"json", no_argument, NULL, 'j'},
		{"wait", required_argument, NULL, 'w'},
		{"key", required_argument, NULL, 'k'},
		{"interface", required_argument, NULL, 'i'},
		{"port", required_argument, NULL, 'p'},
		{"node", required_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	static char name[] = "farmctl nodes";
	argv[0] = name; /* for getopt's messages */
	int option, err = 0;
	while (!err && (option = getopt_long(argc, argv, "", table, NULL)) != -1)
		err = take_option(o, option);
	if (!err && optind < argc)
		err = bad_value("node", argv[optind]);
	return err;
}

size_t nodes_probe_local(struct toolchain ret[NODES_LOCAL_MAX])
{
	static const char *const names[NODES_LOCAL_MAX] = {"gcc", "cc"};
	_cleanup_free_ char *cache = fs_xdg_dir("XDG_CACHE_HOME", ".cache");
	size_t n = 0;
	for (size_t i = 0; i < NODES_LOCAL_MAX; i++) {
		_cleanup_free_ char *path = fs_find_program(names[i]);
		if (path && probe_run(path, cache, capacity_cores(), &ret[n]) == 0)
			n++;
	}
	return n;
}

/* True when one of the offers is the same as a local compiler. */
static bool match(struct found *f, const struct toolchain *local, size_t local_n)
{
	bool any = false;
	for (size_t i = 0; i < f->offers_n; i++) {
		struct offer *o = &f->offers[i];
		uint8_t id[TOOLCHAIN_ID_BYTES];
		for (size_t k = 0; k < local_n; k++) {
			if (!toolchain_same(&o->toolchain, &local[k]))
				continue;
			any = o->is_local = true;
			o->is_native |= toolchain_native_id(&local[k], id) &&
					toolchain_is_native(&o->toolchain, id);
		}
	}
	return any;
}

static void explain_failure(struct found *f)
{
	char id[2 * WIRE_KEY_ID_BYTES + 1];
	if (f->err == ERR_VERSION && f->beacon.version)
		snprintf(f->reason, sizeof f->reason, "speaks protocol version %u, this is %d",
			f->beacon.version, WIRE_VERSION);
	else if (f->err == ERR_KEY && f->beacon.version)
		snprintf(f->reason, sizeof f->reason, "%s (%s)", err_str(f->err),
			str_hex(f->beacon.key_id, sizeof f->beacon.key_id, id));
	else if (f->err == ERR_VERSION || f->err == ERR_KEY)
		snprintf(f->reason, sizeof f->reason, "%s", err_str(f->err));
	else if (f->err == ERR_TLS)
		snprintf(f->reason, sizeof f->reason, "its key is not the one of this farm");
	else
		snprintf(f->reason, sizeof f->reason, "cannot connect: %s", err_str(f->err));
}

static void judge(struct found *f, const struct toolchain *local, size_t local_n)
{
	const char *reason = NULL;
	bool matches = match(f, local, local_n);
	if (f->err) {
		explain_failure(f);
		return;
	}
	if (f->heard && f->beacon.draining)
		reason = "is going away";
	else if (f->offers_n == 0)
		reason = "has no toolchain";
	else if (local_n == 0)
		reason = "this machine has neither a usable gcc nor cc";
	else if (!matches)
		reason = "no toolchain that a local compiler matches";
	if (reason)
		snprintf(f->reason, sizeof f->reason, "%s", reason);
}

size_t nodes_judge(struct survey *s, const struct toolchain *local, size_t local_n)
{
	size_t usable = 0;
	for (size_t i = 0; i < s->n; i++) {
		judge(&s->found[i], local, local_n);
		usable += s->found[i].reason[0] == '\0';
	}
	return usable;
}

static int show(const struct options *o)
{
	struct survey s;
	const char *bad;
	int err = survey_run(&o->survey, &s, &bad);
	if (err) {
		bad_value("node", bad);
		return FARMCTL_USAGE;
	}
	if (s.listen_err)
		log_warning("cannot listen for beacons on UDP port %d: %s", o->survey.port,
			err_str(s.listen_err));
	struct toolchain local[NODES_LOCAL_MAX];
	size_t local_n = s.n ? nodes_probe_local(local) : 0,
	       usable = nodes_judge(&s, local, local_n);
	if (o->json)
		nodes_print_json(&s);
	else if (s.n)
		nodes_print_table(&s);
	else
		log_error("no node was heard in %.1f s", (double)o->survey.wait_ms / 1000);
	survey_fini(&s);
	return usable ? FARMCTL_OK : FARMCTL_NOTHING;
}

int nodes_main(int argc, char **argv)
{
	struct options o = {.survey = {.port = NETIF_PORT, .wait_ms = WAIT_MS}};
	struct keyring keys;
	int status = FARMCTL_OK;
	if (parse_options(argc, argv, &o) < 0)
		status = FARMCTL_USAGE;
	else if (o.help)
		fputs(usage, stdout);
	else
		status = keyfile_load(o.key, &keys);
	if (status == FARMCTL_OK && !o.help) {
		o.survey.keys = &keys;
		status = show(&o);
		keyring_wipe(&keys);
	}
	strv_fini(&o.survey.interfaces);
	strv_fini(&o.survey.nodes);
	return status;
}
