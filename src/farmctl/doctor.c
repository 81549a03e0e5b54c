/* farmctl doctor: looks at everything that a farm needs, and says what is wrong and how to mend it. */
#include "doctor.h"
#include "verbs.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 1500, WAIT_MAX_S = 3600, LINE_BYTES = 1000 };

static const char usage[] =
	"usage: farmctl doctor [--wait SECONDS] [--farm-OPTION]...\n"
	"Looks at this machine and the farm with farmmake's settings (farm.json,\n"
	"FARMMAKE_*, --farm-*), and says what is wrong and how to mend it.\n"
	"  --wait SECONDS   how long to listen for beacons (1.5)\n"
	"Exit status: 0 nothing is wrong, or there are but warnings; 1 errors; 2 usage.\n";

void doctor_say(
	struct doctor *d, enum finding f, const char *what, const char *cure, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "warning", "error"};
	char text[LINE_BYTES], shown[LINE_BYTES];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	printf("%-8s %-11s %s\n", words[f], what, log_escape(text, shown, sizeof shown));
	if (cure)
		printf("%21s%s\n", "-> ", cure);
	fflush(stdout); /* the next check may take a while */
	d->warnings += f == FINDING_WARNING;
	d->errors += f == FINDING_ERROR;
}

static void run(struct doctor *d)
{
	static void (*const checks[])(struct doctor * d) = {
		doctor_check_key,
		doctor_check_make,
		doctor_check_compilers,
		doctor_check_tmpdir,
		doctor_check_limits,
		doctor_check_clock,
		doctor_check_interfaces,
		doctor_check_beacons,
		doctor_check_own_node,
		doctor_check_nodes,
		doctor_check_toolchains,
		doctor_check_jails,
		doctor_check_mtu,
		doctor_check_distccds,
	};
	for (size_t i = 0; d->has_conf && i < sizeof checks / sizeof *checks; i++)
		checks[i](d);
}

/* Takes --wait and --help out of the arguments; the rest is farmmake's. */
static int take_own(char **argv, struct doctor *d, bool *ret_help)
{
	char **out = argv;
	for (char **in = argv; *in; in++) {
		char *end;
		if (strcmp(*in, "--help") == 0) {
			*ret_help = true;
		} else if (strcmp(*in, "--wait") == 0 && in[1]) {
			double s = strtod(*++in, &end);
			if (end == *in || *end || !(s >= 0) || s > WAIT_MAX_S)
				return -1;
			d->wait_ms = (uint64_t)(s * 1000);
		} else if (strncmp(*in, "--farm-", strlen("--farm-")) == 0 ||
			   (out > argv && (*in)[0] != '-')) {
			*out++ = *in;
		} else {
			return -1;
		}
	}
	*out = NULL;
	return 0;
}

int doctor_main(int argc, char **argv)
{
	struct doctor d = {.wait_ms = WAIT_MS};
	bool help = false;
	(void)argc;
	if (take_own(argv + 1, &d, &help) < 0) {
		fputs(usage, stderr);
		return FARMCTL_USAGE;
	}
	if (help) {
		fputs(usage, stdout);
		return FARMCTL_OK;
	}
	doctor_check_settings(&d, argv + 1);
	run(&d);
	printf("%u error%s, %u warning%s\n", d.errors, d.errors == 1 ? "" : "s", d.warnings,
		d.warnings == 1 ? "" : "s");
	if (d.has_survey)
		survey_fini(&d.survey);
	if (d.has_keys)
		keyring_wipe(&d.keys);
	if (d.has_conf)
		conf_fini(&d.conf);
	return d.errors ? FARMCTL_NOTHING : FARMCTL_OK;
}
