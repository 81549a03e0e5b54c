/* The world: what a job must neither see nor change, and how to tell that it did.
 *
 *     DIR/canary/   secret, fifo, socket, specs, plugin.so, bin/as ...  (the last two made by escape.sh)
 *     DIR/open/     keep; anybody may write here, and nobody should
 *     DIR/job/      where jobs believe to be
 */
#include "escape.h"

#include "base/err.h"
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { KEY_BYTES_MAX = 4096 };

static const char kept[] = "as it was\n";
/* What vectors try to make where everybody may. */
static const char *const elsewhere[] = {"/dev/shm/farmmake-escape", "/usr/src/farmmake-escape"};

static void die(const char *what)
{
	fprintf(stderr, "escape: %s: %s\n", what, strerror(errno));
	exit(2);
}

void attempt_init(struct attempt *a)
{
	*a = (struct attempt){0};
	for (size_t i = 0; i < STREAM_COUNT; i++)
		buf_init(&a->streams[i], JOB_OUTPUT_BYTES_MAX);
}

void attempt_fini(struct attempt *a)
{
	for (size_t i = 0; i < STREAM_COUNT; i++)
		buf_fini(&a->streams[i]);
}

char *world_expand(const struct world *w, const char *text)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);
	while (*text) {
		bool is_dir = str_starts(text, "%r"), is_port = str_starts(text, "%p"),
		     is_secret = str_starts(text, "%s");
		if (is_dir)
			fputs(w->dir, f);
		else if (is_port)
			fprintf(f, "%d", w->port);
		else if (is_secret)
			fputs(w->secret, f);
		else
			fputc(*text, f);
		text += is_dir || is_port || is_secret ? 2 : 1;
	}
	fclose(f);
	return out;
}

static void put(const struct world *w, const char *path, const char *text)
{
	_cleanup_free_ char *at = world_expand(w, path), *all = world_expand(w, text);
	if (fs_write_atomic(at, all, strlen(all), 0644) < 0)
		die(at);
}

static void make(const struct world *w, const char *path, mode_t mode)
{
	_cleanup_free_ char *at = world_expand(w, path);
	if (fs_mkdirs(at, mode) < 0 || chmod(at, mode) < 0)
		die(at);
}

/* -1 where there is no such family. */
static int listen_on(const struct sockaddr *address, socklen_t n)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind(fd, address, n) == 0 && listen(fd, 16) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* gcc's module mapper, which is who connects, looks for IPv6 only. */
static void open_listeners(struct world *w)
{
	struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t n = sizeof in;
	w->listener = listen_on((struct sockaddr *)&in, n);
	if (w->listener >= 0)
		getsockname(w->listener, (struct sockaddr *)&in, &n);
	w->port = ntohs(in.sin6_port);
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	_cleanup_free_ char *path = world_expand(w, "%r/canary/socket");
	snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
	unlink(path);
	w->unix_listener = listen_on((struct sockaddr *)&un, sizeof un);
	if (w->unix_listener < 0 || chmod(path, 0777) < 0)
		die(path);
}

/* The key's own digits: whoever has those is a member of the farm. */
static void learn_key(struct world *w, const char *key_file)
{
	_cleanup_free_ char *text = NULL;
	if (fs_read_file(key_file, KEY_BYTES_MAX, &text, NULL) < 0)
		die(key_file);
	put(w, "%r/key", text);
	text[strcspn(text, "\n")] = '\0';
	strv_push(&w->other_words, strrchr(text, ' ') + 1);
}

void world_create(struct world *w, const char *dir, const char *key_file)
{
	uint8_t random[8];
	if (getrandom(random, sizeof random, 0) != sizeof random)
		die("random");
	*w = (struct world){.dir = dir};
	strcpy(w->secret, "canary_");
	str_hex(random, sizeof random, w->secret + strlen(w->secret));
	make(w, "%r/canary", 0755);
	make(w, "%r/open", 0777);
	make(w, "%r/job", 0777);
	put(w, "%r/open/keep", kept);
	_cleanup_free_ char *secret = xasprintf("%s here;\n#error %s\n", w->secret, w->secret);
	put(w, "%r/canary/secret", secret);
	put(w, "%r/canary/specs", "*invoke_as:\n|\n touch %r/open/ran\n\n");
	_cleanup_free_ char *fifo = world_expand(w, "%r/canary/fifo");
	if (mkfifo(fifo, 0666) < 0 && errno != EEXIST)
		die(fifo);
	open_listeners(w);
	strv_push(&w->other_words, "root:x:0:0");
	learn_key(w, key_file);
	setenv("FARM_CANARY", w->secret, 1);
}

void world_destroy(struct world *w)
{
	if (w->listener >= 0)
		close(w->listener);
	close(w->unix_listener);
	strv_fini(&w->other_words);
}

void world_spec(const struct world *w, const struct vector *v, struct job_spec *ret)
{
	*ret = (struct job_spec){.lang = v->tool == TOOL_GXX ? LANG_CXX : LANG_C,
		.cwd = world_expand(w, v->cwd ? v->cwd : "%r/job"),
		.source = world_expand(w, v->source ? v->source : "a.c"),
		.output = world_expand(w, v->output ? v->output : "a.o")};
	for (size_t i = 0; i < sizeof v->flags / sizeof *v->flags && v->flags[i]; i++)
		strv_push_take(&ret->flags, world_expand(w, v->flags[i]));
}

static bool has_word(const struct attempt *a, const char *word)
{
	for (size_t i = STREAM_STDOUT; i < STREAM_COUNT; i++)
		if (a->streams[i].len &&
			memmem(a->streams[i].data, a->streams[i].len, word, strlen(word)))
			return true;
	return false;
}

static bool has_secrets(const struct world *w, const struct attempt *a)
{
	for (size_t i = 0; i < w->other_words.n; i++)
		if (has_word(a, w->other_words.v[i]))
			return true;
	return has_word(a, w->secret);
}

static bool has_connection(int listener)
{
	bool seen = false;
	for (int fd; (fd = accept(listener, NULL, NULL)) >= 0; close(fd))
		seen = true;
	return seen;
}

/* Removes whatever is in DIR/open; how the worst of it came there. */
static const char *sweep(const struct world *w)
{
	_cleanup_free_ char *dir = world_expand(w, "%r/open"), *keep = NULL;
	_cleanup_free_ char *keep_path = xasprintf("%s/keep", dir);
	const char *how = NULL;
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, e->d_name);
		if (e->d_name[0] == '.' || strcmp(e->d_name, "keep") == 0)
			continue;
		if (!how || strcmp(e->d_name, "ran") == 0)
			how = strcmp(e->d_name, "ran") == 0 ? "runs" : "writes";
		unlink(path);
	}
	closedir(d);
	if (fs_read_file(keep_path, KEY_BYTES_MAX, &keep, NULL) < 0 || strcmp(keep, kept) != 0) {
		how = how ? how : "overwrites";
		put(w, "%r/open/keep", kept);
		chmod(keep_path, 0666);
	}
	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
		if (unlink(elsewhere[i]) == 0)
			how = "writes";
	return how;
}

const char *world_inspect(struct world *w, const struct attempt *a)
{
	const char *how = sweep(w);
	bool tcp = has_connection(w->listener), local = has_connection(w->unix_listener);
	if (how)
		return how;
	if (tcp || local)
		return "connects";
	return has_secrets(w, a) ? "reads" : NULL;
}

const char *tool_path(const struct world *w, enum tool tool)
{
	static const char *const paths[TOOL_COUNT] = {
		"/usr/bin/gcc", "/usr/bin/gcc", "/usr/bin/clang", NULL};
	return tool == TOOL_INTRUDER ? w->intruder : paths[tool];
}
