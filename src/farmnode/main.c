#include "daemon.h"
#include "node.h"

#include <stdio.h>

static int run(const struct opts *o)
{
	int ready_fd = -1;
	if (o->help) {
		_cleanup_free_ char *text = opts_help();
		fputs(text, stdout);
		return NODE_OK;
	}
	if (o->version) {
		puts("farmnode " FARMMAKE_VERSION);
		return NODE_OK;
	}
	if (o->daemon) {
		int status = daemon_fork(&ready_fd);
		if (status >= 0)
			return status;
	}
	return (int)node_run(o, ready_fd);
}

int main(int argc, char *argv[])
{
	struct opts o;
	_cleanup_free_ char *why = NULL;
	int status = NODE_USAGE;
	if (opts_parse(argv + (argc > 0), &o, &why) < 0) {
		log_init("farmnode", LOG_INFO);
		log_error("%s", why);
	} else {
		log_init("farmnode", o.log_level);
		status = run(&o);
	}
	opts_fini(&o);
	return status;
}
