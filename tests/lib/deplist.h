/* deplist - what a compiler lists with -M. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

/* "x.o: a.c b\ c.h \ …": the names behind the colon. */
static inline void deplist_parse(const char *p, struct strv *ret)
{
	for (p = strstr(p, ": ") ? strstr(p, ": ") + 2 : ""; *p;) {
		struct buf name;
		buf_init(&name, 64 << 20);
		for (; *p && *p != ' ' && *p != '\n'; p++) {
			p += (*p == '\\' && strchr(" #\\", p[1])) || (*p == '$' && p[1] == '$');
			if (*p == '\\' && p[1] == '\n')
				break;
			wr_raw(&name, p, 1);
		}
		p += *p == '\\';
		p += *p != '\0';
		wr_raw(&name, "", 1);
		if (name.len > 1)
			strv_push(ret, (char *)name.data);
		buf_fini(&name);
	}
}
