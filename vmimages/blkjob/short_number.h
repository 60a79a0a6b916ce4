/* short_number.h - numbers in a few characters, as fio's normal output has them: "20.9k",
 * "81.5MiB", "4096B".
 *
 * A number that fits in @width characters is written out. Otherwise it is divided by 1000 or
 * 1024 until it fits, and filled up with decimals, rounded to nearest.
 */
#ifndef BLKJOB_SHORT_NUMBER_H
#define BLKJOB_SHORT_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define SHORT_NUMBER_MAX 48

/* "5840.6k"; @width as fio's significant_figures: it counts the point, too. Returns @out. */
char *short_count(char out[SHORT_NUMBER_MAX], uint64_t v, unsigned width);

/* "81.5MiB" or (@is_binary false) "85.5MB"; "kB" is small as in SI. @is_bits: in bits, "Mibit",
 * "Mbit"; @bytes are bytes nevertheless. Returns @out. */
char *short_bytes(char out[SHORT_NUMBER_MAX], uint64_t bytes, unsigned width, bool is_binary,
		  bool is_bits);

#endif
