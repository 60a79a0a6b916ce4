/* median.h - the middle of a few values. */
#ifndef MEDIAN_H
#define MEDIAN_H

#include <stddef.h>

/* Middle of @v[n], the mean of the two middle ones when n is even. @v is reordered. NAN: n is 0. */
double median_of_values(double *v, size_t n);

/* The mean of @v[n], each clipped at two @sigma about their median: as sure as the mean where noise
 * is normal (a median needs half as many values again), and hardly moved by a bad one. Huber's
 * estimator, one step of it. @v is reordered; n > 0. */
double level_of_values(double *v, size_t n, double sigma);

#endif
