/* verbs - the entry points of farmctl's verbs.
 *
 * Contract: argv[0] is the verb; what is returned is the exit status, as main.c lists them.
 */
#pragma once

enum farmctl_status {
	FARMCTL_OK,
	FARMCTL_NOTHING, /* the question was answered with "no": no usable node, no such thing */
	FARMCTL_USAGE,
	FARMCTL_KEY, /* no key, or not one that may be used */
};

int doctor_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int key_main(int argc, char **argv);
int nodes_main(int argc, char **argv);
int report_main(int argc, char **argv);
int top_main(int argc, char **argv);
