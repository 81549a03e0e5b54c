/* The first row whose words are in the reason. */
#include "core/advice.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *words, *advice;
} rows[] = {
	{"no node has this processor",
		"name the processor instead; gcc -march=native -Q --help=target says which it is"},
	{"depends on the clock",
		"builds that can be repeated do without it; or keep it in one small file"},
	{"depends on the file's date",
		"builds that can be repeated do without it; or keep it in one small file"},
	{"compares file dates", "builds that can be repeated do without it"},
	{"is a step of a link", "nothing: gcc says so to itself when it links"},
	{"reads a file", "keep it in a file of its own: only that is compiled here then"},
	{"runs other programs",
		"nodes run their own compiler only: leave the option out where it is not needed"},
	{"speaks to the assembler",
		"options of the assembler may read and write files: leave it out where it is not needed"},
	{"speaks to the preprocessor",
		"give the option to the compiler itself, without -Wp or -Xpreprocessor"},
	{"loads code", "plugins run here only: leave them out of everyday builds"},
	{"changes the preprocessed text",
		"leave it out of the compile, and run the preprocessor by itself"},
	{"reports what the compiler does", "leave it out of everyday builds"},
	{"dumps what the compiler thinks", "leave it out of everyday builds"},
	{"records the whole command", "leave it out of everyday builds"},
	{"changes where messages go", "leave it out of everyday builds"},
	{"says more than nodes", "leave it out of everyday builds"},
	{"writes debug information", "use -g, or -gdwarf-5"},
	{"names side outputs", "let the compiler name them by the output"},
	{"writes another file", "leave it out of everyday builds"},
	{"changes what headers mean", "use include guards or #pragma once, and -I"},
	{"reads or writes profiles",
		"profile in builds of their own; -fprofile-use reads files that nodes do not have"},
	{"C++ modules",
		"modules are compiled here; what does not import them can be compiled on nodes"},
	{"precompiled header", "with a farm, builds are faster without"},
	{"headers are precompiled", "with a farm, builds are faster without"},
	{"is preprocessed", "compile the source instead of its preprocessed form"},
	{"preprocessed already", "compile the source instead of its preprocessed form"},
	{"quotes the source", "leave it out of everyday builds"},
	{"needs the source as it is", "leave it out of everyday builds"},
	{"makes no object", "nothing: there is nothing to share"},
	{"is for -M", "leave it out: it is for -M and -MM only"},
	{"compiles for another target", "compile for one target at a time"},
	{"assertions", "use -D instead of -A"},
	{"is not known to the farm",
		"if it is harmless, a row of farmmake's table of options is missing: tell its authors"},
	{"nodes do not take", "leave the option out where it is not needed"},
	{"means something else on another machine", "give the value that it has on this machine"},
	{"assembler sources", "nothing: it takes no time"},
	{"neither C nor C++", "nothing: nodes compile C and C++"},
	{"several sources", "one compile for each source"},
	{"several outputs", "one compile for each output"},
	{"compiles and links", "compile with -c, and link in another command"},
	{"a configure test", "nothing: it takes no time, and its answer is for this machine"},
	{"standard input", "let it be a file"},
	{"a device", "let it be a file"},
	{"is set in the environment", "unset it"},
	{"no plain file to be replaced", "let the output be a plain file, or not there"},
	{"the output is the source", "give the output another name"},
	{"the output is no file", "let the output be a plain file, or not there"},
	{"is lost by gcc",
		"nothing, if nodes read sources themselves (--farm-direct); else mend the source"},
	{"no node has this toolchain",
		"install the same compiler package on the nodes; farmctl doctor shows how they differ"},
	{"the last node with this toolchain", "farmctl doctor says whether it is back"},
	{"no node", "farmctl doctor says why none is used"},
	{"fully fed", "all nodes are busy: more nodes, or nothing"},
	{"the stage is full", "all nodes are busy: more nodes, or nothing"},
	{"done here earlier", "nothing: a core here was free before a node's"},
	{"is being examined", "nothing: that happens once for each compiler"},
	{"had something to say",
		"mend what is warned of, or nothing: such words are said by the compiler here"},
	{"is checked", "nothing: --farm-verify asks for it"},
	{"in quarantine", "farmctl report says what the node did"},
	{"too large", "split the source"},
	{"longer than a node takes", "use shorter paths"},
	{"more options than", "put fewer options on the command line"},
};

const char *advice_for(const char *reason)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strstr(reason, rows[i].words))
			return rows[i].advice;
	return NULL;
}
