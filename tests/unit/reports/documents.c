#include "documents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "cleanup.h"
#include "fs.h"

char *document(const struct synthetic *how, enum report_format format,
	       const struct report_options *opt)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct run_data d;
	int r;

	synthetic_run(how, &d);
	r = report_write(&d, format, opt, &out, &err);
	run_data_done(&d);
	ck_assert_msg(r == 0, "%s", bl_err_text(&err));
	return bl_buf_take(&out);
}

char *terminal_table(const struct synthetic *how, unsigned columns, bool color)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct run_data d;
	int r;

	synthetic_run(how, &d);
	r = report_table(&d, NULL, columns, color, &out, &err);
	run_data_done(&d);
	ck_assert_msg(r == 0, "%s", bl_err_text(&err));
	return bl_buf_take(&out);
}

void expect_file(const char *file, const char *text)
{
	BL_CLEANUP(bl_freep)
	char *path = bl_strf("%s/tests/unit/reports/expected/%s", SOURCE_DIR, file);
	BL_CLEANUP(bl_buf_done) struct bl_buf want = BL_BUF_INIT;
	const char *regen = getenv("BLKLAB_REGEN");
	struct bl_err err = BL_ERR_INIT;
	const char *w;
	int line = 1;

	if (regen && strcmp(regen, "1") == 0) {
		ck_assert_msg(bl_write_file(path, text, strlen(text), &err) == 0, "%s",
			      bl_err_text(&err));
		return;
	}
	ck_assert_msg(bl_read_file(path, 1 << 22, &want, &err) == 0, "%s", bl_err_text(&err));
	w = bl_buf_str(&want);
	while (*w && *w == *text) {
		line += *w == '\n';
		w++;
		text++;
	}
	ck_assert_msg(*w == *text, "%s:%d: expected '%.60s', got '%.60s'", file, line, w, text);
}

void expect_only_text(const char *page, const char *md, const char *json, const char *term)
{
	const char *const all[] = {page, md, json, term};

	for (size_t i = 0; i < BL_ARRAY_LEN(all); i++)
		ck_assert_msg(!all[i] || !strchr(all[i], '\033'), "a control in document %zu", i);
	if (page) {
		ck_assert_ptr_null(strstr(page, "<img"));
		ck_assert_uint_eq(count_of(page, "</script>"), 1);
	}
	ck_assert_ptr_null(md ? strstr(md, "<img") : NULL);
}

size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *s = strstr(text, what); s; s = strstr(s + strlen(what), what))
		n++;
	return n;
}
