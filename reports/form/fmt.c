#include "fmt.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"

/* Length of the valid UTF-8 sequence at @s and its code point; 0: not valid. */
static size_t utf8_at(const char *s, uint32_t *cp)
{
	const unsigned char *u = (const unsigned char *)s;
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = u[0] < 0x80 ? 1 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc0 ? 2 : 0;

	if (n == 0 || u[0] > 0xf4)
		return 0;
	*cp = n == 1 ? u[0] : u[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (u[i] & 0x3f);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return 0;
	return n;
}

/* Controls, and what reorders or hides text on a screen (U+200B..F, U+202A..E, U+2066..9). */
static bool is_harmful(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x2069) || cp == 0xfeff ||
	       cp == 0xfffe || cp == 0xffff; /* which XML can't have */
}

/* The next character of @s in clean form; @buf holds at most four bytes and NUL. Returns how far
 * to go on in @s. */
static size_t next_clean(const char *s, int keep_lines, char buf[8])
{
	uint32_t cp = 0;
	size_t n = utf8_at(s, &cp);

	if (n && (cp == '\n' || cp == '\t')) {
		snprintf(buf, 8, "%c", keep_lines ? (int)cp : ' ');
		return 1;
	}
	if (n == 0 || is_harmful(cp)) {
		snprintf(buf, 8, "?");
		return n ? n : 1;
	}
	snprintf(buf, 8, "%.*s", (int)n, s);
	return n;
}

void fmt_clean(struct bl_buf *out, const char *s, int keep_lines)
{
	char c[8];

	while (*s) {
		s += next_clean(s, keep_lines, c);
		bl_buf_adds(out, c);
	}
}

size_t fmt_width(const char *s)
{
	size_t n = 0;
	char c[8];

	while (*s) {
		s += next_clean(s, 0, c);
		n++;
	}
	return n;
}

void fmt_pad(struct bl_buf *out, const char *s, size_t width)
{
	size_t have = fmt_width(s), n = 0;
	bool is_cut = have > width;
	char c[8];

	while (*s && n + is_cut < width) {
		s += next_clean(s, 0, c);
		bl_buf_adds(out, c);
		n++;
	}
	if (is_cut && width)
		bl_buf_addc(out, '~');
	for (; n + is_cut < width; n++)
		bl_buf_addc(out, ' ');
}

const char *fmt_part(struct bl_buf *out, const struct bl_buf *part)
{
	out->failed |= bl_buf_failed(part);
	return bl_buf_str(part);
}

void fmt_html(struct bl_buf *out, const char *s)
{
	char c[8];

	while (*s) {
		s += next_clean(s, 1, c);
		switch (c[0]) {
		case '&':
			bl_buf_adds(out, "&amp;");
			break;
		case '<':
			bl_buf_adds(out, "&lt;");
			break;
		case '>':
			bl_buf_adds(out, "&gt;");
			break;
		case '"':
			bl_buf_adds(out, "&quot;");
			break;
		case '\'':
			bl_buf_adds(out, "&#39;");
			break;
		default:
			bl_buf_adds(out, c);
		}
	}
}

/* The @n characters of a figure that fmt_plain set, as fmt_page would have. */
static void add_figure(struct bl_buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '-')
			bl_buf_adds(out, fmt_page.minus);
		else if (s[i] == *fmt_plain.times)
			bl_buf_adds(out, fmt_page.times);
		else if (i + 2 == n && strncmp(s + i, fmt_plain.percent, 2) == 0) {
			bl_buf_adds(out, fmt_page.percent);
			i++;
		} else
			bl_buf_addc(out, s[i]);
	}
}

void fmt_marked_html(struct bl_buf *out, const char *s)
{
	static const char ends[] = {'\n', FIGURE_MARK, FIGURE_MARK_END, '\0'};
	bool is_figure = false;

	while (*s) {
		BL_CLEANUP(bl_buf_done) struct bl_buf part = BL_BUF_INIT;
		size_t n = strcspn(s, ends);

		if (is_figure)
			add_figure(&part, s, n);
		else
			bl_buf_add(&part, s, n);
		fmt_html(out, fmt_part(out, &part));
		s += n;
		if (*s == '\n')
			bl_buf_adds(out, "<br>");
		is_figure = *s == FIGURE_MARK;
		s += *s != '\0';
	}
}

void fmt_md(struct bl_buf *out, const char *s)
{
	char c[8];

	while (*s) {
		s += next_clean(s, 0, c);
		if (c[0] == '<' || c[0] == '>' || c[0] == '&') {
			bl_buf_adds(out, c[0] == '<' ? "&lt;" : c[0] == '>' ? "&gt;" : "&amp;");
			continue;
		}
		if (!c[1] && strchr("\\`*_[]|#~", c[0]))
			bl_buf_addc(out, '\\');
		bl_buf_adds(out, c);
	}
}

void fmt_csv(struct bl_buf *out, const char *s)
{
	bool is_quoted = strpbrk(s, ",\"\r\n") != NULL;
	char c[8];

	if (is_quoted)
		bl_buf_addc(out, '"');
	while (*s) {
		s += next_clean(s, 1, c);
		bl_buf_adds(out, c[0] == '"' ? "\"\"" : c);
	}
	if (is_quoted)
		bl_buf_addc(out, '"');
}

/* Runs of text between the two marks go through @put, the marks become @on and @off. */
static void sentence(struct bl_buf *out, const char *s, const char *on, const char *off,
		     void (*put)(struct bl_buf *, const char *))
{
	char part[512];

	while (*s) {
		size_t n = strcspn(s, "\x01\x02");

		if (n >= sizeof(part)) {
			n = sizeof(part) - 1;
			while (n > 1 && ((unsigned char)s[n] & 0xc0) == 0x80)
				n--;
		}
		snprintf(part, sizeof(part), "%.*s", (int)n, s);
		put(out, part);
		s += n;
		if (*s == FMT_STRONG || *s == FMT_STRONG_END)
			bl_buf_adds(out, *s++ == FMT_STRONG ? on : off);
	}
}

static void put_plain(struct bl_buf *out, const char *s)
{
	fmt_clean(out, s, 0);
}

void fmt_sentence_html(struct bl_buf *out, const char *s)
{
	sentence(out, s, "<b>", "</b>", fmt_html);
}

void fmt_sentence_md(struct bl_buf *out, const char *s)
{
	sentence(out, s, "**", "**", fmt_md);
}

void fmt_sentence_plain(struct bl_buf *out, const char *s)
{
	sentence(out, s, "", "", put_plain);
}
