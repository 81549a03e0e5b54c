/* secrets - looks for a farm's keys in what a process has and shows: its memory, as a core file or a
 * debugger would see it, its command line and its environment.
 *
 *   secrets KEYFILE NODE PID...      of processes
 *   secrets KEYFILE NODE - FILE...   in files
 *
 * One line for each find, "PID PLACE SECRET", and one for each process or file that was read,
 * "PID read N". Each secret is looked for as bytes and as hexadecimal digits. */
#include "base/str.h"
#include "io/keyring.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SECRET_BYTES = 32, CHUNK_BYTES = 1 << 20, SECRETS_MAX = 3 * KEYRING_MAX };

struct secret {
	const char *name;
	uint8_t raw[SECRET_BYTES];
	char hex[2 * SECRET_BYTES + 1];
};

static struct secret secrets[SECRETS_MAX];
static size_t n_secrets;
/* what was read of one piece last, so that nothing hides across a border */
static uint8_t chunk[2 * SECRET_BYTES + CHUNK_BYTES];

static void add(const char *name, const uint8_t raw[SECRET_BYTES])
{
	struct secret *s = &secrets[n_secrets++];
	s->name = name;
	memcpy(s->raw, raw, sizeof s->raw);
	str_hex(s->raw, sizeof s->raw, s->hex);
}

static void look(const char *who, const char *place, size_t n)
{
	for (size_t i = 0; i < n_secrets; i++) {
		const struct secret *s = &secrets[i];
		if (memmem(chunk, n, s->raw, sizeof s->raw))
			printf("%s %s %s\n", who, place, s->name);
		if (memmem(chunk, n, s->hex, 2 * sizeof s->raw))
			printf("%s %s %s in hex\n", who, place, s->name);
	}
}

/* Bytes from..to of fd; stops where they cannot be read. Returns how many were. */
static uint64_t look_through(int fd, const char *who, const char *place, uint64_t from, uint64_t to)
{
	size_t kept = 0;
	uint64_t at = from;
	while (at < to) {
		size_t want = to - at < CHUNK_BYTES ? (size_t)(to - at) : CHUNK_BYTES;
		ssize_t got = pread(fd, chunk + kept, want, (off_t)at);
		if (got <= 0)
			break;
		size_t n = kept + (size_t)got;
		look(who, place, n);
		kept = n < 2 * SECRET_BYTES ? n : 2 * SECRET_BYTES;
		memmove(chunk, chunk + n - kept, kept);
		at += (uint64_t)got;
	}
	return at - from;
}

/* Terabytes in one piece are the shadow of a sanitizer, which says of each eight bytes whether they may be
 * used, and not what they are. */
static bool is_memory(const char mode[5], uint64_t n_bytes)
{
	return mode[0] == 'r' && n_bytes < (uint64_t)1 << 40;
}

static uint64_t look_at_memory(const char *pid)
{
	_cleanup_free_ char *maps = xasprintf("/proc/%s/maps", pid);
	_cleanup_free_ char *mem = xasprintf("/proc/%s/mem", pid);
	uint64_t sum = 0, from, to;
	char line[512], mode[5];
	FILE *f = fopen(maps, "re");
	int fd = open(mem, O_RDONLY | O_CLOEXEC);
	while (f && fd >= 0 && fgets(line, sizeof line, f)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, mode) == 3 &&
			is_memory(mode, to - from))
			sum += look_through(fd, pid, "memory", from, to);
	}
	if (f)
		fclose(f);
	if (fd >= 0)
		close(fd);
	return sum;
}

static uint64_t look_at_file(const char *who, const char *place, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	uint64_t n = look_through(fd, who, place, 0, UINT64_MAX / 2);
	close(fd);
	return n;
}

static void look_at_process(const char *pid)
{
	static const char *const shown[] = {"cmdline", "environ", "comm"};
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		_cleanup_free_ char *path = xasprintf("/proc/%s/%s", pid, shown[i]);
		look_at_file(pid, shown[i], path);
	}
	printf("%s read %" PRIu64 "\n", pid, look_at_memory(pid));
}

int main(int argc, char *argv[])
{
	struct keyring farm;
	if (argc < 4 || keyring_load(argv[1], &farm) < 0)
		return 2;
	for (size_t i = 0; i < farm.n; i++) {
		struct key node;
		uint8_t psk[SECRET_BYTES];
		if (key_for_node(&farm.keys[i], argv[2], &node) < 0)
			return 2;
		key_tls_psk(&node, psk);
		add("farm", farm.keys[i].secret);
		add("node", node.secret);
		add("psk", psk);
	}
	bool files = strcmp(argv[3], "-") == 0;
	for (int i = files ? 4 : 3; i < argc; i++) {
		if (files)
			printf("%s read %" PRIu64 "\n", argv[i],
				look_at_file(argv[i], "file", argv[i]));
		else
			look_at_process(argv[i]);
	}
	return 0;
}
