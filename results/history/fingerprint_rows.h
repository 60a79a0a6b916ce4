/* fingerprint_rows.h - the table of the facts that count. Private to results/history/. */
#ifndef FINGERPRINT_ROWS_H
#define FINGERPRINT_ROWS_H

#include <stdbool.h>
#include <stddef.h>

enum how {
	WHOLE, /* one value */
	WORDS, /* a list with blanks between, in any order */
	COMMAS,
	BARS,   /* " | " between */
	NEARLY, /* a number that moves a little by itself */
	OF_VMS  /* "none": no VM ran, which says nothing of what VMs get */
};

/* Where the value is found. */
enum from {
	ENVIRONMENT, /* the fact of that key */
	NUMBERED,    /* the facts "image.0.kernel", "image.1.kernel", ... as one: "image.kernel",
		      * which is what trials call theirs */
	TRIALS       /* facts of the trials, as one */
};

/* One fact that counts. A key that ends in '*' is a family: the rest of the key says which. */
struct fingerprint_row {
	const char *key, *what;
	enum how how;
	enum from from;
	bool is_of_one_host;   /* another host has another one without being another system */
	const char *unless[3]; /* what these changed with says enough */
};
extern const struct fingerprint_row fingerprint_rows[];
extern const size_t n_fingerprint_rows;

/* The row of a fact of a fingerprint; NULL: it does not count. A name comes before its family. */
const struct fingerprint_row *fingerprint_row_of(const char *key);
bool fingerprint_row_is_family(const struct fingerprint_row *row);
/* Is @key "image.3.kernel" of "image.kernel"? */
bool fingerprint_is_numbered(const char *name, const char *key);

/* Which facts were asked for at all: the last fact of a fingerprint, and of no row. */
#define FINGERPRINT_VERSION_KEY "environment.version"

#endif
