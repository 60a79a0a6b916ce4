/* multiple.h - p-values of several tests of one question, corrected for their number. */
#ifndef MULTIPLE_H
#define MULTIPLE_H

#include <stddef.h>

/* ret[i] <= q rejects the i-th. @ret may be @p. NAN is no test: it counts for nothing and stays.
 * -ENOMEM. */
/* The share of false ones among those rejected stays below q (Benjamini & Hochberg 1995). */
int bh_adjust(const double *p, size_t n, double *ret);
/* The chance of even one false one stays below q (Holm 1979). */
int holm_adjust(const double *p, size_t n, double *ret);

#endif
