#include "value_lines.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"

#define SHOWN 40 /* characters of a faulty text */

struct reader {
	struct value_lines v;
	size_t room;
	size_t line;  /* where we are */
	char parting; /* 0: not known yet; ' ': blanks */
	bool has_key;
	const struct value_form *form;
	bool is_out_of_memory;
	struct bl_err *err;
};

/* "-" before digits is a sign, and alone says "none". */
static const char *const absent_words[] = {"", "-", "na", "n/a", "nan", "null", "none"};

static bool is_absent(const char *s)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(absent_words); i++)
		if (strcasecmp(s, absent_words[i]) == 0)
			return true;
	return false;
}

/* Without blanks around it; in place. */
static char *stripped(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

/* A field: also without a pair of quotes around it. */
static char *trimmed(char *s)
{
	size_t n;

	s = stripped(s);
	n = strlen(s);
	if (n < 2 || s[0] != '"' || s[n - 1] != '"')
		return s;
	s[n - 1] = '\0';
	return stripped(s + 1);
}

/* Decimal; no hexadecimal, no words. Infinite when it is too large. */
bool value_is_number(char *s, char parting, double *ret)
{
	char *end, *comma = parting == ';' ? strchr(s, ',') : NULL;

	if (!*s || strspn(s, "0123456789+-.,eE") != strlen(s))
		return false;
	if (comma)
		*comma = '.';
	*ret = strtod(s, &end);
	if (comma && *end)
		*comma = ','; /* as it was, to be shown */
	return end != s && !*end;
}

static bool read_digits(const char **s, size_t n, unsigned *ret)
{
	*ret = 0;
	for (size_t i = 0; i < n; i++, (*s)++) {
		if (!isdigit((unsigned char)**s))
			return false;
		*ret = *ret * 10 + (unsigned)(**s - '0');
	}
	return true;
}

/* Days since 1970-01-01 of the Gregorian calendar (Hinnant, days_from_civil). */
static double days_of(unsigned year, unsigned month, unsigned day)
{
	long y = (long)year - (month <= 2), era = y / 400, of_era = y - era * 400;
	long of_year = (153 * ((long)month + (month > 2 ? -3 : 9)) + 2) / 5 + (long)day - 1;

	return (double)(era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468);
}

static unsigned days_in(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap);
}

/* "Z", "+01", "+0100", "+01:00", or nothing. */
static bool read_zone(const char *s, double *ret_s)
{
	unsigned h = 0, m = 0;
	int sign = *s == '-' ? -1 : 1;

	*ret_s = 0;
	if (!*s || strcmp(s, "Z") == 0 || strcmp(s, "z") == 0)
		return true;
	if (*s != '+' && *s != '-')
		return false;
	s++;
	if (!read_digits(&s, 2, &h))
		return false;
	s += *s == ':';
	if (*s && !read_digits(&s, 2, &m))
		return false;
	*ret_s = sign * (double)(h * 3600 + m * 60);
	return !*s && h <= 24 && m < 60;
}

/* "23:15", "23:15:07.25", with a zone behind it. */
static bool read_clock(const char *s, double *ret_s)
{
	unsigned h, m, sec = 0;
	double fraction = 0, zone_s, unit = 0.1;

	if (!read_digits(&s, 2, &h) || *s++ != ':' || !read_digits(&s, 2, &m))
		return false;
	if (*s == ':') {
		s++;
		if (!read_digits(&s, 2, &sec))
			return false;
		if (*s == '.' || *s == ',')
			for (s++; isdigit((unsigned char)*s); s++, unit /= 10)
				fraction += unit * (*s - '0');
	}
	while (*s == ' ')
		s++;
	if (h > 24 || m > 59 || sec > 60 || !read_zone(s, &zone_s))
		return false;
	*ret_s = h * 3600 + m * 60 + sec + fraction - zone_s;
	return true;
}

static bool read_time(const char *s, double *ret)
{
	unsigned year, month, day = 1;
	double clock_s = 0;

	if (!read_digits(&s, 4, &year) || *s++ != '-' || !read_digits(&s, 2, &month))
		return false;
	if (*s == '-') {
		s++;
		if (!read_digits(&s, 2, &day))
			return false;
	}
	if (month < 1 || month > 12 || day < 1 || day > days_in(year, month))
		return false;
	if (*s == 'T' || *s == 't' || *s == ' ') {
		if (!read_clock(s + 1, &clock_s))
			return false;
	} else if (*s) {
		return false;
	}
	*ret = days_of(year, month, day) * 86400 + clock_s;
	return true;
}

static bool read_key(char *s, char parting, enum value_key *ret_kind, double *ret)
{
	*ret_kind = VALUE_KEY_TIME;
	if (read_time(s, ret))
		return true;
	*ret_kind = VALUE_KEY_NUMBER;
	return value_is_number(s, parting, ret) && isfinite(*ret);
}

/* What parts the fields of a line; the last blank where there is nothing else: a moment may hold
 * one. */
char value_parting(const char *s, size_t len)
{
	static const char parts[] = ";\t,";

	for (const char *p = parts; *p; p++)
		if (memchr(s, *p, len))
			return *p;
	return ' ';
}

/* Parts @s in place; returns how many fields there are, three for three and more. */
static size_t part(char *s, char parting, char *fields[2])
{
	char *at = parting == ' ' ? strrchr(s, ' ') : strchr(s, parting);
	char *more;

	fields[0] = s;
	fields[1] = NULL;
	if (!at)
		return 1;
	*at = '\0';
	fields[1] = at + 1;
	/* a trailing separator is no third field */
	more = parting == ' ' ? NULL : strchr(at + 1, parting);
	if (!more)
		return 2;
	*more = '\0';
	return *trimmed(more + 1) ? 3 : 2;
}

/* Of a faulty text, what can be put on any terminal. */
static char *shown(char out[SHOWN + 1], const char *s)
{
	size_t n = 0;

	for (; s[n] && n < SHOWN; n++)
		out[n] = s[n] >= ' ' && s[n] < 0x7f ? s[n] : '?';
	out[n] = '\0';
	return out;
}

static int add(struct reader *r, const struct value_line *one)
{
	if (r->v.n == VALUE_LINES_MAX)
		return bl_fail(r->err, -E2BIG,
			       "line %zu: more than %d values; give fewer, for example one a night "
			       "(a median)",
			       r->line, VALUE_LINES_MAX);
	if (r->v.n == r->room) {
		size_t room = r->room ? 2 * r->room : 64;
		struct value_line *items = reallocarray(r->v.items, room, sizeof *items);

		if (!items)
			return bl_fail(r->err, -ENOMEM, "out of memory");
		r->v.items = items;
		r->room = room;
	}
	r->v.items[r->v.n++] = *one;
	r->v.n_absent += isnan(one->value);
	return 0;
}

static int check_order(struct reader *r, const struct value_line *one)
{
	const struct value_line *last = r->v.n ? &r->v.items[r->v.n - 1] : NULL;
	char a[SHOWN + 1], b[SHOWN + 1];

	if (!last || one->key > last->key || (r->form->allow_twice && one->key == last->key))
		return 0;
	if (one->key == last->key)
		return bl_fail(r->err, -EINVAL,
			       "line %zu: '%s' was already there in line %zu; one value each is "
			       "looked at: give their median",
			       r->line, shown(a, one->text), last->line);
	return bl_fail(r->err, -EINVAL,
		       "line %zu: '%s' is before '%s' of line %zu; the oldest comes first: sort "
		       "the file by its first column",
		       r->line, shown(a, one->text), shown(b, last->text), last->line);
}

static int bad_value(struct reader *r, const char *given)
{
	char a[SHOWN + 1];

	return bl_fail(r->err, -EINVAL,
		       "line %zu: '%s' is no value; a decimal number is expected, or nothing where "
		       "it was not measured",
		       r->line, shown(a, given));
}

static int bad_key(struct reader *r, const char *given)
{
	char a[SHOWN + 1];

	return bl_fail(r->err, -EINVAL,
		       "line %zu: '%s' is neither a date (2024-03-01, 2024-03-01T23:15:07Z) nor a "
		       "number; every line begins with one, as the first does",
		       r->line, shown(a, given));
}

/* The first line that has values says how the others are written. False: it is of the head. What
 * begins with a digit is none of the head: a date that is wrong is not passed over. */
static bool begin_values(struct reader *r, const char *s, char *copy)
{
	char parting = value_parting(s, strlen(s)), *fields[2];
	enum value_key kind = VALUE_KEY_PLACE;
	bool is_values;
	double v;
	size_t n;

	strcpy(copy, s);
	n = part(copy, parting, fields);
	fields[0] = trimmed(fields[0]);
	if (n == 1)
		is_values = value_is_number(fields[0], parting, &v);
	else
		is_values = read_key(fields[0], parting, &kind, &v) ||
			    value_is_number(trimmed(fields[1]), parting, &v);
	if (!is_values && !isdigit((unsigned char)*fields[0]))
		return false;
	r->parting = parting;
	r->has_key = n > 1;
	r->v.kind = kind;
	return true;
}

static bool is_of_head(struct reader *r, const char *s)
{
	BL_CLEANUP(bl_freep) char *copy = NULL;

	if (r->parting)
		return false;
	copy = malloc(strlen(s) + 1);
	if (!copy) {
		bl_fail(r->err, -ENOMEM, "out of memory");
		r->is_out_of_memory = true;
		return true;
	}
	return !begin_values(r, s, copy);
}

/* *ret stays NAN where there is none. */
static int read_value(struct reader *r, char *s, double *ret)
{
	char a[SHOWN + 1];

	if (is_absent(s))
		return 0;
	if (!value_is_number(s, r->parting, ret))
		return bad_value(r, s);
	if (isfinite(*ret))
		return 0;
	return bl_fail(
		r->err, -EINVAL,
		"line %zu: '%s' is beyond what a double holds (1.8e308); give it in a larger "
		"unit",
		r->line, shown(a, s));
}

static int read_line(struct reader *r, char *s)
{
	struct value_line one = {.line = r->line, .key = (double)r->v.n, .value = NAN};
	enum value_key kind;
	char *fields[2];
	size_t n;

	s = stripped(s);
	if (!*s || *s == '#')
		return 0;
	if (is_of_head(r, s))
		return r->is_out_of_memory ? -ENOMEM : 0;
	n = part(s, r->parting, fields);
	if (r->has_key && n == 1 && r->parting == ' ')
		return bad_value(r, "");
	if (n > 2 || (!r->has_key && n > 1))
		return bl_fail(r->err, -EINVAL, "line %zu: more than %s; %s: cut the others off",
			       r->line,
			       r->has_key ? "two fields" : "the value that the first line has",
			       r->form->expected);
	if (r->has_key) {
		one.text = fields[0] = trimmed(fields[0]);
		if (!read_key(fields[0], r->parting, &kind, &one.key) || kind != r->v.kind)
			return bad_key(r, one.text);
		if (check_order(r, &one) < 0)
			return -EINVAL;
	}
	if (n > r->has_key && read_value(r, trimmed(fields[r->has_key]), &one.value) < 0)
		return -EINVAL;
	return add(r, &one);
}

/* The next line, ended by LF, CR or both; NULL: no more. */
static char *next_line(char **at, char *end)
{
	char *s = *at, *e = s;

	if (s == end)
		return NULL;
	while (e < end && *e != '\n' && *e != '\r')
		e++;
	*at = e < end ? e + 1 + (*e == '\r' && e + 1 < end && e[1] == '\n') : end;
	*e = '\0';
	return s;
}

static int read_all(struct reader *r, size_t len)
{
	char *at = r->v.text, *end = at + len, *s;

	if (len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3; /* byte order mark */
	while ((s = next_line(&at, end))) {
		int code;

		r->line++;
		code = read_line(r, s);
		if (code < 0)
			return code;
	}
	if (r->v.n == r->v.n_absent)
		return bl_fail(r->err, -EINVAL, "no value in %zu line%s; %s", r->line,
			       r->line == 1 ? "" : "s", r->form->expected);
	return 0;
}

int value_text_check(const char *text, size_t len, const struct value_form *form,
		     struct bl_err *err)
{
	if (!memchr(text, '\0', len))
		return 0;
	return bl_fail(err, -EINVAL,
		       "there are NUL bytes in it: this is no text (UTF-16 must be made UTF-8 "
		       "first); %s",
		       form->expected);
}

int value_lines_parse(const char *text, size_t len, const struct value_form *form,
		      struct value_lines *ret, struct bl_err *err)
{
	struct reader r = {.form = form, .err = err};
	int code = value_text_check(text, len, form, err);

	if (code < 0)
		return code;
	r.v.text = malloc(len + 1);
	if (!r.v.text)
		return bl_fail(err, -ENOMEM, "out of memory");
	memcpy(r.v.text, text, len);
	r.v.text[len] = '\0';
	code = read_all(&r, len);
	if (code < 0) {
		value_lines_done(&r.v);
		return code;
	}
	*ret = r.v;
	return 0;
}

void value_lines_done(struct value_lines *v)
{
	free(v->items);
	free(v->text);
	*v = (struct value_lines){0};
}
