/* value_lines.h - values by date, second or place out of a text: "2024-03-01,412".
 *
 * A line is a key and a value, parted by a comma, a semicolon, a tab or blanks; or a value alone,
 * whose key is its place. The first line with values says which it is, for all of the file; where
 * it is a semicolon, a decimal comma is one. Left out: empty lines, lines that begin with '#', and
 * the lines before the first values that hold no number (a head). Line ends are LF, CRLF or CR.
 *
 * A key is a number (a place, or seconds), or a date or moment as of ISO 8601: 2024-03,
 * 2024-03-01, 2024-03-01T23:15, 2024-03-01 23:15:07.25+01:00. No zone: UTC.
 */
#ifndef VALUE_LINES_H
#define VALUE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

#define VALUE_LINES_MAX 4000000

enum value_key { VALUE_KEY_PLACE, VALUE_KEY_NUMBER, VALUE_KEY_TIME };

struct value_line {
	size_t line;      /* from 1 */
	double key;       /* place from 0, number, or seconds since 1970 */
	const char *text; /* the key as written, borrowed from the values; of a place: NULL */
	double value;     /* NAN: the line has none (empty, '-', NA, NaN or null) */
};

struct value_lines {
	struct value_line *items; /* keys ascending */
	size_t n;
	enum value_key kind;
	size_t n_absent; /* of them, without a value */
	char *text;      /* what the keys are borrowed from */
};

/* What the caller asks for. */
struct value_form {
	const char *expected; /* for people: "one value a line is expected: 412" */
	bool allow_twice;     /* lines may have equal keys; they never go back */
};

/* @text[len] is read only. *ret is new: value_lines_done(). -EINVAL: what is wrong in which line,
 * and what would do; also when there is no value at all. -E2BIG, -ENOMEM. */
int value_lines_parse(const char *text, size_t len, const struct value_form *form,
		      struct value_lines *ret, struct bl_err *err);
void value_lines_done(struct value_lines *v);

/* -EINVAL: @text[len] is no text. */
int value_text_check(const char *text, size_t len, const struct value_form *form,
		     struct bl_err *err);
/* What parts the fields of a line @s[len]: ';', a tab, ',' or ' ', the first of these that it has.
 */
char value_parting(const char *s, size_t len);
/* Is @s a decimal number (no hexadecimal, no words)? *ret may be infinite. With ';' as @parting a
 * comma is a decimal one; @s is scratch: that comma becomes a point. */
bool value_is_number(char *s, char parting, double *ret);

#endif
