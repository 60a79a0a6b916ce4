#include "short_number.h"

#include <stdio.h>

static unsigned digits(uint64_t v)
{
	unsigned n = 1;

	while (v >= 10) {
		v /= 10;
		n++;
	}
	return n;
}

/* @v in a number of at most @width characters, and the power of @step it is to be multiplied
 * by. */
static unsigned shorten(char out[24], uint64_t v, unsigned width, unsigned step)
{
	uint64_t unit = 1;
	unsigned power = 0, places;

	while (digits(v / unit) > width && power < 6) {
		unit *= step;
		power++;
	}
	if (power == 0) {
		snprintf(out, 24, "%llu", (unsigned long long)v);
		return 0;
	}
	places = width > digits(v / unit) + 1 ? width - digits(v / unit) - 1 : 0;
	/* 99.96 becomes 100.0, which is a place too long */
	while (snprintf(out, 24, "%.*f", (int)places, (double)v / (double)unit) > (int)width &&
	       places > 0)
		places--;
	return power;
}

char *short_count(char out[SHORT_NUMBER_MAX], uint64_t v, unsigned width)
{
	static const char *const suffix[] = {"", "k", "M", "G", "T", "P", "E"};
	char number[24];
	unsigned power = shorten(number, v, width, 1000);

	snprintf(out, SHORT_NUMBER_MAX, "%s%s", number, suffix[power]);
	return out;
}

char *short_bytes(char out[SHORT_NUMBER_MAX], uint64_t bytes, unsigned width, bool is_binary,
		  bool is_bits)
{
	static const char *const prefix[2][7] = {{"", "k", "M", "G", "T", "P", "E"},
						 {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"}};
	char number[24];
	unsigned power =
		shorten(number, is_bits ? bytes * 8 : bytes, width, is_binary ? 1024 : 1000);

	snprintf(out, SHORT_NUMBER_MAX, "%s%s%s", number, prefix[is_binary][power],
		 is_bits ? "bit" : "B");
	return out;
}
