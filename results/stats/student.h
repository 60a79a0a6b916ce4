/* student.h - Student's t, and the gamma function's derivatives that shared variances need. */
#ifndef STUDENT_H
#define STUDENT_H

/* P(|T| >= |t|), by the incomplete beta function's continued fraction (Abramowitz & Stegun 26.5.8,
 * 26.7.1); relative error below 1e-12. @df > 0, fractional ones too; INFINITY: the normal
 * distribution. NAN: @t is. */
double student_p2(double t, double df);
/* P(T >= t), one tail. */
double student_upper(double t, double df);
/* The t below which a share @p in (0, 1) lies: student_quantile(0.975, 5) = 2.5706. */
double student_quantile(double p, double df);

/* psi and psi' of x > 0: recurrence, then the asymptotic series (Abramowitz & Stegun 6.3.18,
 * 6.4.12). */
double digamma(double x);
double trigamma(double x);
/* The y with trigamma(y) = x > 0; Newton's method on 1 / trigamma, which is nearly straight (Smyth
 * 2004, appendix). */
double trigamma_inverse(double x);

#endif
