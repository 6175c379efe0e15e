/*
 * phone.c - telephone numbers in the form of ITU-T E.164.
 *
 * A table of country codes, trunk prefixes and international prefixes is
 * enough to bring what people write into one form; whether a number is given
 * to anybody is not asked, since national numbering plans change monthly.
 * Codes are those of ITU-T E.164's list of assigned country codes.
 */
#include "phone.h"

#include <crm/model.h>

struct plan {
	char country[3];
	const char *code; /* after the + */
	const char *trunk; /* dropped before a national number */
	const char *exit; /* international prefix, NULL: 00 */
};

/* Italy, San Marino and the Vatican keep the leading 0; Spain, Portugal,
 * Denmark, Norway, Greece, Poland, Czechia, Luxembourg and others have no
 * trunk prefix. */
static const struct plan plans[] = {
    {"AD", "376", "", NULL},
    {"AE", "971", "0", NULL},
    {"AF", "93", "0", NULL},
    {"AG", "1", "1", "011"},
    {"AL", "355", "0", NULL},
    {"AM", "374", "0", NULL},
    {"AO", "244", "", NULL},
    {"AR", "54", "0", NULL},
    {"AT", "43", "0", NULL},
    {"AU", "61", "0", "0011"},
    {"AZ", "994", "0", NULL},
    {"BA", "387", "0", NULL},
    {"BB", "1", "1", "011"},
    {"BD", "880", "0", NULL},
    {"BE", "32", "0", NULL},
    {"BG", "359", "0", NULL},
    {"BH", "973", "", NULL},
    {"BO", "591", "0", NULL},
    {"BR", "55", "0", NULL},
    {"BS", "1", "1", "011"},
    {"BY", "375", "80", "810"},
    {"CA", "1", "1", "011"},
    {"CH", "41", "0", NULL},
    {"CI", "225", "", NULL},
    {"CL", "56", "", NULL},
    {"CM", "237", "", NULL},
    {"CN", "86", "0", NULL},
    {"CO", "57", "", NULL},
    {"CR", "506", "", NULL},
    {"CU", "53", "0", "119"},
    {"CY", "357", "", NULL},
    {"CZ", "420", "", NULL},
    {"DE", "49", "0", NULL},
    {"DK", "45", "", NULL},
    {"DO", "1", "1", "011"},
    {"DZ", "213", "0", NULL},
    {"EC", "593", "0", NULL},
    {"EE", "372", "", NULL},
    {"EG", "20", "0", NULL},
    {"ES", "34", "", NULL},
    {"ET", "251", "0", NULL},
    {"FI", "358", "0", NULL},
    {"FR", "33", "0", NULL},
    {"GB", "44", "0", NULL},
    {"GE", "995", "0", NULL},
    {"GH", "233", "0", NULL},
    {"GR", "30", "", NULL},
    {"GT", "502", "", NULL},
    {"HK", "852", "", "001"},
    {"HN", "504", "", NULL},
    {"HR", "385", "0", NULL},
    {"HU", "36", "06", NULL},
    {"ID", "62", "0", "001"},
    {"IE", "353", "0", NULL},
    {"IL", "972", "0", NULL},
    {"IN", "91", "0", NULL},
    {"IQ", "964", "0", NULL},
    {"IR", "98", "0", NULL},
    {"IS", "354", "", NULL},
    {"IT", "39", "", NULL},
    {"JM", "1", "1", "011"},
    {"JO", "962", "0", NULL},
    {"JP", "81", "0", "010"},
    {"KE", "254", "0", "000"},
    {"KG", "996", "0", NULL},
    {"KH", "855", "0", NULL},
    {"KR", "82", "0", "001"},
    {"KW", "965", "", NULL},
    {"KZ", "7", "8", "810"},
    {"LB", "961", "0", NULL},
    {"LI", "423", "", NULL},
    {"LK", "94", "0", NULL},
    {"LT", "370", "8", NULL},
    {"LU", "352", "", NULL},
    {"LV", "371", "", NULL},
    {"LY", "218", "0", NULL},
    {"MA", "212", "0", NULL},
    {"MC", "377", "", NULL},
    {"MD", "373", "0", NULL},
    {"ME", "382", "0", NULL},
    {"MK", "389", "0", NULL},
    {"MT", "356", "", NULL},
    {"MX", "52", "01", NULL},
    {"MY", "60", "0", NULL},
    {"NG", "234", "0", "009"},
    {"NL", "31", "0", NULL},
    {"NO", "47", "", NULL},
    {"NP", "977", "0", NULL},
    {"NZ", "64", "0", NULL},
    {"OM", "968", "", NULL},
    {"PA", "507", "", NULL},
    {"PE", "51", "0", NULL},
    {"PH", "63", "0", NULL},
    {"PK", "92", "0", NULL},
    {"PL", "48", "", NULL},
    {"PR", "1", "1", "011"},
    {"PT", "351", "", NULL},
    {"PY", "595", "0", "002"},
    {"QA", "974", "", NULL},
    {"RO", "40", "0", NULL},
    {"RS", "381", "0", NULL},
    {"RU", "7", "8", "810"},
    {"SA", "966", "0", NULL},
    {"SE", "46", "0", NULL},
    {"SG", "65", "", "001"},
    {"SI", "386", "0", NULL},
    {"SK", "421", "0", NULL},
    {"SM", "378", "", NULL},
    {"SN", "221", "", NULL},
    {"SV", "503", "", NULL},
    {"SY", "963", "0", NULL},
    {"TH", "66", "0", "001"},
    {"TN", "216", "", NULL},
    {"TR", "90", "0", NULL},
    {"TT", "1", "1", "011"},
    {"TW", "886", "0", "002"},
    {"TZ", "255", "0", "000"},
    {"UA", "380", "0", NULL},
    {"UG", "256", "0", "000"},
    {"US", "1", "1", "011"},
    {"UY", "598", "0", NULL},
    {"UZ", "998", "8", "810"},
    {"VE", "58", "0", NULL},
    {"VN", "84", "0", NULL},
    {"ZA", "27", "0", NULL},
    {"ZM", "260", "0", NULL},
    {"ZW", "263", "0", NULL},
};

static const struct plan *
plan_of(struct crm_str country)
{
	size_t i;

	for (i = 0; i < sizeof plans / sizeof *plans; i++)
		if (crm_str_is(country, plans[i].country))
			return &plans[i];
	return NULL;
}

/* Takes the digits, counting on past max; *plus when it begins with one.
 * False for other signs. */
static bool
digits_of(struct crm_str value, char *digit, size_t max, size_t *n, bool *plus)
{
	size_t i;

	*n = 0;
	*plus = false;
	for (i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		/* "+49 (0)171", "0049 (0)171": the bracketed trunk prefix is
		 * not dialled from abroad */
		if ((*plus || (*n > 2 && digit[0] == '0' && digit[1] == '0')) &&
		    c == '(' && i + 2 < value.n && value.p[i + 1] == '0' &&
		    value.p[i + 2] == ')') {
			i += 2;
			continue;
		}
		if (c >= '0' && c <= '9') {
			if (*n < max)
				digit[*n] = (char)c;
			++*n;
		} else if (c == '+' && *n == 0 && !*plus)
			*plus = true;
		else if (c == '\0' || strchr(" -./()\t", c) == NULL)
			return false;
	}
	return true;
}

static bool
begins(const char *digit, size_t n, const char *with)
{
	size_t k = strlen(with);

	return k > 0 && n >= k && memcmp(digit, with, k) == 0;
}

static int
not_phone(struct crm_str value, struct crm_err *err, const char *why)
{
	return crm_err_set(err, CRM_EDATA, "'%.*s' is not a phone number: %s",
	    (int)(value.n < 80 ? value.n : 80), value.p, why);
}

int
crm_phone_normal(const struct crm_schema *s, struct crm_str value,
    struct crm_buf *out, struct crm_err *err)
{
	const struct plan *plan = NULL;
	const char *code = "", *exit_code = "00";
	char digit[40];
	size_t n, skip = 0;
	bool plus;

	if (!digits_of(value, digit, sizeof digit, &n, &plus))
		return not_phone(
		    value, err, "digits, and + ( ) - . / between them, wanted");
	if (n > sizeof digit)
		return not_phone(value, err, "more than 15 digits");
	if (s->settings != NULL)
		plan = plan_of(s->settings->country);
	if (plan != NULL && plan->exit != NULL)
		exit_code = plan->exit;
	if (!plus) {
		if (begins(digit, n, exit_code))
			skip = strlen(exit_code);
		else if (begins(digit, n, "00") && exit_code[0] != '0')
			skip = 2;
		else if (plan == NULL)
			return not_phone(value, err,
			    "the store has no country to take it as a national "
			    "one of, begin with +");
		else {
			code = plan->code;
			if (begins(digit, n, plan->trunk))
				skip = strlen(plan->trunk);
		}
	}
	if (n - skip + strlen(code) < 6)
		return not_phone(value, err, "too short");
	if (n - skip + strlen(code) > 15)
		return not_phone(value, err, "more than 15 digits");
	if (code[0] == '\0' && digit[skip] == '0')
		return not_phone(value, err, "no country has a code with 0");
	crm_buf_putc(out, '+');
	crm_buf_puts(out, code);
	crm_buf_put(out, digit + skip, n - skip);
	return crm_buf_check(out, err);
}

/* Country codes that are given out, ITU-T E.164; no one begins another. */
static const char codes[] =
    "1 7 20 27 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 "
    "230 231 232 233 234 235 236 237 238 239 240 241 242 243 244 245 246 247 "
    "248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 "
    "267 268 269 290 291 297 298 299 30 31 32 33 34 36 39 350 351 352 353 354 "
    "355 356 357 358 359 370 371 372 373 374 375 376 377 378 379 380 381 382 "
    "383 385 386 387 389 40 41 43 44 45 46 47 48 49 420 421 423 51 52 53 54 "
    "55 56 57 58 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 "
    "595 596 597 598 599 60 61 62 63 64 65 66 670 672 673 674 675 676 677 678 "
    "679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 81 82 84 86 "
    "850 852 853 855 856 870 878 880 881 882 883 886 888 90 91 92 93 94 95 98 "
    "960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 "
    "992 993 994 995 996 998";

bool
crm_phone_possible(struct crm_str e164)
{
	struct crm_str rest = CRM_STR(codes), code, n;

	if (e164.n < 8 || e164.n > 16 || e164.p[0] != '+')
		return false;
	n = (struct crm_str){e164.p + 1, e164.n - 1};
	while (crm_str_split(&rest, ' ', &code)) {
		if (!crm_str_starts(n, code))
			continue;
		/* North America: ten digits, neither the area nor the exchange
		 * begins with 0 or 1; elsewhere four and more */
		if (code.n == 1 && code.p[0] == '1')
			return n.n == 11 && n.p[1] >= '2' && n.p[4] >= '2';
		if (code.n == 1)
			return n.n == 11;
		return n.n - code.n >= 4;
	}
	return false;
}
