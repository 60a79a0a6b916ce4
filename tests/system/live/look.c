#include "look.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "proc.h"
#include "units.h"

static const char **command(const char *const *args)
{
	static const char *argv[24];
	size_t n = 0;

	argv[n++] = BLKLAB;
	argv[n++] = "diagnose";
	argv[n++] = "--live";
	for (; *args; args++)
		argv[n++] = *args;
	argv[n] = NULL;
	return argv;
}

int look(const char *const *args, struct bl_buf *out)
{
	size_t begin = out->len;
	struct bl_err err = BL_ERR_INIT;
	int r = bl_proc_run(command(args), NULL, 0, out, out, 120 * NS_PER_S, &err);

	ck_assert_msg(r >= 0, "%s", err.text);
	printf("%s", bl_buf_str(out) + begin);
	fflush(stdout);
	return r;
}

json_t *look_json(const char *const *args)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT, errors = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	json_error_t why;
	json_t *doc;
	int r = bl_proc_run(command(args), NULL, 0, &out, &errors, 120 * NS_PER_S, &err);

	ck_assert_msg(r == 0, "%d: %s%s", r, err.text, bl_buf_str(&errors));
	doc = json_loadb(out.data, out.len, 0, &why);
	ck_assert_msg(doc, "%s in: %s", why.text, bl_buf_str(&out));
	return doc;
}

double look_rate(const char *text, const char *what)
{
	const char *at = strstr(text, what);
	char *end;
	double v;

	if (!at)
		return -1;
	v = strtod(at + strlen(what), &end);
	return *end == 'k' ? v * 1e3 : *end == 'M' ? v * 1e6 : v;
}
