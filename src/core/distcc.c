/* Requests: where to, which words, and what stands before the text.
 *
 * A distccd goes over the words as its client does: it wants one that looks like a source, takes the first one that
 * does, and drops the job if it sees an option that it thinks cannot be compiled elsewhere. */
#include "core/distcc.h"

#include "base/err.h"
#include "base/str.h"
#include "core/lz.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char scheme[] = "distcc://";

bool distcc_is_address(const char *text)
{
	return strncmp(text, scheme, sizeof scheme - 1) == 0;
}

/* HOST or [HOST], up to where the port or the slots begin; NULL: it is neither. */
static const char *parse_host(const char *p, char ret[DISTCC_HOST_BYTES])
{
	bool bracketed = *p == '[';
	p += bracketed;
	size_t n = strcspn(p, bracketed ? "]" : ":/");
	if (n == 0 || n >= DISTCC_HOST_BYTES || (bracketed && !p[n]))
		return NULL;
	memcpy(ret, p, n);
	ret[n] = '\0';
	return p + n + bracketed;
}

/* A number that ends where one of these begins; NULL: there is none. */
static const char *parse_number(const char *p, const char *ends, long max, uint16_t *ret)
{
	char digits[8];
	size_t n = strcspn(p, ends);
	long value;
	if (n >= sizeof digits)
		return NULL;
	memcpy(digits, p, n);
	digits[n] = '\0';
	if (str_to_long(digits, 1, max, &value) < 0)
		return NULL;
	*ret = (uint16_t)value;
	return p + n;
}

int distcc_parse_address(const char *text, struct distcc_address *ret)
{
	struct distcc_address a = {.port = DISTCC_PORT};
	if (!distcc_is_address(text))
		return ERR_CONFIG;
	const char *p = parse_host(text + sizeof scheme - 1, a.host);
	if (p && *p == ':')
		p = parse_number(p + 1, "/", UINT16_MAX, &a.port);
	if (!p || *p != '/')
		return ERR_CONFIG;
	p = parse_number(p + 1, ",", DISTCC_SLOTS_MAX, &a.slots);
	if (!p)
		return ERR_CONFIG;
	a.lzo = strcmp(p, ",lzo") == 0;
	if (*p && !a.lzo)
		return ERR_CONFIG;
	*ret = a;
	return 0;
}

char *distcc_host_port(const struct distcc_address *a)
{
	bool is_v6 = strchr(a->host, ':');
	return xasprintf("%s%s%s:%u", is_v6 ? "[" : "", a->host, is_v6 ? "]" : "", a->port);
}

bool distcc_name(const struct toolchain *t, unsigned i, char ret[DISTCC_NAME_BYTES])
{
	const struct {
		const char *target, *dash, *version;
		int version_len;
	} names[] = {
		{t->target, "-", "", 0},
		{"", "", "", 0},
		{t->target, "-", t->version, (int)strcspn(t->version, ".")},
		{"", "", t->version, (int)strcspn(t->version, ".")},
	};
	if (i >= sizeof names / sizeof *names || strcmp(t->kind, "gcc") != 0)
		return false;
	snprintf(ret, DISTCC_NAME_BYTES, "%s%sgcc%s%.*s", names[i].target, names[i].dash,
		names[i].version_len ? "-" : "", names[i].version_len, names[i].version);
	return true;
}

/* Names by which a distccd knows a source. */
static const char *const suffixes[] = {".c", ".cc", ".cpp", ".cxx", ".cp", ".c++", ".C", ".i",
	".ii", ".m", ".mi", ".mm", ".mii", ".M", ".s", ".S"};

static bool looks_like_source(const char *word)
{
	const char *dot = strrchr(word, '.');
	for (size_t i = 0; dot && i < sizeof suffixes / sizeof *suffixes; i++)
		if (strcmp(dot, suffixes[i]) == 0)
			return true;
	return false;
}

/* With these a distccd drops the job, or the object tells of the words or of the file's name. */
static const struct {
	const char *prefix, *why;
} refused[] = {
	{"-M", "a distccd takes no option that begins with -M"},
	{"-dr", "a distccd takes no option that begins with -dr"},
	{"-fauto-profile", "a distccd takes no option about profiles"},
	{"-fprofile-", "a distccd takes no option about profiles"},
	{"-frecord-gcc-switches", "-frecord-gcc-switches would tell of a distccd's words"},
	{"-frepo", "a distccd does not take -frepo"},
	{"-fverbose-asm", "-fverbose-asm would tell of a distccd's words"},
	{"-specs", "a distccd does not take -specs"},
};

static const char *refusal(const char *flag)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (str_starts(flag, refused[i].prefix))
			return refused[i].why;
	if (str_starts(flag, "-Wa,") && (strstr(flag, ",-a") || strstr(flag, "--MD")))
		return "a distccd does not take -Wa with what may be a listing";
	return looks_like_source(flag) ? "a distccd would take an option for the source" : NULL;
}

/* The macros are in the text's head. */
static bool is_macro(const char *flag)
{
	return str_starts(flag, "-D") || str_starts(flag, "-U") || str_starts(flag, "-Wp,");
}

/* No name of ours has to be a legal one there. */
static const char *const sources[LANG_COUNT] = {[LANG_C] = "text.c", [LANG_CXX] = "text.cc"};
static const char *const stages[OUTPUT_KIND_COUNT] = {
	[OUTPUT_OBJECT] = "-c", [OUTPUT_ASSEMBLY] = "-S"};

const char *distcc_words(const struct job_spec *spec, const char *name, struct strv *ret_words)
{
	const char *why = spec->sides ? "a distccd sends back nothing but the object" : NULL;
	strv_push(ret_words, name);
	for (size_t i = 0; !why && i < spec->flags.n; i++) {
		const char *flag = spec->flags.v[i];
		if (is_macro(flag))
			continue;
		why = refusal(flag);
		strv_push(ret_words, flag);
	}
	if (why) {
		strv_fini(ret_words);
		return why;
	}
	strv_push(ret_words, "-fdirectives-only");
	strv_push(ret_words, stages[spec->output_kind]);
	strv_push(ret_words, sources[spec->lang]);
	strv_push(ret_words, "-o");
	strv_push(ret_words, "text.o");
	return NULL;
}

bool distcc_shows_words(const struct job_spec *spec)
{
	bool shows = false;
	for (size_t i = 0; i < spec->flags.n; i++)
		if (str_starts(spec->flags.v[i], "-g"))
			shows = strcmp(spec->flags.v[i], "-g0") != 0;
	return shows && !strv_has(&spec->flags, "-gno-record-gcc-switches");
}

/* As gcc writes a name between quotes. */
static void write_name(struct buf *out, const char *name)
{
	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		char octal[8];
		if (*p == '\\' || *p == '"')
			wr_u8(out, '\\');
		if (isprint(*p))
			wr_u8(out, *p);
		else
			wr_raw(out, octal, (size_t)snprintf(octal, sizeof octal, "\\%03o", *p));
	}
}

static void write_marker(struct buf *out, const char *begin, const char *name, const char *end)
{
	wr_raw(out, begin, strlen(begin));
	write_name(out, name);
	wr_raw(out, end, strlen(end));
}

int distcc_head(const struct job_spec *spec, const char *macros, size_t n, struct buf *out)
{
	write_marker(out, "# 0 \"", spec->source, "\"\n");
	write_marker(out, "# 1 \"", spec->cwd, "//\"\n");
	write_marker(out, "# 1 \"", spec->source, "\"\n");
	wr_raw(out, macros, n);
	return out->err;
}

/* __FILE__ comes from the line markers, this one does not. */
bool distcc_names_file(const void *text, size_t n)
{
	static const char word[] = "__BASE_FILE__";
	return memmem(text, n, word, sizeof word - 1);
}

static void write_packet(struct buf *out, const char *name, size_t number)
{
	char text[16];
	wr_raw(out, text, (size_t)snprintf(text, sizeof text, "%.4s%08zx", name, number));
}

int distcc_request(const struct strv *words, bool lzo, size_t text_bytes, struct buf *out)
{
	if (text_bytes > UINT32_MAX)
		return ERR_TOOBIG;
	write_packet(out, "DIST", lzo ? 2 : 1);
	write_packet(out, "ARGC", words->n);
	for (size_t i = 0; i < words->n; i++) {
		write_packet(out, "ARGV", strlen(words->v[i]));
		wr_raw(out, words->v[i], strlen(words->v[i]));
	}
	write_packet(out, "DOTI", text_bytes);
	return out->err;
}

static int pack(const struct buf *text, struct buf *packed)
{
	struct lz *lz = lz_create();
	int err = lz_pack_whole(lz, text->data, text->len, packed);
	lz_destroy(lz);
	return err;
}

int distcc_request_text(const struct strv *words, bool lzo, const struct buf *text, struct buf *out)
{
	struct buf packed;
	buf_init(&packed, UINT32_MAX);
	int err = lzo ? pack(text, &packed) : 0;
	const struct buf *body = lzo ? &packed : text;
	if (!err)
		err = distcc_request(words, lzo, body->len, out);
	if (!err)
		err = buf_append(out, body->data, body->len);
	buf_fini(&packed);
	return err;
}
