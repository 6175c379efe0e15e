/*
 * test_dups.c - doubles in made-up lists of people whose truth is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/dedupe.h>
#include <crm/err.h>

enum { GIVEN, FAMILY, STREET, POSTCODE, CITY, BORN, COLUMNS };
static const struct {
	const char *name;
	int type;
} columns[COLUMNS] = {
    {"given", CRM_DUP_GIVEN},
    {"family", CRM_DUP_FAMILY},
    {"street", CRM_DUP_STREET},
    {"postcode", CRM_DUP_POSTCODE},
    {"city", CRM_DUP_PLACE},
    {"birth_date", CRM_DUP_DATE},
};

struct person {
	char text[COLUMNS][40];
};

static const char *const syllables[] = {"ba", "der", "li", "mon", "ka", "ru",
    "sten", "vo", "wag", "ner", "hof", "el", "ti", "zim", "gro", "pan"};

static void
make_word(struct crm_rand *r, unsigned parts, char out[40])
{
	size_t n = 0;

	while (parts-- > 0)
		n += (size_t)snprintf(
		    out + n, 40 - n, "%s", syllables[crm_rand_below(r, 16)]);
}

static void
make_person(struct crm_rand *r, struct person *p)
{
	char name[40];
	unsigned place = (unsigned)crm_rand_below(r, 300);

	*p = (struct person){0};
	make_word(r, 2, p->text[GIVEN]);
	make_word(r, 3, p->text[FAMILY]);
	make_word(r, 3, name);
	(void)snprintf(p->text[STREET], 40, "%.20s strasse %u", name,
	    1 + (unsigned)crm_rand_below(r, 90));
	(void)snprintf(p->text[POSTCODE], 40, "%05u", 10000 + 37 * place);
	(void)snprintf(p->text[CITY], 40, "%s%s", syllables[place % 16],
	    syllables[place / 16 % 16]);
	(void)snprintf(p->text[BORN], 40, "%04u-%02u-%02u",
	    1940 + (unsigned)crm_rand_below(r, 60),
	    1 + (unsigned)crm_rand_below(r, 12),
	    1 + (unsigned)crm_rand_below(r, 28));
}

/* One thing that happens to a record that is typed again. */
static void
spoil(struct crm_rand *r, struct person *p)
{
	unsigned what = (unsigned)crm_rand_below(r, COLUMNS + 2);
	char *t = p->text[what % COLUMNS], swap[40];
	size_t n = strlen(t);

	if (what == COLUMNS) {
		memcpy(swap, p->text[GIVEN], sizeof swap);
		memcpy(p->text[GIVEN], p->text[FAMILY], sizeof swap);
		memcpy(p->text[FAMILY], swap, sizeof swap);
	} else if (what > COLUMNS) {
		p->text[crm_rand_below(r, COLUMNS)][0] = '\0';
	} else if (n > 3) {
		size_t i = (size_t)crm_rand_below(r, n - 1);
		char c = t[i];

		t[i] = t[i + 1];
		t[i + 1] = c;
	}
}

static struct crm_dups
open_dups(void)
{
	struct crm_dups d = {0};

	for (size_t i = 0; i < COLUMNS; i++)
		assert_int_equal(crm_dups_column(&d, crm_str(columns[i].name),
				     columns[i].type, NULL),
		    CRM_OK);
	return d;
}

static void
put(struct crm_dups *d, const struct person *p)
{
	struct crm_str v[COLUMNS];

	for (size_t i = 0; i < COLUMNS; i++)
		v[i] = crm_str(p->text[i]);
	assert_int_equal(crm_dups_add(d, v, NULL), CRM_OK);
}

struct found {
	size_t right, wrong;
	uint64_t trace;
	size_t people;
};

/* Doubles are added `people` after their originals. */
static int
count(void *ctx, const struct crm_dup_pair *p)
{
	struct found *f = ctx;

	assert_true(p->a < p->b);
	if (p->b == p->a + f->people)
		f->right++;
	else
		f->wrong++;
	f->trace =
	    crm_hash64(p, offsetof(struct crm_dup_pair, level)) ^ f->trace * 3;
	return CRM_OK;
}

/* n people, the first `again` of them a second time, after n others. */
static struct found
try_list(size_t n, size_t again, struct crm_dup_model *model)
{
	struct person *p = calloc(n, sizeof *p);
	struct found f = {.people = n};
	struct crm_dups d = open_dups();
	struct crm_rand r;

	assert_non_null(p);
	crm_rand_seed(&r, n * 7 + again);
	for (size_t i = 0; i < n; i++) {
		make_person(&r, &p[i]);
		put(&d, &p[i]);
	}
	for (size_t i = 0; i < again; i++) {
		spoil(&r, &p[i]);
		spoil(&r, &p[i]);
		put(&d, &p[i]);
	}
	assert_int_equal(crm_dups_fit(&d, NULL), CRM_OK);
	assert_int_equal(crm_dups_scan(&d, 0.7, count, &f), CRM_OK);
	if (model)
		*model = d.model;
	crm_dups_release(&d);
	free(p);
	return f;
}

static void
people_entered_twice_are_found_and_no_others(void **state)
{
	static const struct {
		size_t people, again;
	} rows[] = {{300, 0}, {300, 3}, {600, 100}, {600, 600}, {50, 25}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_dup_model m;
		struct found f = try_list(rows[i].people, rows[i].again, &m);

		if (f.wrong * 100 > rows[i].again ||
		    f.right * 100 < rows[i].again * 97)
			fail_msg("%zu of %zu: %zu found, %zu wrong, %.1f "
				 "expected",
			    rows[i].again, rows[i].people, f.right, f.wrong,
			    m.matches);
		if (rows[i].again > 50 &&
		    (m.matches < 0.9 * (double)rows[i].again ||
			m.matches > 1.1 * (double)rows[i].again))
			fail_msg(
			    "%zu expected as %.1f", rows[i].again, m.matches);
	}
}

/* People of one home are not doubles: every fifth has a spouse and a child
 * under one roof, some a twin, some a son of the same name. */
static void
households_are_not_taken_for_doubles(void **state)
{
	enum { HOMES = 1200, DOUBLES = 300 };
	static struct person p[HOMES];
	struct found f = {0};
	struct crm_dups d = open_dups();
	struct crm_rand r;
	size_t added = 0;

	(void)state;
	crm_rand_seed(&r, 77);
	for (size_t i = 0; i < HOMES; i++) {
		make_person(&r, &p[i]);
		put(&d, &p[i]);
	}
	for (size_t i = 0; i < DOUBLES; i++) {
		struct person q = p[i];

		spoil(&r, &q);
		put(&d, &q);
	}
	f.people = HOMES;
	for (size_t i = 0; i < HOMES; i += 3, added++) {
		struct person q;

		make_person(&r, &q);
		memcpy(q.text[FAMILY], p[i].text[FAMILY], 40);
		memcpy(q.text[STREET], p[i].text[STREET], 40);
		memcpy(q.text[POSTCODE], p[i].text[POSTCODE], 40);
		memcpy(q.text[CITY], p[i].text[CITY], 40);
		if (i % 90 == 0)
			memcpy(q.text[BORN], p[i].text[BORN], 40);
		else if (i % 60 == 0)
			memcpy(q.text[GIVEN], p[i].text[GIVEN], 40);
		put(&d, &q);
	}
	assert_int_equal(crm_dups_fit(&d, NULL), CRM_OK);
	assert_int_equal(crm_dups_scan(&d, 0.7, count, &f), CRM_OK);
	if (f.right < DOUBLES * 97 / 100 || f.wrong > DOUBLES / 20)
		fail_msg("%zu found, %zu wrong, %.1f homes of %zu", f.right,
		    f.wrong, d.model.homes, added);
	assert_true(d.model.homes > 0.8 * (double)added &&
		    d.model.homes < 1.8 * (double)added);
	crm_dups_release(&d);
}

/* No name, birthday or postcode brings them together: the street and town do. */
static void
a_garbled_record_is_compared_by_street_and_town(void **state)
{
	enum { PEOPLE = 400 };
	static struct person p[PEOPLE];
	struct found f = {.people = PEOPLE};
	struct crm_dups d = open_dups();
	struct crm_rand r;
	struct person q;

	(void)state;
	crm_rand_seed(&r, 5);
	for (size_t i = 0; i < PEOPLE; i++) {
		make_person(&r, &p[i]);
		put(&d, &p[i]);
	}
	q = p[0];
	q.text[GIVEN][0] = q.text[BORN][0] = '\0';
	q.text[FAMILY][0] = q.text[FAMILY][0] == 'x' ? 'z' : 'x';
	memcpy(q.text[POSTCODE], "99999", 6);
	put(&d, &q);
	assert_int_equal(crm_dups_fit(&d, NULL), CRM_OK);
	assert_int_equal(crm_dups_scan(&d, 1e-6, count, &f), CRM_OK);
	assert_int_equal(f.right, 1);
	crm_dups_release(&d);
}

/* One date, however it is written; and what is none. */
static void
dates_are_read_as_they_are_written(void **state)
{
	static const struct {
		const char *text, *folded;
	} rows[] = {
	    {"1970-02-11", "19700211"},
	    {"19700211", "19700211"},
	    {"11.02.1970", "19700211"},
	    {"11.2.1970", "19700211"},
	    {"11. 2. 70", "19700211"},
	    {"11/2/1970", "19700211"},
	    {"2/13/1970", "19700213"},
	    {"1970/2/11", "19700211"},
	    {"1970-2-11", "19700211"},
	    {"1970-02-11T10:00:00Z", "19700211"},
	    {"3.4.05", "20050403"},
	    {"190108524", "190108524"},
	    {"9340117", "9340117"},
	    {"1970", ""},
	    {"11 Feb 1970", ""},
	    {"1-2-3-4", ""},
	    {"0000000000000000000000000", ""},
	    {"none", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_dups d = {0};
		struct crm_buf b = {.max = 1000};
		struct crm_str v = crm_str(rows[i].text);

		assert_int_equal(
		    crm_dups_column(&d, CRM_STR("born"), CRM_DUP_DATE, NULL),
		    CRM_OK);
		assert_int_equal(crm_dups_add(&d, &v, NULL), CRM_OK);
		crm_dups_text(&d, 0, 0, &b);
		if (strcmp(crm_buf_cstr(&b), rows[i].folded) != 0)
			fail_msg(
			    "'%s' is '%s'", rows[i].text, crm_buf_cstr(&b));
		crm_buf_release(&b);
		crm_dups_release(&d);
	}
}

static void
the_same_list_gives_the_same_bits(void **state)
{
	struct found a = try_list(200, 60, NULL), b = try_list(200, 60, NULL);

	(void)state;
	assert_true(a.trace == b.trace && a.right > 50);
}

static void
nobody_and_one_person_have_no_doubles(void **state)
{
	(void)state;
	for (size_t n = 0; n < 2; n++) {
		struct found f = try_list(n, 0, NULL);

		assert_true(f.right + f.wrong == 0);
	}
}

static void
a_pair_is_explained_column_by_column(void **state)
{
	struct person p = {{"anna", "zimmermann", "hofstrasse 3", "12345",
	    "berlin", "1970-02-11"}};
	struct person q = p;
	struct crm_dups d = open_dups();
	struct crm_dup_model m;
	struct crm_dup_pair x;
	double sum;

	(void)state;
	(void)try_list(500, 100, &m);
	memcpy(q.text[FAMILY], "zimermann", 10);
	memcpy(q.text[BORN], "1970-11-02", 11);
	q.text[CITY][0] = '\0';
	memcpy(q.text[STREET], "Gartenweg 77", 13);
	put(&d, &p);
	put(&d, &q);
	crm_dups_use(&d, &m);
	crm_dups_weigh(&d, 1, 0, &x);
	assert_int_equal(x.level[GIVEN], CRM_DUP_EXACT);
	assert_int_equal(x.level[FAMILY], CRM_DUP_CLOSE);
	assert_int_equal(x.level[STREET], CRM_DUP_DIFFER);
	assert_int_equal(x.level[CITY], CRM_DUP_MISSING);
	assert_int_equal(x.level[BORN], CRM_DUP_CLOSE);
	assert_true(x.part[GIVEN] > 2 && x.part[STREET] < -1);
	assert_true(x.part[CITY] == 0);
	sum = m.prior;
	for (size_t i = 0; i < COLUMNS; i++)
		sum += x.part[i];
	sum += x.household;
	assert_true(x.household <= 0 && sum == x.bits && x.a == 0 && x.b == 1);
	assert_true(x.probability > 0 && x.probability < 1);
	crm_dups_release(&d);
}

static void
a_scan_ends_when_it_is_told_to(void **state)
{
	struct crm_dups d = {0};
	struct crm_str v = CRM_STR("+49 171 5551234");
	struct crm_err err;

	(void)state;
	assert_int_equal(
	    crm_dups_column(&d, CRM_STR("phone"), CRM_DUP_PHONE, NULL), CRM_OK);
	for (int i = 1; i < CRM_DUP_COLUMNS; i++)
		assert_int_equal(
		    crm_dups_column(&d, CRM_STR("x"), CRM_DUP_TEXT, NULL),
		    CRM_OK);
	assert_int_equal(
	    crm_dups_column(&d, CRM_STR("one more"), CRM_DUP_TEXT, &err),
	    CRM_EDATA);
	d.columns = 1;
	for (int i = 0; i < 3; i++)
		assert_int_equal(crm_dups_add(&d, &v, NULL), CRM_OK);
	assert_int_equal(crm_dups_fit(&d, NULL), CRM_OK);
	d.columns = CRM_DUP_COLUMNS;
	crm_dups_release(&d);
}

static void
columns_are_known_by_their_names(void **state)
{
	static const struct {
		const char *name;
		int type;
	} rows[] = {
	    {"given_name", CRM_DUP_GIVEN}, {"surname", CRM_DUP_FAMILY},
	    {"name", CRM_DUP_NAME}, {"date_of_birth", CRM_DUP_DATE},
	    {"street_number", CRM_DUP_CODE}, {"address_1", CRM_DUP_STREET},
	    {"postcode", CRM_DUP_POSTCODE}, {"soc_sec_id", CRM_DUP_CODE},
	    {"email", CRM_DUP_EMAIL}, {"vorname", CRM_DUP_GIVEN},
	    {"nachname", CRM_DUP_FAMILY}, {"strasse", CRM_DUP_STREET},
	    {"plz", CRM_DUP_POSTCODE}, {"ort", CRM_DUP_PLACE},
	    {"geburtsdatum", CRM_DUP_DATE}, {"telefon", CRM_DUP_PHONE},
	    {"colour", -1}, {"export", -1},
	    {"country", -1}, /* what names tell already */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (crm_dup_type_guess(crm_str(rows[i].name)) != rows[i].type)
			fail_msg("%s", rows[i].name);
	assert_int_equal(crm_dup_date_part(CRM_STR("by")), 'y');
	assert_int_equal(crm_dup_date_part(CRM_STR("birth_month")), 'm');
	assert_int_equal(crm_dup_date_part(CRM_STR("day_of_birth")), 'd');
	assert_int_equal(crm_dup_date_part(CRM_STR("year")), 0);
	assert_string_equal(crm_dup_type_name(CRM_DUP_PLACE), "place");
	assert_null(crm_dup_type_name(CRM_DUP_TYPES));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(people_entered_twice_are_found_and_no_others),
	    cmocka_unit_test(households_are_not_taken_for_doubles),
	    cmocka_unit_test(a_garbled_record_is_compared_by_street_and_town),
	    cmocka_unit_test(dates_are_read_as_they_are_written),
	    cmocka_unit_test(the_same_list_gives_the_same_bits),
	    cmocka_unit_test(nobody_and_one_person_have_no_doubles),
	    cmocka_unit_test(a_pair_is_explained_column_by_column),
	    cmocka_unit_test(a_scan_ends_when_it_is_told_to),
	    cmocka_unit_test(columns_are_known_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
