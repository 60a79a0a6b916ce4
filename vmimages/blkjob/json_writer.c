#include "json_writer.h"

#include <math.h>
#include <string.h>

static void indent(struct json_writer *w)
{
	bl_buf_addc(w->out, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		bl_buf_adds(w->out, "  ");
}

/* How many bytes at @s are one character of UTF-8; 0: they are none. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char mask, lead, second_min, second_max;
		size_t n;
	} forms[] = {
		{0xff, 0xe0, 0xa0, 0xbf, 3}, /* overlong below */
		{0xff, 0xed, 0x80, 0x9f, 3}, /* surrogates above */
		{0xff, 0xf0, 0x90, 0xbf, 4}, /* overlong below */
		{0xff, 0xf4, 0x80, 0x8f, 4}, /* beyond U+10FFFF above */
		{0xe0, 0xc0, 0x80, 0xbf, 2}, {0xf0, 0xe0, 0x80, 0xbf, 3},
		{0xfc, 0xf0, 0x80, 0xbf, 4},
	};

	if (*s < 0x80)
		return 1;
	if (*s == 0xc0 || *s == 0xc1)
		return 0;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t k = 2;

		if ((*s & forms[i].mask) != forms[i].lead)
			continue;
		if (forms[i].n > left || s[1] < forms[i].second_min || s[1] > forms[i].second_max)
			return 0;
		while (k < forms[i].n && (s[k] & 0xc0) == 0x80)
			k++;
		return k == forms[i].n ? k : 0;
	}
	return 0;
}

static void quoted(struct json_writer *w, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	bl_buf_addc(w->out, '"');
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_length(s + i, len - i);
		if (n == 0) {
			bl_buf_adds(w->out, "\\ufffd");
			n = 1;
		} else if (s[i] == '"' || s[i] == '\\') {
			bl_buf_addf(w->out, "\\%c", s[i]);
		} else if (s[i] < 0x20) {
			bl_buf_addf(w->out, "\\u%04x", s[i]);
		} else {
			bl_buf_add(w->out, s + i, n);
		}
	}
	bl_buf_addc(w->out, '"');
}

/* What stands before a value: the comma, the line and the key. */
static void begin(struct json_writer *w, const char *key)
{
	if (w->has_items)
		bl_buf_addc(w->out, ',');
	if (w->depth)
		indent(w);
	w->has_items = true;
	if (!key)
		return;
	quoted(w, key, strlen(key));
	bl_buf_adds(w->out, " : ");
}

static void open_with(struct json_writer *w, const char *key, char bracket)
{
	begin(w, key);
	bl_buf_addc(w->out, bracket);
	w->depth++;
	w->has_items = false;
}

static void close_with(struct json_writer *w, char bracket)
{
	w->depth--;
	indent(w);
	bl_buf_addc(w->out, bracket);
	w->has_items = true;
}

void json_object_open(struct json_writer *w, const char *key)
{
	open_with(w, key, '{');
}

void json_object_close(struct json_writer *w)
{
	close_with(w, '}');
}

void json_array_open(struct json_writer *w, const char *key)
{
	open_with(w, key, '[');
}

void json_array_close(struct json_writer *w)
{
	close_with(w, ']');
}

void json_put_uint(struct json_writer *w, const char *key, uint64_t v)
{
	begin(w, key);
	bl_buf_addf(w->out, "%llu", (unsigned long long)v);
}

void json_put_int(struct json_writer *w, const char *key, int64_t v)
{
	begin(w, key);
	bl_buf_addf(w->out, "%lld", (long long)v);
}

void json_put_real(struct json_writer *w, const char *key, double v)
{
	begin(w, key);
	bl_buf_addf(w->out, "%f", isfinite(v) ? v : 0);
}

void json_put_textn(struct json_writer *w, const char *key, const char *text, size_t len)
{
	begin(w, key);
	quoted(w, text, len);
}

void json_put_text(struct json_writer *w, const char *key, const char *text)
{
	json_put_textn(w, key, text, strlen(text));
}
