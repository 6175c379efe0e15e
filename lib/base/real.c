/*
 * real.c - logarithm and exponential, the same bits everywhere.
 *
 * A libm may choose another algorithm by the processor it runs on, and its
 * result then differs in the last bit: what is drawn, fitted or scored with it
 * would differ too.  The series here are the plain ones (of atanh and of exp),
 * long enough that what is cut off is below the rounding of the sum.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include <crm/num.h>

/* ln 2 in two parts; the first has 32 bits, so that whole multiples up to
 * 2^20 of it are exact. */
#define LN2_HI 0x1.62e42feep-1
#define LN2_LO 0x1.a39ef35793c76p-33
#define LOG2E 0x1.71547652b82fep+0

static double
from_bits(uint64_t u)
{
	double x;

	memcpy(&x, &u, sizeof x);
	return x;
}

double
crm_log(double x)
{
	uint64_t u;
	int e = 0;
	double f, s, z, w, odd, sum;

	if (!(x > 0))
		return x == 0 ? -HUGE_VAL : (double)NAN;
	if (x > DBL_MAX)
		return x;
	if (x < DBL_MIN) {
		x *= 0x1p54;
		e = -54;
	}
	/* x = m 2^e with m between the root of 1/2 and that of 2. */
	memcpy(&u, &x, sizeof u);
	e += (int)(u >> 52) - 1023;
	x = from_bits((u & (((uint64_t)1 << 52) - 1)) | (uint64_t)1023 << 52);
	if (x > 0x1.6a09e667f3bcdp+0) {
		x *= 0.5;
		e++;
	}
	/*
	 * With s = f / (2 + f): log(1 + f) = 2 (s + s^3/3 + s^5/5 + ...), and
	 * 2 s = f - s f, which keeps the leading term exact.  s^2 < 0.0295:
	 * eleven terms leave less than 2^-58 of the first.  Every second term
	 * is summed apart, which processors do side by side.
	 */
	f = x - 1;
	s = f / (2 + f);
	z = s * s;
	w = z * z;
	odd = 2.0 / 5 +
	      w * (2.0 / 9 + w * (2.0 / 13 + w * (2.0 / 17 + w * (2.0 / 21))));
	sum =
	    2.0 / 3 +
	    w * (2.0 / 7 +
		    w * (2.0 / 11 +
			    w * (2.0 / 15 + w * (2.0 / 19 + w * (2.0 / 23)))));
	sum = z * (sum + z * odd);
	return e * LN2_HI + (f - (s * (f - sum) - e * LN2_LO));
}

double
crm_exp(double x)
{
	double r, w, odd, sum;
	int k;

	if (x != x)
		return x;
	if (x > 709.79)
		return HUGE_VAL;
	if (x < -745.2)
		return 0;
	k = (int)(x * LOG2E + (x < 0 ? -0.5 : 0.5));
	r = (x - k * LN2_HI) - k * LN2_LO;
	/* |r| < 0.35: the term after the 14th is below 2^-60.  Even and odd
	 * powers apart. */
	w = r * r;
	odd =
	    1.0 / 6 +
	    w * (1.0 / 120 + w * (1.0 / 5040 +
				     w * (1.0 / 362880 +
					     w * (1.0 / 39916800 +
						     w * (1.0 / 6227020800)))));
	sum = 1.0 / 2 +
	      w * (1.0 / 24 +
		      w * (1.0 / 720 +
			      w * (1.0 / 40320 +
				      w * (1.0 / 3628800 +
					      w * (1.0 / 479001600 +
						      w * (1.0 /
							      87178291200))))));
	sum = 1 + (r + w * (sum + r * odd));
	/* In two steps, for results below the normal ones and near the
	 * largest. */
	r = from_bits((uint64_t)(1023 + k / 2) << 52);
	return sum * r * from_bits((uint64_t)(1023 + k - k / 2) << 52);
}
