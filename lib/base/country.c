/*
 * country.c - the country codes of ISO 3166-1 alpha-2.
 *
 * The 249 that are assigned, and XK: a code of users' own for Kosovo, which
 * shop systems, banks and the post write as if it were one.
 */
#include <crm/num.h>

/* Sorted; a row is a code and a blank. */
static const char table[] =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI "
    "BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN "
    "CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
    "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM "
    "HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
    "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
    "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP "
    "NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW "
    "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
    "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
    "VN VU WF WS XK YE YT ZA ZM ZW ";

#define ROW 3

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

int
crm_country_normal(struct crm_str text, char out[2], struct crm_err *err)
{
	size_t lo = 0, hi = (sizeof table - 1) / ROW;

	if (text.n == 2) {
		out[0] = upper(text.p[0]);
		out[1] = upper(text.p[1]);
	} else {
		lo = hi;
	}
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = memcmp(out, table + mid * ROW, 2);

		if (c == 0)
			return CRM_OK;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	crm_err_set(err, CRM_EDATA,
	    "'%.*s' is not a country code of two letters (ISO 3166-1)",
	    text.n < 40 ? (int)text.n : 40, text.p ? text.p : "");
	if (text.n == 2 && memcmp(out, "UK", 2) == 0)
		crm_err_hint(err, "the United Kingdom is GB");
	else if (text.n == 2 && memcmp(out, "EL", 2) == 0)
		crm_err_hint(err, "Greece is GR");
	return CRM_EDATA;
}
