/* median.h - the middle of a few values. */
#ifndef MEDIAN_H
#define MEDIAN_H

#include <stdbool.h>
#include <stddef.h>

/* Middle of @v[n], the mean of the two middle ones when n is even. @v is sorted. NAN: n is 0. */
double median_of_values(double *v, size_t n);

/* The order statistics (from 1) that bound a median with a level of 95 % at least, symmetric and as
 * close as may be: n = 10: the 2nd and the 9th, 97.85 %. Whatever the distribution; assumes
 * independent values. false: n < 6, no such interval. */
bool median_interval(size_t n, size_t *ret_lo, size_t *ret_hi, double *ret_level);

/* The mean of @v[n], each clipped at two @sigma about their median: as sure as the mean where noise
 * is normal (a median needs half as many values again), and hardly moved by a bad one. Huber's
 * estimator, one step of it. @v is reordered; n > 0. */
double level_of_values(double *v, size_t n, double sigma);

#endif
