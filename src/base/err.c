#include "base/err.h"

#include <string.h>

static const char *const texts[] = {
#define XX(name, text) [ERR_##name - ERR_FIRST] = text,
	ERR_MAP(XX)
#undef XX
};

const char *err_str(int err)
{
	if (err == 0)
		return "success";
	if (err > ERR_FIRST && err < ERR_LAST)
		return texts[err - ERR_FIRST];
	if (err < 0 && err >= -4095)
		return strerror(-err);
	return "unknown error";
}
