#include "documents.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <check.h>

#include "cleanup.h"
#include "fmt.h"
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

static bool is_void(const char *tag)
{
	static const char *const names[] = {"meta", "br", "img", "hr", "input", "!doctype"};

	for (size_t i = 0; i < BL_ARRAY_LEN(names); i++) {
		if (strcasecmp(tag, names[i]) == 0)
			return true;
	}
	return false;
}

/* Past the tag that begins at @s, quoted values skipped. */
static const char *tag_end(const char *s)
{
	char quote = 0;

	for (; *s && (quote || *s != '>'); s++) {
		if (quote && *s == quote)
			quote = 0;
		else if (!quote && (*s == '"' || *s == '\''))
			quote = *s;
	}
	ck_assert_msg(*s == '>' && !quote, "a tag does not end");
	return s + 1;
}

const char *next_of(const char *text, const char *what)
{
	size_t len = strlen(what);

	for (; *text; text++)
		if (*text == *what && strncmp(text, what, len) == 0)
			return text;
	return NULL;
}

/* Every element is closed in order. */
static void check_balanced(const char *s)
{
	char open[64][24];
	size_t depth = 0;

	while ((s = strchr(s, '<'))) {
		const char *at = s + 1 + (s[1] == '/'), *end = tag_end(s);
		char tag[24];

		snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(at, " \t\n/>"), at);
		ck_assert_msg(isalpha((unsigned char)tag[0]) || tag[0] == '!', "stray '<%.30s'",
			      at);
		if (s[1] == '/') {
			ck_assert_msg(depth && strcmp(open[depth - 1], tag) == 0,
				      "</%s> closes <%s>", tag,
				      depth ? open[depth - 1] : "nothing");
			depth--;
		} else if (end[-2] != '/' && !is_void(tag)) {
			ck_assert_uint_lt(depth, BL_ARRAY_LEN(open));
			snprintf(open[depth++], sizeof(open[0]), "%s", tag);
		}
		s = end;
		if (strcmp(tag, "style") == 0 || strcmp(tag, "script") == 0) {
			char close[32];

			snprintf(close, sizeof(close), "</%s>", tag);
			if (at[-1] != '/')
				s = next_of(s, close);
			ck_assert_ptr_nonnull(s);
		}
	}
	ck_assert_uint_eq(depth, 0);
}

/* Ids are unique, and what is referred to is there. */
static void check_ids(const char *page)
{
	for (const char *s = page; (s = next_of(s, " id=")); s++) {
		char id[128];
		size_t n = strcspn(s + 5, "\"'");

		snprintf(id, sizeof(id), "%.*s", (int)(n + 6), s);
		ck_assert_msg(count_of(page, id) == 1, "%s is there %zu times", id,
			      count_of(page, id));
	}
	for (const char *s = page; (s = next_of(s, "href=")); s++) {
		char id[128];

		if (s[6] != '#' || s[7] == s[5])
			continue;
		snprintf(id, sizeof(id), " id=%.1s%.*s%.1s", s + 5, (int)strcspn(s + 7, "'\""),
			 s + 7, s + 5);
		ck_assert_msg(strstr(page, id), "%s is referred to and not there", id);
	}
}

void expect_well_formed(const char *page)
{
	check_balanced(page);
	check_ids(page);
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

	for (const char *s = next_of(text, what); s; s = next_of(s + strlen(what), what))
		n++;
	return n;
}

void expect_fits(const char *text, size_t columns)
{
	while (*text) {
		BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;
		size_t n = strcspn(text, "\n");

		bl_buf_add(&line, text, n);
		ck_assert_msg(fmt_width(bl_buf_str(&line)) <= columns, "%zu of %zu columns: '%s'",
			      fmt_width(bl_buf_str(&line)), columns, bl_buf_str(&line));
		ck_assert_msg(!n || (text[n - 1] != ' ' && text[n - 1] != '\t'),
			      "ends in a blank: '%s'", bl_buf_str(&line));
		text += n + (text[n] == '\n');
	}
}
