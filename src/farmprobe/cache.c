/* cache - an entry is the toolchain's text, "state HEX" and a "part PATH" for each file; the first
 * part is the compiler itself. */
#include "cache.h"

#include "measure.h"
#include "processor.h"

#include "base/buf.h"
#include "base/fs.h"
#include "io/digest.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { ENTRY_BYTES_MAX = 65536 };

/* Part of each file's name: entries of another format or of other canaries are never looked at. */
static const char version[] = "farmprobe-4";

static const char *const programs[] = {"cc1", "cc1plus", "as"};

static char *entry_path(const char *cache_dir, const char *compiler)
{
	uint8_t raw[DIGEST_BYTES] = {0};
	char hex[2 * DIGEST_BYTES + 1];
	bool is_known = processor_digest(raw);
	_cleanup_free_ char *name = xasprintf(
		"%s\n%s\n%s\n", version, compiler, is_known ? str_hex(raw, sizeof raw, hex) : "-");
	digest_sha256(name, strlen(name), raw);
	return xasprintf("%s/%s.txt", cache_dir, str_hex(raw, sizeof raw, hex));
}

/* A file that is not there is a state, too: g++ may be installed after gcc. */
static void digest_state(const struct strv *paths, uint8_t out[DIGEST_BYTES])
{
	struct digest *d = digest_create();
	for (size_t i = 0; i < paths->n; i++) {
		_cleanup_free_ char *real = realpath(paths->v[i], NULL);
		struct stat st = {0};
		bool there = real && stat(real, &st) == 0;
		_cleanup_free_ char *line = xasprintf("%s %llu %llu %lld %lld.%09ld\n",
			there ? real : "-", (unsigned long long)st.st_dev,
			(unsigned long long)st.st_ino, (long long)st.st_size,
			(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
		digest_update(d, line, strlen(line));
	}
	digest_final(d, out);
	digest_destroy(d);
}

/* Cuts the entry into toolchain, state and parts. */
static bool parse(
	char *text, struct toolchain *ret_t, uint8_t state[DIGEST_BYTES], struct strv *paths)
{
	char *mark = strstr(text, "\nstate ");
	if (!mark)
		return false;
	_cleanup_free_ char *head = xstrndup(text, (size_t)(mark + 1 - text));
	if (toolchain_parse(head, ret_t) < 0)
		return false;
	char *save, *line = strtok_r(mark, "\n", &save);
	if (str_unhex(line + strlen("state "), state, DIGEST_BYTES) < 0)
		return false;
	while ((line = strtok_r(NULL, "\n", &save))) {
		if (!str_starts(line, "part /"))
			return false;
		strv_push(paths, line + strlen("part "));
	}
	return paths->n > 0;
}

static bool is_current(const struct toolchain *t, const uint8_t *state, const struct cache_parts *p)
{
	uint8_t id[TOOLCHAIN_ID_BYTES], now[DIGEST_BYTES];
	measure_id(t, id);
	digest_state(&p->paths, now);
	return memcmp(id, t->id, sizeof id) == 0 && memcmp(now, state, sizeof now) == 0;
}

bool cache_load(const char *cache_dir, const char *compiler, struct toolchain *ret)
{
	_cleanup_free_ char *path = entry_path(cache_dir, compiler);
	_cleanup_free_ char *text = NULL;
	if (fs_read_file(path, ENTRY_BYTES_MAX, &text, NULL) < 0)
		return false;
	struct toolchain t;
	struct cache_parts p = {0};
	bool hit = parse(text, &t, p.state, &p.paths) && strcmp(p.paths.v[0], compiler) == 0 &&
		   is_current(&t, p.state, &p);
	cache_parts_fini(&p);
	if (hit)
		*ret = t;
	return hit;
}

void cache_find_parts(const char *compiler, const struct run_place *place, struct cache_parts *ret)
{
	*ret = (struct cache_parts){0};
	strv_push(&ret->paths, compiler);
	_cleanup_free_ char *cc1 = NULL;
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		char *found = measure_find_program(compiler, programs[i], place);
		if (!found && cc1)
			found = xasprintf(
				"%.*s/%s", (int)(str_base(cc1) - 1 - cc1), cc1, programs[i]);
		if (!found)
			continue;
		strv_push(&ret->paths, found);
		if (cc1)
			free(found);
		else
			cc1 = found;
	}
	digest_state(&ret->paths, ret->state);
}

void cache_store(const char *cache_dir, const struct cache_parts *parts, const struct toolchain *t)
{
	struct buf out;
	buf_init(&out, ENTRY_BYTES_MAX);
	char text[TOOLCHAIN_TEXT_MAX], hex[2 * DIGEST_BYTES + 1];
	toolchain_format(t, false, text, sizeof text);
	_cleanup_free_ char *head =
		xasprintf("%sstate %s\n", text, str_hex(parts->state, DIGEST_BYTES, hex));
	wr_raw(&out, head, strlen(head));
	for (size_t i = 0; i < parts->paths.n; i++) {
		_cleanup_free_ char *line = xasprintf("part %s\n", parts->paths.v[i]);
		wr_raw(&out, line, strlen(line));
	}
	_cleanup_free_ char *path = entry_path(cache_dir, parts->paths.v[0]);
	if (!out.err && fs_mkdirs(cache_dir, 0700) == 0)
		fs_write_atomic(path, out.data, out.len, 0600);
	buf_fini(&out);
}

void cache_parts_fini(struct cache_parts *p)
{
	strv_fini(&p->paths);
}
