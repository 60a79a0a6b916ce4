#include "student.h"

#include <float.h>
#include <math.h>

#define FRACTIONS_MAX 10000

/* Gamma(a + 1/2) / Gamma(a). The difference of two logarithms of large gammas would lose what the
 * asymptotic series keeps (Tricomi & Erdelyi 1951); from 50 on its error is below 1e-13. */
static double gamma_ratio(double a)
{
	double r = 1 / a;

	if (a < 50)
		return exp(lgamma(a + 0.5) - lgamma(a));
	return sqrt(a) * (1 + r * (-1.0 / 8 +
				   r * (1.0 / 128 + r * (5.0 / 1024 + r * (-21.0 / 32768 +
									   r * -399.0 / 262144)))));
}

/* The continued fraction of I_x(a, b) without its factor, by Lentz's method. */
static double fraction(double x, double a, double b)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1), f;

	d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
	f = d;
	for (int m = 1; m < FRACTIONS_MAX; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), by;

		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
		f *= d * (fabs(c) < DBL_MIN ? DBL_MIN : c);
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
		by = d * (fabs(c) < DBL_MIN ? DBL_MIN : c);
		f *= by;
		if (fabs(by - 1) < DBL_EPSILON)
			break;
	}
	return f;
}

double student_p2(double t, double df)
{
	double a = df / 2, t2 = t * t, x, y, front;

	if (isnan(t))
		return NAN;
	if (isinf(t))
		return 0;
	if (isinf(df))
		return erfc(fabs(t) / M_SQRT2);
	x = df / (df + t2);
	y = t2 / (df + t2);
	/* x^a y^b / B(a, b) with b = 1/2 and Gamma(1/2) = sqrt(pi) */
	front = exp(-a * log1p(t2 / df)) * sqrt(y) * gamma_ratio(a) / sqrt(M_PI);
	if (x < (a + 1) / (a + 2.5))
		return front * fraction(x, a, 0.5) / a;
	return 1 - front * fraction(y, 0.5, a) / 0.5;
}

double student_upper(double t, double df)
{
	double p = student_p2(t, df) / 2;

	return t < 0 ? 1 - p : p;
}

static double density(double t, double df)
{
	if (isinf(df))
		return exp(-t * t / 2) / sqrt(2 * M_PI);
	return gamma_ratio(df / 2) / sqrt(M_PI * df) * exp(-(df + 1) / 2 * log1p(t * t / df));
}

/* The t > 0 with P(|T| >= t) = @p2 < 1, from @start: Newton's method on the logarithms of both, in
 * which heavy tails are straight, kept within what is known to hold it. */
static double two_sided_quantile(double p2, double df, double start)
{
	double lo = 0, hi = INFINITY, t = start;

	for (int i = 0; i < 400; i++) {
		double is = student_p2(t, df), next;

		if (is > p2)
			lo = t;
		else
			hi = t;
		next = t * exp((log(is) - log(p2)) * is / (2 * density(t, df) * t));
		if (!(next > lo && next < hi))
			next = isinf(hi) ? 2 * t : lo + (hi - lo) / 2;
		if (fabs(next - t) <= 4 * DBL_EPSILON * t)
			return next;
		t = next;
	}
	return t;
}

double student_quantile(double p, double df)
{
	double tail = p < 0.5 ? p : 1 - p, t;

	if (tail <= 0)
		return p < 0.5 ? -INFINITY : INFINITY;
	if (p == 0.5)
		return 0;
	t = two_sided_quantile(2 * tail, INFINITY, 1);
	if (!isinf(df))
		t = two_sided_quantile(2 * tail, df, t);
	return p < 0.5 ? -t : t;
}

#define ASYMPTOTIC_FROM 12

double digamma(double x)
{
	double s = 0, r;

	for (; x < ASYMPTOTIC_FROM; x++)
		s -= 1 / x;
	r = 1 / (x * x);
	return s + log(x) - 0.5 / x -
	       r * (1.0 / 12 -
		    r * (1.0 / 120 -
			 r * (1.0 / 252 - r * (1.0 / 240 - r * (1.0 / 132 - r * 691.0 / 32760)))));
}

double trigamma(double x)
{
	double s = 0, r;

	for (; x < ASYMPTOTIC_FROM; x++)
		s += 1 / (x * x);
	r = 1 / (x * x);
	return s + 1 / x + r / 2 +
	       r / x *
		       (1.0 / 6 -
			r * (1.0 / 30 -
			     r * (1.0 / 42 - r * (1.0 / 30 - r * (5.0 / 66 - r * 691.0 / 2730)))));
}

/* psi'' */
static double tetragamma(double x)
{
	double s = 0, r;

	for (; x < ASYMPTOTIC_FROM; x++)
		s -= 2 / (x * x * x);
	r = 1 / (x * x);
	return s - r - r / x -
	       r * r * (1.0 / 2 - r * (1.0 / 6 - r * (1.0 / 6 - r * (3.0 / 10 - r * (5.0 / 6)))));
}

double trigamma_inverse(double x)
{
	double y = 0.5 + 1 / x;

	/* where the first terms of either series say it all */
	if (x > 1e7)
		return 1 / sqrt(x);
	if (x < 1e-6)
		return 1 / x;
	for (int i = 0; i < 50; i++) {
		double r = trigamma(y), step = r * (1 - r / x) / tetragamma(y);

		y += step;
		if (-step / y < 1e-8)
			break;
	}
	return y;
}
