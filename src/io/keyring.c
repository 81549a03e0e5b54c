/* keyring
 *
 * The happy path: the file is one line or two, each exactly as key_format() writes it (the last
 * newline may be missing). Nothing of a file that is anything else is used.
 */
#include "io/keyring.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

char *keyring_usual_path(void)
{
	_cleanup_free_ char *dir = fs_xdg_dir("XDG_CONFIG_HOME", ".config");
	return dir ? xasprintf("%s/key", dir) : NULL;
}

int keyring_generate(struct keyring *ret)
{
	int err = key_generate(&ret->keys[0]);
	if (!err)
		ret->n = 1;
	return err;
}

/* All of it and a NUL, or ERR_KEYFILE when it does not fit. */
static int read_text(int fd, char out[KEYRING_TEXT_MAX], size_t *ret_n)
{
	size_t n;
	int err = fs_read_all(fd, out, KEYRING_TEXT_MAX, &n);
	if (err || n == KEYRING_TEXT_MAX)
		return err ? err : ERR_KEYFILE;
	out[n] = '\0';
	*ret_n = n;
	return 0;
}

/* Whether k can stand beside those that are there. */
static bool fits(const struct keyring *r, const struct key *k)
{
	if (r->n == KEYRING_MAX || keyring_find(r, k->farm_id))
		return false;
	return r->n == 0 ||
	       (r->keys[0].is_farm == k->is_farm && strcmp(r->keys[0].node, k->node) == 0);
}

static int parse(char *text, size_t n, struct keyring *r)
{
	if (n && text[n - 1] == '\n')
		text[--n] = '\0';
	if (strlen(text) != n)
		return ERR_KEYFILE;
	for (char *line = text, *next; line; line = next) {
		struct key k = {0};
		char *end = strchr(line, '\n');
		next = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		int err = key_parse(line, &k);
		if (!err && !fits(r, &k))
			err = ERR_KEYFILE;
		if (!err)
			r->keys[r->n++] = k;
		key_wipe(&k);
		if (err)
			return err;
	}
	return 0;
}

int keyring_load(const char *path, struct keyring *ret)
{
	/* O_NONBLOCK: a FIFO of that name must not hang us */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return ERR_KEYFILE;
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return ERR_KEYMODE;
	char text[KEYRING_TEXT_MAX];
	struct keyring r = {0};
	size_t n = 0;
	int err = read_text(fd, text, &n);
	if (!err)
		err = parse(text, n, &r);
	if (!err)
		*ret = r;
	keyring_wipe(&r);
	explicit_bzero(text, sizeof text);
	return err;
}

void keyring_format(const struct keyring *r, char out[KEYRING_TEXT_MAX])
{
	char *to = out;
	for (size_t i = 0; i < r->n; i++, to += strlen(to))
		key_format(&r->keys[i], to);
}

int keyring_for_node(const struct keyring *r, const char *name, struct keyring *ret)
{
	struct keyring node = {.n = r->n};
	int err = 0;
	for (size_t i = 0; !err && i < r->n; i++)
		err = key_for_node(&r->keys[i], name, &node.keys[i]);
	if (!err)
		*ret = node;
	keyring_wipe(&node);
	return err;
}

const struct key *keyring_find(const struct keyring *r, const uint8_t id[WIRE_KEY_ID_BYTES])
{
	for (size_t i = 0; i < r->n; i++)
		if (memcmp(r->keys[i].farm_id, id, sizeof r->keys[i].farm_id) == 0)
			return &r->keys[i];
	return NULL;
}

int keyring_rotate(struct keyring *r)
{
	if (!r->keys[0].is_farm)
		return ERR_KEY;
	if (r->n == KEYRING_MAX)
		return ERR_STATE;
	struct key fresh;
	int err = key_generate(&fresh);
	if (err)
		return err;
	r->keys[1] = r->keys[0];
	r->keys[0] = fresh;
	r->n++;
	key_wipe(&fresh);
	return 0;
}

int keyring_retire(struct keyring *r)
{
	if (r->n < 2)
		return ERR_STATE;
	key_wipe(&r->keys[1]);
	r->n = 1;
	return 0;
}

void keyring_wipe(struct keyring *r)
{
	explicit_bzero(r, sizeof *r);
}

void keyring_guard_process(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}
