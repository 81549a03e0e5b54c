/* The settings, one row each, and what --help says about them. */
#include "core/conf.h"

#define ROW(key, type) #key, type, offsetof(struct conf, key)
#define PATH 1, 4095

static const struct conf_row rows[] = {
	{ROW(node, CONF_LIST), 1, 300, NULL, "ADDRESS",
		"use this node too, heard or not, or distccd"},
	{ROW(no_discovery, CONF_BOOL), 0, 1, "no", NULL,
		"use the nodes that are named, and no others"},
	{ROW(interface, CONF_LIST), 1, 15, NULL, "IF", "hear beacons on this interface only"},
	{ROW(port, CONF_INT), 1, 65535, "3634", "PORT", "UDP port on which beacons are heard"},
	{ROW(key, CONF_STRING), PATH, NULL, "FILE", "the farm's key"},
	{ROW(local_slots, CONF_INT), 0, 4096, "0", "N",
		"processes at work here; 0: the usable cores"},
	{ROW(report, CONF_STRING), 0, 4095, "", "FILE", "where the JSON report goes, or none"},
	{ROW(direct, CONF_BOOL), 0, 1, "yes", NULL, "let nodes read the sources themselves"},
	{ROW(identical, CONF_BOOL), 0, 1, "no", NULL, "use no distccd: its objects may differ"},
	{ROW(verify, CONF_INT), 0, 100, "0", "PERCENT",
		"compile so much of what nodes did here, too"},
	{ROW(make, CONF_STRING), PATH, "make", "PROGRAM", "the make to run"},
	{ROW(progress, CONF_BOOL), 0, 1, "yes", NULL, "show on a terminal how far the build is"},
	{ROW(verbose, CONF_BOOL), 0, 1, "no", NULL, "say which compiles are done here, and why"},
};

_Static_assert(sizeof rows / sizeof *rows <=
		       sizeof((struct conf *)0)->source / sizeof *((struct conf *)0)->source,
	"struct conf notes the source of every row");

const struct conf_row *conf_row(size_t i)
{
	return i < sizeof rows / sizeof *rows ? &rows[i] : NULL;
}
