/* failing_alloc.h - one allocation after the other fails, so that a case sees what becomes of each.
 *
 * A program that links this library has its calls, and those of the static libraries it is made of,
 * handed here by the linker (--wrap); those of shared objects are not among them, and check's own
 * are: end the counting before anything is asserted.
 */
#ifndef FAILING_ALLOC_H
#define FAILING_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* The call that comes after @n others fails, once. */
void alloc_fail(long n);
/* Ends it. Did that call come? Else there are fewer. */
bool alloc_failed(void);

/* malloc() as it fails, for libraries that are told whom to ask. */
void *__wrap_malloc(size_t size);

#endif
