/* farmctl top: the running build, on the whole screen; without one, the farm as its beacons show it.
 *
 * core/liveview lays the lines out; here are the screen and the keys.
 */
#include "verbs.h"

#include "journals.h"
#include "keyfile.h"
#include "nodes.h"

#include "base/clock.h"
#include "base/log.h"
#include "core/liveview.h"
#include "io/netif.h"

#include <curses.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LOOK_MS = 250, SURVEY_MS = 1000, FILTER_BYTES = 40, STALE_LOOKS = 20, ESCAPE_KEY = 27 };

static const char usage[] =
	"usage: farmctl top [--once] [--key FILE] [--interface IF] [--port N]\n"
	"Shows the build of yours that runs on this machine, or, without one, the farm.\n"
	"  --once   print one screen and end\n"
	"Keys: q quit, s sort, / filter, n next build, arrows and page keys.\n";

struct top {
	struct follow follow;
	struct liveview view;
	char filter[FILTER_BYTES];
	bool asks;    /* the filter is being typed */
	size_t which; /* of several builds */
	struct survey_conf survey;
	const char *key;
	bool has_survey;
	struct survey found;
	unsigned stale; /* looks since the build was over */
	bool quit;
};

static double now_s(void)
{
	return (double)clock_now_us() / 1e6;
}

static bool is_over(const struct top *t)
{
	return t->follow.file && (t->follow.live.over || t->follow.gone);
}

/* Follows the build that was chosen, or the youngest. The end of one stays in sight for a while. */
static void choose(struct top *t)
{
	struct strv paths = {0};
	t->stale = is_over(t) ? t->stale + 1 : 0;
	if (t->follow.file && (!is_over(t) || t->stale < STALE_LOOKS))
		return;
	journals_find(&paths);
	journals_close(&t->follow);
	t->stale = 0;
	if (paths.n)
		journals_open(&t->follow, paths.v[t->which % paths.n], now_s());
	if (is_over(t))
		journals_close(&t->follow);
	strv_fini(&paths);
}

static void next_build(struct top *t)
{
	t->which++;
	journals_close(&t->follow);
	choose(t);
}

/* One of the rows of the farm's table. */
static char *tell_node(const struct found *f)
{
	char name[80], reason[160], slots[24] = "-", jail[8] = "-", free_slots[8] = "-";
	if (!f->err) {
		snprintf(slots, sizeof slots, "%u", f->slots);
		snprintf(jail, sizeof jail, "%u", f->jail_level);
	}
	if (!f->err && f->heard)
		snprintf(free_slots, sizeof free_slots, "%u", f->beacon.free);
	return xasprintf("%-16.16s %-24.24s %5s %5s %5s  %s",
		f->name[0] ? log_escape(f->name, name, sizeof name) : "?", f->address, slots,
		free_slots, jail, log_escape(f->reason, reason, sizeof reason));
}

static void put(struct liveview_lines *lines, bool is_head, char *text)
{
	vec_push(lines, (struct liveview_line){text, is_head});
}

static void lay_farm(const struct top *t, struct liveview_lines *lines)
{
	put(lines, true, xstrdup("no build of yours runs here"));
	put(lines, false, xstrdup(""));
	put(lines, true,
		xasprintf("%-16s %-24s %5s %5s %5s", "NODE", "ADDRESS", "SLOTS", "FREE", "JAIL"));
	for (size_t i = 0; t->has_survey && i < t->found.n; i++)
		put(lines, false, tell_node(&t->found.found[i]));
	if (!t->has_survey)
		put(lines, false, xstrdup("no key: nobody can be asked (farmctl key new)"));
	else if (t->found.n == 0)
		put(lines, false, xstrdup("no beacon is heard (farmctl doctor)"));
}

static void lay(struct top *t, struct liveview_lines *lines)
{
	if (t->follow.file)
		liveview_layout(&t->follow.live, &t->view, now_s() - t->follow.started, lines);
	else
		lay_farm(t, lines);
}

/* Blocks as long as beacons are waited for. */
static void look_at_farm(struct top *t)
{
	struct keyring keys;
	const char *bad;
	if (keyring_load(t->key, &keys) < 0)
		return;
	if (t->has_survey)
		survey_fini(&t->found);
	t->survey.keys = &keys;
	t->has_survey = survey_run(&t->survey, &t->found, &bad) == 0;
	struct toolchain local[NODES_LOCAL_MAX];
	if (t->has_survey)
		nodes_judge(&t->found, local, t->found.n ? nodes_probe_local(local) : 0);
	keyring_wipe(&keys);
}

static void draw_foot(const struct top *t)
{
	attron(A_REVERSE);
	move(LINES - 1, 0);
	if (t->asks)
		printw("filter: %s_", t->filter);
	else
		printw("q quit   s sort: %s   / filter%s%s   n next build",
			liveview_sort_name(t->view.sort), t->filter[0] ? ": " : "", t->filter);
	attroff(A_REVERSE);
	clrtoeol();
}

static void draw(struct top *t)
{
	struct liveview_lines lines = {0};
	t->view.width = (unsigned)COLS;
	t->view.height = LINES > 1 ? (unsigned)LINES - 1 : 0;
	lay(t, &lines);
	erase();
	for (size_t i = 0; i < lines.n && i < t->view.height; i++) {
		if (lines.v[i].is_head)
			attron(A_BOLD);
		mvaddnstr((int)i, 0, lines.v[i].text, COLS);
		attroff(A_BOLD);
	}
	draw_foot(t);
	refresh();
	liveview_free(&lines);
}

static void type(struct top *t, int key)
{
	size_t n = strlen(t->filter);
	if (key == '\n' || key == KEY_ENTER)
		t->asks = false;
	else if (key == ESCAPE_KEY)
		t->filter[0] = '\0', t->asks = false;
	else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && n)
		t->filter[n - 1] = '\0';
	else if (key >= ' ' && key < 127 && n + 1 < sizeof t->filter)
		t->filter[n] = (char)key, t->filter[n + 1] = '\0';
}

static void scroll_by(struct top *t, int rows)
{
	long to = (long)t->view.scroll + rows;
	t->view.scroll = to > 0 ? (unsigned)to : 0;
}

static void on_key(struct top *t, int key)
{
	if (t->asks) {
		type(t, key);
		return;
	}
	switch (key) {
	case 'q': t->quit = true; break;
	case 's': t->view.sort = (t->view.sort + 1) % LIVEVIEW_SORTS; break;
	case '/': t->asks = true; break;
	case 'n': next_build(t); break;
	case KEY_UP: scroll_by(t, -1); break;
	case KEY_DOWN: scroll_by(t, 1); break;
	case KEY_PPAGE: scroll_by(t, -10); break;
	case KEY_NPAGE: scroll_by(t, 10); break;
	case KEY_HOME: t->view.scroll = 0; break;
	default: break; /* KEY_RESIZE: all is drawn anew anyhow */
	}
}

/* A terminal's word that it has another size may get lost on the way; what was drawn for the old one is in
 * disorder by then. */
static void fit(void)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col &&
		is_term_resized(size.ws_row, size.ws_col))
		resizeterm(size.ws_row, size.ws_col);
}

static void run(struct top *t)
{
	setlocale(LC_ALL, "");
	initscr();
	cbreak();
	noecho();
	keypad(stdscr, true);
	set_escdelay(50);
	curs_set(0);
	timeout(LOOK_MS);
	while (!t->quit) {
		choose(t);
		journals_read(&t->follow, now_s());
		if (!t->follow.file && t->key)
			look_at_farm(t);
		fit();
		draw(t);
		int key = getch(); /* waits */
		timeout(0);
		for (; key != ERR && !t->quit; key = getch())
			on_key(t, key);
		timeout(LOOK_MS);
	}
	endwin();
}

static void print_once(struct top *t)
{
	struct liveview_lines lines = {0};
	t->view.width = 80;
	t->view.height = 24;
	choose(t);
	if (!t->follow.file && t->key)
		look_at_farm(t);
	lay(t, &lines);
	for (size_t i = 0; i < lines.n; i++)
		puts(lines.v[i].text);
	liveview_free(&lines);
}

static int parse_options(char **argv, struct top *t, bool *ret_once, bool *ret_help)
{
	for (; *argv; argv++) {
		long port;
		if (strcmp(*argv, "--once") == 0)
			*ret_once = true;
		else if (strcmp(*argv, "--help") == 0)
			*ret_help = true;
		else if (strcmp(*argv, "--key") == 0 && argv[1])
			t->key = *++argv;
		else if (strcmp(*argv, "--interface") == 0 && argv[1])
			strv_push(&t->survey.interfaces, *++argv);
		else if (strcmp(*argv, "--port") == 0 && argv[1] &&
			 str_to_long(argv[1], 1, 65535, &port) == 0)
			t->survey.port = (int)port, argv++;
		else
			return -1;
	}
	return 0;
}

int top_main(int argc, char **argv)
{
	struct top t = {.survey = {.port = NETIF_PORT, .wait_ms = SURVEY_MS}};
	bool once = false, help = false;
	(void)argc;
	t.view.filter = t.filter;
	if (parse_options(argv + 1, &t, &once, &help) < 0) {
		fputs(usage, stderr);
		strv_fini(&t.survey.interfaces);
		return FARMCTL_USAGE;
	}
	_cleanup_free_ char *key = help ? NULL : keyfile_choose(t.key);
	t.key = key;
	if (help)
		fputs(usage, stdout);
	else if (once || !isatty(STDOUT_FILENO))
		print_once(&t);
	else
		run(&t);
	journals_close(&t.follow);
	if (t.has_survey)
		survey_fini(&t.found);
	strv_fini(&t.survey.interfaces);
	return FARMCTL_OK;
}
