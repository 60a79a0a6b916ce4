/* Any text is refused with a reason or is values in order, in which change points lie in order. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change_points.h"
#include "cleanup.h"
#include "fuzz.h"
#include "value_lines.h"

const char *const fuzz_words[] = {
	"\n",
	"\r\n",
	"\r",
	",",
	";",
	"\t",
	" ",
	"\"",
	"#",
	"-",
	"+",
	".",
	"e",
	"date,value\n",
	"2024-01-01",
	"2024-02-29",
	"2023-02-29",
	"2024-12",
	"2024-13",
	"T23:59:60.5",
	" 00:00",
	"Z",
	"+01:00",
	"-0100",
	"0000-01-01",
	"9999-12-31",
	"1e308",
	"-1e308",
	"1e-308",
	"1e999",
	"0",
	"0x10",
	"inf",
	"nan",
	"NaN",
	"NA",
	"null",
	"\xef\xbb\xbf",
	"\xff",
	"1,1\n2,1\n3,1\n4,1\n5,2\n6,2\n7,2\n8,2\n9,2\n",
	"5\n5\n5\n5\n1\n1\n1\n1\n1\n",
};
const size_t n_fuzz_words = BL_ARRAY_LEN(fuzz_words);
unsigned long n_fuzz_accepted;

/* Of the longest inputs only the beginning: it is the reader that is asked here. */
#define LOOKED_AT 300

static void check_changes(const struct value_lines *v)
{
	struct change_options o = changes_display;
	struct changes found = {0};
	double y[LOOKED_AT];
	size_t n = 0, begin = 0;
	int r;

	for (size_t i = 0; i < v->n && n < LOOKED_AT; i++)
		if (!isnan(v->items[i].value))
			y[n++] = v->items[i].value;
	o.is_linear = true;
	o.min_effect = 0;
	r = changes_find(y, n, &o, &found);
	FUZZ_MUST(r == 0 || r == -EDOM);
	for (size_t i = 0; i < found.n; i++) {
		const struct change *c = &found.items[i];

		FUZZ_MUST(c->at == begin + c->n_before);
		FUZZ_MUST(c->n_before >= CHANGES_SEGMENT_MIN && c->n_after >= CHANGES_SEGMENT_MIN);
		FUZZ_MUST(c->p >= 0 && c->p <= o.alpha);
		FUZZ_MUST(c->lo <= c->hi);
		begin = c->at;
	}
	FUZZ_MUST(found.n == 0 || begin + found.items[found.n - 1].n_after == n);
	for (size_t i = 0; i < found.n_outliers; i++)
		FUZZ_MUST(found.outliers[i] < n);
	FUZZ_MUST(found.phi >= 0 && found.phi < 1 && found.sigma >= 0);
	changes_done(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BL_CLEANUP(value_lines_done) struct value_lines v = {0};
	struct value_form form = {"one value a line is expected: 412", size % 2};
	struct bl_err err = BL_ERR_INIT;
	int r = value_lines_parse((const char *)data, size, &form, &v, &err);

	if (r < 0) {
		FUZZ_MUST(err.code == r);
		FUZZ_MUST(err.text[0]);
		FUZZ_MUST(v.items == NULL && v.n == 0 && v.text == NULL);
		return 0;
	}
	n_fuzz_accepted++;
	FUZZ_MUST(v.n > v.n_absent);
	for (size_t i = 0; i < v.n; i++) {
		FUZZ_MUST(isfinite(v.items[i].key) && !isinf(v.items[i].value));
		FUZZ_MUST((v.items[i].text == NULL) == (v.kind == VALUE_KEY_PLACE));
		FUZZ_MUST(i == 0 || v.items[i].key > v.items[i - 1].key ||
			  (size % 2 && v.items[i].key == v.items[i - 1].key));
	}
	check_changes(&v);
	return 0;
}
