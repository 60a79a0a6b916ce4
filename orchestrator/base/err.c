#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int bl_fail(struct bl_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err || err->code)
		return code;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return code;
}

int bl_wrap(struct bl_err *err, int code, const char *fmt, ...)
{
	char where[256], reason[BL_ERR_TEXT_MAX];
	va_list ap;

	if (!err)
		return code;
	if (!err->code) {
		err->code = code;
		snprintf(err->text, sizeof err->text, "%s", strerror(-code));
	}
	va_start(ap, fmt);
	vsnprintf(where, sizeof where, fmt, ap);
	va_end(ap);
	memcpy(reason, err->text, sizeof reason);
	reason[sizeof reason - 1] = '\0';
	snprintf(err->text, sizeof err->text, "%s: %.*s", where,
		 (int)(sizeof err->text - sizeof where - 3), reason);
	return code;
}

const char *bl_err_text(const struct bl_err *err)
{
	return err && err->code && err->text[0] ? err->text : "no reason given";
}
