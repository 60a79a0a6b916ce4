/* fuzz.h - what a fuzz target gives to its driver (drive.c, or libFuzzer's own). */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Words of the language, for mutants. */
extern const char *const fuzz_words[];
extern const size_t n_fuzz_words;

extern unsigned long n_fuzz_accepted; /* inputs that were accepted so far */

/* Not assert(): it must hold in every build. */
#define FUZZ_MUST(condition)                                                                       \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
