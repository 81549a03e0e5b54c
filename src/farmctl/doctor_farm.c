/* What is seen of the farm from here. */
#include "doctor.h"

#include "base/err.h"
#include "io/netif.h"
#include "io/proctree.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MTU_ENOUGH = 1280, JAIL_WHOLE = 3 };

static bool hears_beacons(const struct doctor *d, const struct ifaddrs *a)
{
	bool wanted = d->conf.interface.n ? strv_has(&d->conf.interface, a->ifa_name)
					  : !(a->ifa_flags & IFF_LOOPBACK);
	return wanted && (a->ifa_flags & IFF_RUNNING) && a->ifa_addr &&
	       a->ifa_addr->sa_family == AF_INET;
}

void doctor_check_interfaces(struct doctor *d)
{
	struct ifaddrs *all = NULL;
	struct strv names = {0};
	for (size_t i = 0; i < d->conf.interface.n; i++)
		if (netif_check(d->conf.interface.v[i]) < 0)
			doctor_say(d, FINDING_ERROR, "interfaces",
				"correct the setting \"interface\" (ip link lists them)",
				"there is no %s", d->conf.interface.v[i]);
	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next)
		if (hears_beacons(d, a) && !strv_has(&names, a->ifa_name))
			strv_push(&names, a->ifa_name);
	freeifaddrs(all);
	if (names.n)
		doctor_say(d, FINDING_OK, "interfaces", NULL, "beacons can come in on %s%s",
			names.v[0], names.n > 1 ? " and others" : "");
	else
		doctor_say(d, FINDING_WARNING, "interfaces",
			"connect this machine, or name nodes with --farm-node",
			"none that is up, so no beacon can come in");
	strv_fini(&names);
}

static void say_beacons(struct doctor *d, size_t heard)
{
	const struct survey *s = &d->survey;
	if (s->listen_err)
		doctor_say(d, FINDING_ERROR, "beacons",
			"stop whoever has that port, or set another with --farm-port",
			"UDP port %ld cannot be opened: %s", d->conf.port, err_str(s->listen_err));
	else if (heard == 0)
		doctor_say(d, FINDING_ERROR, "beacons",
			"is farmnode running, in this network segment, on the same port? Let UDP 3634 in through the "
			"firewall; nodes elsewhere are named with --farm-node",
			"none on UDP port %ld in %.1f s", d->conf.port, (double)d->wait_ms / 1000);
	else
		doctor_say(d, FINDING_OK, "beacons", NULL, "%zu node%s on UDP port %ld", heard,
			heard == 1 ? "" : "s", d->conf.port);
}

void doctor_check_beacons(struct doctor *d)
{
	if (!d->has_keys)
		return;
	struct survey_conf conf = {.keys = &d->keys,
		.interfaces = d->conf.interface,
		.nodes = d->conf.node,
		.port = (int)d->conf.port,
		.wait_ms = d->conf.no_discovery ? 0 : d->wait_ms};
	const char *bad;
	size_t heard = 0;
	if (survey_run(&conf, &d->survey, &bad) < 0) {
		doctor_say(d, FINDING_ERROR, "nodes",
			"correct the setting \"node\": HOST or HOST:PORT", "%s: no such address",
			bad);
		return;
	}
	d->has_survey = true;
	nodes_judge(&d->survey, d->local, d->local_n);
	for (size_t i = 0; i < d->survey.n; i++)
		heard += d->survey.found[i].beacon.version != 0;
	if (d->conf.no_discovery)
		doctor_say(d, FINDING_WARNING, "beacons", NULL,
			"are not listened for: --farm-no-discovery is set");
	else
		say_beacons(d, heard);
}

/* What a farmnode of this machine sends comes in here, too, if it goes out. */
void doctor_check_own_node(struct doctor *d)
{
	struct sockaddr_storage addr;
	if (!d->has_survey || d->conf.no_discovery || proctree_count("farmnode") == 0)
		return;
	for (size_t i = 0; i < d->survey.n; i++) {
		const struct found *f = &d->survey.found[i];
		if (f->beacon.version == 0 ||
			netif_parse_address(f->address, NETIF_PORT, true, &addr) < 0 ||
			!netif_is_here((struct sockaddr *)&addr))
			continue;
		doctor_say(d, FINDING_OK, "own node", NULL, "%s, of this machine, is heard at %s",
			f->name, f->address);
		return;
	}
	doctor_say(d, FINDING_WARNING, "own node",
		"has it --no-beacon, --interface or another port? Let UDP 3634 out through the firewall",
		"farmnode runs on this machine, and its beacons do not go out");
}

static const char *node_cure(const struct found *f)
{
	switch (f->err) {
	case 0: return f->offers_n ? NULL : "install gcc there";
	case ERR_KEY:
	case ERR_TLS: return "give it its key of this farm: farmctl key node NAME prints it";
	case ERR_VERSION: return "install the same version of farmmake here and there";
	default: return "is farmnode running there? Let TCP 3634 in through its firewall";
	}
}

void doctor_check_nodes(struct doctor *d)
{
	unsigned slots = 0;
	size_t usable = 0;
	for (size_t i = 0; d->has_survey && i < d->survey.n; i++) {
		const struct found *f = &d->survey.found[i];
		const char *name = f->name[0] ? f->name : f->address;
		if (!f->reason[0]) {
			usable++;
			slots += f->slots;
		} else if (f->err || f->offers_n == 0 || (f->heard && f->beacon.draining)) {
			doctor_say(d, FINDING_ERROR, "node", node_cure(f), "%s (%s): %s", name,
				f->address, f->reason);
		}
		if (f->old_key)
			doctor_say(d, FINDING_WARNING, "node",
				"give it its new key: farmctl key node NAME", "%s has the old key",
				name);
	}
	if (!d->has_survey)
		return;
	if (usable)
		doctor_say(d, FINDING_OK, "nodes", NULL, "%zu of %zu can be used, with %u slots",
			usable, d->survey.n, slots);
	else
		doctor_say(d, FINDING_ERROR, "nodes",
			"see above; without nodes farmmake compiles here", "none can be used");
}

/* The one of the node's that is nearest to ours: the later the first difference, the nearer. */
static const struct toolchain *nearest(const struct found *f, const struct toolchain *local)
{
	const struct toolchain *best = NULL;
	for (size_t i = 0; i < f->offers_n; i++) {
		const struct toolchain *t = &f->offers[i].toolchain;
		if (strcmp(t->kind, local->kind) != 0)
			continue;
		if (!best || strcmp(t->target, local->target) == 0)
			best = t;
	}
	return best;
}

static void say_differences(struct doctor *d, const struct found *f, const struct toolchain *local)
{
	const struct toolchain *t = nearest(f, local);
	if (!t) {
		doctor_say(d, FINDING_ERROR, "toolchain", "install the same compiler package there",
			"%s has no %s for %s", f->name, local->kind, local->target);
		return;
	}
	const struct {
		const char *name, *here, *there;
	} fields[] = {
		{"target", local->target, t->target},
		{"version", local->version, t->version},
		{"specs", local->specs, t->specs},
		{"defaults", local->defaults, t->defaults},
		{"code", local->canary, t->canary},
		{"C++", local->cxx, t->cxx},
	};
	char text[600] = "";
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcmp(fields[i].here, fields[i].there) != 0)
			snprintf(text + strlen(text), sizeof text - strlen(text),
				"%s%s %.20s there, %.20s here", text[0] ? "; " : "", fields[i].name,
				fields[i].there, fields[i].here);
	doctor_say(d, FINDING_ERROR, "toolchain",
		"install the same compiler package there (apt-cache policy gcc shows versions)",
		"%s: %s %s: %s", f->name, local->kind, local->version, text);
}

static bool has_native(const struct found *f)
{
	for (size_t i = 0; i < f->offers_n; i++)
		if (f->offers[i].is_native)
			return true;
	return false;
}

void doctor_check_toolchains(struct doctor *d)
{
	size_t same = 0, native = 0;
	for (size_t i = 0; d->has_survey && d->local_n && i < d->survey.n; i++) {
		const struct found *f = &d->survey.found[i];
		if (f->err || f->offers_n == 0)
			continue;
		if (f->reason[0] && !(f->heard && f->beacon.draining))
			say_differences(d, f, &d->local[0]);
		else
			same++;
		native += has_native(f);
	}
	if (!same)
		return;
	doctor_say(d, FINDING_OK, "toolchains", NULL, "%s %s is the same on %zu node%s",
		d->local[0].kind, d->local[0].version, same, same == 1 ? "" : "s");
	doctor_say(d, FINDING_OK, "processors", NULL, "-march=native is the same on %zu node%s",
		native, native == 1 ? "" : "s");
}

void doctor_check_jails(struct doctor *d)
{
	size_t whole = 0;
	for (size_t i = 0; d->has_survey && i < d->survey.n; i++) {
		const struct found *f = &d->survey.found[i];
		if (f->err)
			continue;
		if (f->jail_level >= JAIL_WHOLE)
			whole++;
		else
			doctor_say(d, f->jail_level ? FINDING_WARNING : FINDING_ERROR, "jail",
				f->jail_level
					? "farmnode's log says what it lacks: user namespaces, Landlock or seccomp"
					: "do not run it with --insecure-no-jail: whoever has the key gets in",
				"%s: level %u of %d", f->name, f->jail_level, JAIL_WHOLE);
	}
	if (whole)
		doctor_say(d, FINDING_OK, "jails", NULL, "%zu node%s at level %d", whole,
			whole == 1 ? "" : "s", JAIL_WHOLE);
}

/* As the kernel knows it; 0: it does not. */
static int path_mtu(const char *address)
{
	struct sockaddr_storage addr;
	int mtu = 0;
	socklen_t n = sizeof mtu;
	if (netif_parse_address(address, NETIF_PORT, true, &addr) < 0)
		return 0;
	bool v6 = addr.ss_family == AF_INET6;
	int fd = socket(addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	if (connect(fd, (struct sockaddr *)&addr, netif_address_len((struct sockaddr *)&addr)) <
			0 ||
		getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu, &n) <
			0)
		mtu = 0;
	close(fd);
	return mtu;
}

void doctor_check_mtu(struct doctor *d)
{
	int least = 0;
	for (size_t i = 0; d->has_survey && i < d->survey.n; i++) {
		const struct found *f = &d->survey.found[i];
		int mtu = f->err ? 0 : path_mtu(f->address);
		if (mtu && mtu < MTU_ENOUGH)
			doctor_say(d, FINDING_WARNING, "MTU",
				"let the interfaces on the way have 1500 bytes (ip link set mtu)",
				"only %d bytes to %s: each source is many small packets", mtu,
				f->name);
		if (mtu && (!least || mtu < least))
			least = mtu;
	}
	if (least >= MTU_ENOUGH)
		doctor_say(d, FINDING_OK, "MTU", NULL, "%d bytes or more to every node", least);
}
