#include "value_pairs.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cleanup.h"
#include "value_lines.h"

/* The two columns, each as a text of one value a line, in the same lines as in the whole. */
struct columns {
	struct bl_buf of[2];
	size_t n; /* pairs, absent ones too; from the first on there is no head any more */
};

static void columns_done(struct columns *c)
{
	bl_buf_done(&c->of[0]);
	bl_buf_done(&c->of[1]);
}

/* A piece of a line, without the blanks and quotes around it. */
struct field {
	const char *at;
	size_t len;
};

static struct field trimmed(struct field f)
{
	while (f.len && strchr(" \t\"", f.at[0])) {
		f.at++;
		f.len--;
	}
	while (f.len && strchr(" \t\"", f.at[f.len - 1]))
		f.len--;
	return f;
}

/* The first two of them; returns how many there are. */
static size_t split(struct field line, char separator, struct field ret[2])
{
	size_t n = 0;

	for (;;) {
		const char *end = memchr(line.at, separator, line.len);
		struct field f = {line.at, end ? (size_t)(end - line.at) : line.len};

		if (n < 2)
			ret[n] = trimmed(f);
		n++;
		if (!end)
			return n;
		line = (struct field){end + 1, line.len - f.len - 1};
		if (separator == ' ')
			line = trimmed(line);
	}
}

static bool is_number(struct field f, char separator)
{
	char text[64];
	double v;

	if (!f.len || f.len >= sizeof text)
		return false;
	memcpy(text, f.at, f.len);
	text[f.len] = '\0';
	return value_is_number(text, separator, &v);
}

/* Before the first pair: no number in it, and not even the beginning of one. */
static bool is_head(const struct field fields[2], size_t n, char separator)
{
	return !is_number(fields[0], separator) && !(n > 1 && is_number(fields[1], separator)) &&
	       !(fields[0].len && isdigit((unsigned char)fields[0].at[0]));
}

static void add(struct field f, char separator, struct bl_buf *out)
{
	if (!f.len)
		bl_buf_addc(out, '-');
	for (size_t i = 0; i < f.len; i++)
		bl_buf_addc(out, separator == ';' && f.at[i] == ',' ? '.' : f.at[i]);
}

static int add_line(struct field line, size_t number, struct columns *c, struct bl_err *err)
{
	struct field fields[2] = {{NULL, 0}, {NULL, 0}};
	char separator;
	size_t n;

	line = trimmed(line);
	if (!line.len || line.at[0] == '#')
		return 0;
	separator = value_parting(line.at, line.len);
	n = split(line, separator, fields);
	if (!c->n && is_head(fields, n, separator))
		return 0;
	if (n == 1)
		return bl_fail(err, -EINVAL,
			       "line %zu: '%.*s' is one value; a single file holds pairs, two a "
			       "line: name a second file for values that are no pairs",
			       number, (int)(line.len < 40 ? line.len : 40), line.at);
	if (n > 2)
		return bl_fail(
			err, -EINVAL,
			"line %zu: %zu values in '%.*s'; two a line are a pair, the value of "
			"A and the value of B",
			number, n, (int)(line.len < 40 ? line.len : 40), line.at);
	for (int i = 0; i < 2; i++)
		if (memchr(fields[i].at, ' ', fields[i].len) ||
		    memchr(fields[i].at, '\t', fields[i].len))
			return bl_fail(err, -EINVAL,
				       "line %zu: '%.*s' is no number; a pair is '412%c398'",
				       number, (int)(fields[i].len < 40 ? fields[i].len : 40),
				       fields[i].at, separator);
	c->n++;
	add(fields[0], separator, &c->of[0]);
	add(fields[1], separator, &c->of[1]);
	return 0;
}

static int split_columns(const char *text, size_t len, struct columns *c, struct bl_err *err)
{
	size_t number = 1;
	int r = 0;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) { /* a byte order mark */
		text += 3;
		len -= 3;
	}
	while (r == 0 && len) {
		size_t n = 0;

		while (n < len && text[n] != '\n' && text[n] != '\r')
			n++;
		r = add_line((struct field){text, n}, number++, c, err);
		n += n + 1 < len && text[n] == '\r' && text[n + 1] == '\n' ? 2 : n < len;
		text += n;
		len -= n;
		bl_buf_addc(&c->of[0], '\n');
		bl_buf_addc(&c->of[1], '\n');
	}
	if (r == 0 && (bl_buf_failed(&c->of[0]) || bl_buf_failed(&c->of[1])))
		r = bl_fail(err, -ENOMEM, "out of memory");
	return r;
}

/* What stands in the same line; a column's first lines may lack theirs, as those of a head. */
static int join(const struct value_lines *a, const struct value_lines *b, struct value_pairs *p)
{
	size_t k = 0;

	p->a = calloc(a->n, sizeof *p->a);
	p->b = calloc(a->n, sizeof *p->b);
	p->line = calloc(a->n, sizeof *p->line);
	if (!p->a || !p->b || !p->line)
		return -ENOMEM;
	for (size_t i = 0; i < a->n; i++) {
		const struct value_line *one = &a->items[i];

		while (k < b->n && b->items[k].line < one->line)
			k++;
		if (k == b->n || b->items[k].line > one->line || isnan(one->value) ||
		    isnan(b->items[k].value))
			continue;
		p->a[p->n] = one->value;
		p->b[p->n] = b->items[k].value;
		p->line[p->n++] = one->line;
	}
	return 0;
}

int value_pairs_parse(const char *text, size_t len, struct value_pairs *ret, struct bl_err *err)
{
	static const struct value_form form = {"two values a line are expected: 412,398", true};
	BL_CLEANUP(columns_done) struct columns c = {{BL_BUF_INIT, BL_BUF_INIT}, 0};
	BL_CLEANUP(value_lines_done) struct value_lines a = {0}, b = {0};
	BL_CLEANUP(value_pairs_done) struct value_pairs p = {0};
	int r = value_text_check(text, len, &form, err);

	if (r == 0)
		r = split_columns(text, len, &c, err);
	if (r == 0 && !c.n)
		r = bl_fail(
			err, -EINVAL,
			"no pair of values; two a line are one, parted by a comma, a semicolon, "
			"a tab or blanks");
	if (r == 0)
		r = value_lines_parse(bl_buf_str(&c.of[0]), c.of[0].len, &form, &a, err);
	if (r == 0)
		r = value_lines_parse(bl_buf_str(&c.of[1]), c.of[1].len, &form, &b, err);
	if (r < 0)
		return r;
	if (join(&a, &b, &p) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (!p.n)
		return bl_fail(err, -EINVAL, "no line has both of its two values");
	p.n_absent = c.n - p.n;
	*ret = p;
	p = (struct value_pairs){0};
	return 0;
}

void value_pairs_done(struct value_pairs *p)
{
	free(p->a);
	free(p->b);
	free(p->line);
	*p = (struct value_pairs){0};
}
