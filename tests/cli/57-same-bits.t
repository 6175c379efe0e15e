#!/bin/sh
# Fitted models are the same bits by any compiler at any level.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

cat >fit.c <<'END'
#include <stdio.h>
#include <stdlib.h>

#include <crm/clv.h>

int
main(void)
{
	struct crm_clv_data d = {.end = 300, .hold = 300, .digits = 2};
	struct crm_clv_how how = {.unit = 7, .anyway = true};
	struct crm_rand k;

	crm_rand_seed(&k, 3);
	d.v = calloc(800, sizeof *d.v);
	for (; d.n < 800; d.n++) {
		struct crm_clv_customer *c = &d.v[d.n];
		double rate = crm_gamma(&k, 0.7) / 50, t = 0;

		while (crm_rand_unit(&k) < 0.8 &&
		    (t += 1 + crm_exponential(&k) / rate) < 300) {
			c->x++;
			c->last = (int)t;
			c->spent += (int)(1000 * crm_gamma(&k, 2));
		}
		d.repeaters += c->x > 0;
	}
	for (int kind = 0; kind < 2; kind++) {
		struct crm_clv_model m;
		struct crm_clv_fit f;
		double r, p[100], q = 0;

		if (crm_clv_fit(&d, kind, &how, &m, &f, NULL) < 0 ||
		    crm_clv_fit_money(&d, &how, &m, &f, &r, NULL) < 0)
			return 1;
		for (int i = 0; i < 4; i++)
			printf("%a %a ", m.p[i], m.cov[i * 5]);
		for (size_t i = 0; i < 40; i++) {
			struct crm_clv_of of = crm_clv_of(&m, &d, &d.v[i]);
			size_t n = crm_clv_counts(&m, &of, 20, p, 100);

			q += crm_clv_expected(&m, &of, 20) +
			    crm_clv_error(&m, &of, 20, 0.01, true) +
			    crm_clv_value_quantile(&m, &of, p, n, 0.9);
		}
		printf("%a %a %a %a\n", m.g[0], m.gcov[4], r, q);
	}
	return 0;
}
END
files="$CRM_TOP/lib/stats/variate.c $CRM_TOP/lib/stats/special.c
    $CRM_TOP/lib/stats/minimise.c $CRM_TOP/lib/stats/clv_data.c
    $CRM_TOP/lib/stats/clv_fit.c $CRM_TOP/lib/stats/clv_peak.c
    $CRM_TOP/lib/stats/clv_groups.c
    $CRM_TOP/lib/stats/clv_like.c $CRM_TOP/lib/stats/clv_predict.c"

# build NAME COMPILER LEVEL: its figures in NAME.out; what is not in those
# files comes from the library.
build()
{
	# shellcheck disable=SC2086
	"$2" -std=c11 -D_GNU_SOURCE -ffp-contract=off "$3" -I"$CRM_TOP/include" \
	    -I"$CRM_TOP/lib" -o "$1" fit.c $files "$CRM_BIN/../libcrm.a" \
	    -lutf8proc -lm 2>"$1.err" && "./$1" >"$1.out"
}
if command -v cc >/dev/null && build base cc -O2; then
	is 'there are figures' "$(wc -l <base.out)" 2
	build none cc -O0
	is 'without optimising' "$(cat none.out)" "$(cat base.out)"
	other=$(command -v clang-14 || command -v clang)
	if [ "$other" ] && build clang "$other" -O3; then
		is 'by another compiler' "$(cat clang.out)" "$(cat base.out)"
	else
		skip 1 'no other compiler here'
	fi
else
	skip 3 'no compiler here'
fi
done_testing
