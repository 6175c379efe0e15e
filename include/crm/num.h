/*
 * num.h - checked arithmetic, decimals, money.
 *
 * Money is int64_t minor units of its currency, a decimal an int64_t and a
 * scale of at most CRM_SCALE_MAX places.  No double ever holds stored data;
 * every sum is checked.  Rounding is half away from zero (commercial).
 *
 *	struct crm_dec q;
 *	crm_dec_parse(CRM_STR("2.55"), &q);	-> {255, 2}
 */
#ifndef CRM_NUM_H
#define CRM_NUM_H

#include <crm/buf.h>

#define CRM_SCALE_MAX 12

/* v * 10^-scale.  Canonical: no trailing zero when scale > 0. */
struct crm_dec {
	int64_t v;
	uint8_t scale;
};

/* False on overflow, *out then unchanged. */
static inline bool
crm_add64(int64_t a, int64_t b, int64_t *out)
{
	int64_t r;

	if (__builtin_add_overflow(a, b, &r))
		return false;
	*out = r;
	return true;
}
static inline bool
crm_sub64(int64_t a, int64_t b, int64_t *out)
{
	int64_t r;

	if (__builtin_sub_overflow(a, b, &r))
		return false;
	*out = r;
	return true;
}
bool crm_mul64(int64_t a, int64_t b, int64_t *out);
/* a * b / c, rounded, the product in 128 bits.  False when c is 0 or the
 * result does not fit. */
bool crm_muldiv64(int64_t a, int64_t b, int64_t c, int64_t *out);
/* 10^n for n <= 18. */
int64_t crm_pow10(unsigned n);

/* An integer: [+-]digits, no blanks.  CRM_OK or CRM_EDATA. */
int crm_int_parse(struct crm_str s, int64_t *out);
/*
 * A decimal: [+-]digits[.digits][e[+-]digits].  More than CRM_SCALE_MAX
 * places are rounded only when `round` (imports: 4.440892e-16 becomes 0),
 * else CRM_EDATA.  The result is canonical.
 */
int crm_dec_parse(struct crm_str s, struct crm_dec *out);
int crm_dec_parse_round(struct crm_str s, struct crm_dec *out);
void crm_dec_put(struct crm_buf *b, struct crm_dec d);
struct crm_dec crm_dec_canon(struct crm_dec d);
int crm_dec_cmp(struct crm_dec a, struct crm_dec b);
/* False on overflow or, for div, by zero.  add, sub, mul are exact or (mul,
 * past CRM_SCALE_MAX) rounded; div gives up to CRM_SCALE_MAX places, fewer
 * when the integer part needs the room. */
bool crm_dec_add(struct crm_dec a, struct crm_dec b, struct crm_dec *out);
bool crm_dec_sub(struct crm_dec a, struct crm_dec b, struct crm_dec *out);
bool crm_dec_mul(struct crm_dec a, struct crm_dec b, struct crm_dec *out);
bool crm_dec_div(struct crm_dec a, struct crm_dec b, struct crm_dec *out);
/* The value at another scale, rounded: {255, 2} at 1 -> 26. */
bool crm_dec_rescale(struct crm_dec d, unsigned scale, int64_t *out);
/* Nearest decimal to a double at the given scale; false for NaN, infinities
 * and what does not fit.  For outputs of statistics only. */
bool crm_dec_from_double(double x, unsigned scale, struct crm_dec *out);
double crm_dec_double(struct crm_dec d);

/*
 * Digits of the minor unit of an ISO 4217 currency ("EUR" 2, "JPY" 0, "KWD"
 * 3); -1 when there is no such active currency with a minor unit.  The table is
 * that of the standard's list one, its date in lib/base/currency.c.
 */
int crm_currency_digits(struct crm_str code);
/* A country code of ISO 3166-1 in capitals.  CRM_EDATA with a message. */
int crm_country_normal(struct crm_str text, char out[2], struct crm_err *err);

/* Money text to minor units, at most `digits` places (CRM_EDATA beyond,
 * unless the further ones are zero).  CRM_OK or CRM_EDATA. */
int crm_money_parse(struct crm_str s, unsigned digits, int64_t *out);
/* Exactly `digits` places: 1990 at 2 -> "19.90". */
void crm_money_put(struct crm_buf *b, int64_t v, unsigned digits);

/*
 * Splits total over n parts in proportion to weight (all >= 0 or all <= 0),
 * by largest remainder, ties to the earlier part; the parts sum to total
 * exactly.  Equal parts when all weights are 0.  out may not be weight.
 */
int crm_allocate(int64_t total, const int64_t *weight, size_t n, int64_t *out,
    struct crm_err *err);

/* ---- real numbers ---- */

/*
 * What has to be the same on every machine cannot use libm's: these are
 * additions, multiplications and divisions of IEEE 754 doubles in a fixed
 * order, compiled without contraction and for processors that compute in
 * doubles (FLT_EVAL_METHOD 0).
 */
/* Natural logarithm, less than 2 units in the last place off; NaN below 0,
 * -infinity at 0. */
double crm_log(double x);
/* e^x, less than 2 units in the last place off where the result is normal. */
double crm_exp(double x);

#endif
