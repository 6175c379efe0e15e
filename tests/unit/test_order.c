/*
 * test_order.c - what orders come to: a table of documents and what they are.
 *
 * A document is written as steps separated by ';', each a letter and words,
 * `-` for what is not given:
 *
 *	L quantity amount tax [cost]	a line, numbered from 1
 *	G quantity amount		a line that is a gift card
 *	A what amount tax line		an adjustment
 *	E seconds what line quantity amount	an event, after `placed`
 *	H field=number ...		fields of the head
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <model/order_parts.h>

#define PLACED 1700000000

struct doc {
	struct crm_schema schema;
	struct crm_settings settings;
	struct crm_arena arena;
	struct crm_record *rec;
};

static struct crm_value
enumerated(const struct crm_field *f, struct crm_str name)
{
	struct crm_value v =
	    crm_value_num(CRM_T_ENUM, crm_enum_place(f->values, name), 0);

	assert_true(v.i > 0);
	v.s = name;
	return v;
}

static struct crm_value
parsed(struct doc *d, const struct crm_field *f, struct crm_str text)
{
	struct crm_parse ctx = {.schema = &d->schema,
	    .arena = &d->arena,
	    .digits = crm_money_digits(&d->schema, d->rec)};
	struct crm_value v;
	struct crm_err err = {0};

	if (crm_str_is(text, "-") || text.n == 0)
		return (struct crm_value){0};
	if (crm_value_parse(f, text, &ctx, &v, &err) < 0)
		fail_msg("'%.*s': %s", (int)text.n, text.p, err.text);
	return v;
}

static void
head(struct doc *d, struct crm_str word)
{
	struct crm_str name;
	int i;

	assert_true(crm_str_split(&word, '=', &name));
	if (crm_str_is(name, "statuses")) {
		d->settings.statuses = crm_arena_str(&d->arena, word);
		return;
	}
	i = crm_kind_field(d->rec->kind, name);
	assert_true(i > 0);
	d->rec->v[i] = parsed(d, &d->rec->kind->fields[i], word);
}

static void
step(struct doc *d, struct crm_str text)
{
	struct crm_str w[8] = {{0}}, rest = crm_str_trim(text);
	const struct crm_part *p;
	struct crm_row *row;
	size_t n = 0;
	int part;

	while (n < 8 && crm_str_split(&rest, ' ', &w[n]))
		n++;
	if (w[0].n == 0)
		return;
	if (w[0].p[0] == 'H') {
		for (size_t i = 1; i < n; i++)
			head(d, w[i]);
		return;
	}
	part = w[0].p[0] == 'A'	  ? CRM_O_ADJUSTMENT
	       : w[0].p[0] == 'E' ? CRM_O_TRACK
				  : CRM_O_LINE;
	p = &d->rec->kind->parts[part];
	row = crm_record_add(d->rec, part, 0);
	assert_non_null(row);
	if (part == CRM_O_LINE) {
		row->v[CRM_LINE_QUANTITY] =
		    parsed(d, &p->fields[CRM_LINE_QUANTITY], w[1]);
		row->v[CRM_LINE_AMOUNT] =
		    parsed(d, &p->fields[CRM_LINE_AMOUNT], w[2]);
		row->v[CRM_LINE_TAX] =
		    parsed(d, &p->fields[CRM_LINE_TAX], w[3]);
		row->v[CRM_LINE_COST] =
		    parsed(d, &p->fields[CRM_LINE_COST], w[4]);
		if (w[0].p[0] == 'G')
			row->v[CRM_LINE_TYPE] = enumerated(
			    &p->fields[CRM_LINE_TYPE], CRM_STR("gift_card"));
	} else if (part == CRM_O_ADJUSTMENT) {
		row->v[CRM_A_WHAT] = enumerated(&p->fields[CRM_A_WHAT], w[1]);
		row->v[CRM_A_AMOUNT] =
		    parsed(d, &p->fields[CRM_A_AMOUNT], w[2]);
		row->v[CRM_A_TAX] = parsed(d, &p->fields[CRM_A_TAX], w[3]);
		row->v[CRM_A_LINE] = parsed(d, &p->fields[CRM_A_LINE], w[4]);
	} else {
		int64_t after = 0;

		assert_int_equal(crm_int_parse(w[1], &after), CRM_OK);
		row->v[CRM_E_AT] = crm_value_num(CRM_T_TIME, PLACED + after, 0);
		row->v[CRM_E_WHAT] = enumerated(&p->fields[CRM_E_WHAT], w[2]);
		row->v[CRM_E_LINE] = parsed(d, &p->fields[CRM_E_LINE], w[3]);
		row->v[CRM_E_QUANTITY] =
		    parsed(d, &p->fields[CRM_E_QUANTITY], w[4]);
		row->v[CRM_E_AMOUNT] =
		    parsed(d, &p->fields[CRM_E_AMOUNT], w[5]);
	}
}

static void
doc_make(struct doc *d, const char *text)
{
	struct crm_str rest = crm_str(text), one;
	struct crm_err err = {0};

	memset(d, 0, sizeof *d);
	d->settings.currency = CRM_STR("EUR");
	assert_int_equal(
	    crm_schema_init(&d->schema, &d->settings, &err), CRM_OK);
	d->rec = crm_record_new(&d->schema.kind[CRM_K_ORDER], &d->arena);
	assert_non_null(d->rec);
	d->rec->id = 7;
	d->rec->v[CRM_O_PLACED] = crm_value_num(CRM_T_TIME, PLACED, 0);
	d->rec->v[CRM_O_CURRENCY] = crm_value_text(CRM_STR("EUR"));
	d->rec->v[CRM_O_CUSTOMER] = crm_value_id(CRM_K_CUSTOMER, 3);
	while (crm_str_split(&rest, ';', &one))
		step(d, one);
}

static void
doc_free(struct doc *d)
{
	crm_schema_release(&d->schema);
	crm_arena_release(&d->arena);
}

static void
say_state(
    const struct doc *d, const struct crm_order_state *o, char *out, size_t n)
{
	const struct crm_field *f = d->rec->kind->fields;
	struct crm_str status =
	    crm_enum_name(f[CRM_O_STATUS].values, o->status);
	struct crm_str payment =
	    crm_enum_name(f[CRM_O_PAYMENT].values, o->payment);
	struct crm_str sent =
	    crm_enum_name(f[CRM_O_FULFILMENT].values, o->fulfilment);

	snprintf(out, n, "%.*s %.*s %.*s total %lld kept %lld revenue %lld%s",
	    (int)status.n, status.p, (int)payment.n, payment.p, (int)sent.n,
	    sent.p, (long long)o->total, (long long)o->kept,
	    (long long)o->base_revenue, o->counts ? "" : " void");
}

static const struct {
	const char *name, *doc, *want;
} states[] = {
    {"plain", "L 2 10.00",
	"placed unpaid none total 1000 kept 1000 revenue "
	"1000"},
    {"no lines", "", "placed unpaid none total 0 kept 0 revenue 0"},
    {"dirt", "L 0 0.37;L 32623 75.00;L 1 0.00",
	"placed unpaid none total 7537 kept 7537 revenue 7537"},
    {"tax added", "L 1 100.00 19.00;A shipping 5.00 0.95",
	"placed unpaid none total 12495 kept 12495 revenue 10000"},
    {"tax inside",
	"H prices_include_tax=yes;L 1 119.00 19.00;A shipping 5.95 0.95",
	"placed unpaid none total 12495 kept 12495 revenue 10000"},
    {"discount of the order", "L 1 10.00;L 1 20.00;A discount -3.00",
	"placed unpaid none total 2700 kept 2700 revenue 2700"},
    {"fees are no revenue", "L 1 10.00;A fee 1.00;A tip 2.00;A rounding -0.01",
	"placed unpaid none total 1299 kept 1299 revenue 1000"},
    {"gift card sold", "L 1 10.00;G 1 50.00",
	"placed unpaid none total 6000 kept 6000 revenue 1000"},
    {"paid, shipped, delivered",
	"L 1 10.00;E 1 pay - - 10.00;E 2 ship;E 3 deliver",
	"delivered paid delivered total 1000 kept 1000 revenue 1000"},
    {"part paid, part shipped", "L 2 10.00;E 1 pay - - 4.00;E 2 ship 1 1",
	"placed part part total 1000 kept 1000 revenue 1000"},
    {"goodwill refund", "L 1 10.00;E 1 pay - - 10.00;E 2 refund - - 2.50",
	"paid part_refunded none total 1000 kept 750 revenue 750"},
    {"refund shared with tax and shipping",
	"L 1 100.00 20.00;A shipping 30.00;E 1 pay - - 150.00;"
	"E 2 refund - - 15.00",
	"paid part_refunded none total 15000 kept 13500 revenue 9000"},
    {"refund of a line leaves shipping",
	"L 1 100.00 20.00;A shipping 30.00;E 1 pay - - 150.00;"
	"E 2 refund 1 - 60.00",
	"paid part_refunded none total 15000 kept 9000 revenue 5000"},
    {"full refund is exactly zero",
	"L 3 10.00;L 7 0.01;E 1 pay - - 10.01;E 2 refund - - 3.33;"
	"E 3 refund - - 3.33;E 4 refund - - 3.35",
	"paid refunded none total 1001 kept 0 revenue 0"},
    {"refund without payments", "L 1 10.00;E 2 refund - - 10.00",
	"placed refunded none total 1000 kept 0 revenue 0"},
    {"return without money", "L 2 10.00;E 2 return 1 1",
	"placed unpaid none total 1000 kept 1000 revenue 1000"},
    {"return with money", "L 2 10.00;E 2 return 1 1 5.00",
	"placed part_refunded none total 1000 kept 500 revenue 500"},
    {"all returned is an order of zero", "L 2 10.00;E 2 return 1 1;E 3 return",
	"returned unpaid none total 1000 kept 1000 revenue 0"},
    {"cancelled is no order", "L 2 10.00;A shipping 4.00;E 2 cancel",
	"cancelled unpaid none total 1400 kept 0 revenue 0 void"},
    {"each line cancelled", "L 2 10.00;L 1 5.00;E 2 cancel 1;E 3 cancel 2 1",
	"cancelled unpaid none total 1500 kept 0 revenue 0 void"},
    {"cancelled in part", "L 3 10.00;E 2 cancel 1 1",
	"placed unpaid none total 1000 kept 667 revenue 667"},
    {"cancelled and its money given back counts once",
	"L 2 10.00;E 1 pay - - 10.00;E 2 cancel 1 1;E 3 refund 1 - 5.00",
	"paid part_refunded none total 1000 kept 500 revenue 500"},
    {"cancelled, refunded in full",
	"L 2 10.00;E 1 pay - - 10.00;E 2 cancel;E 3 refund - - 10.00",
	"cancelled refunded none total 1000 kept 0 revenue 0 void"},
    {"one cancelled, one returned", "L 2 10.00;E 2 cancel 1 1;E 3 return 1 1",
	"returned unpaid none total 1000 kept 500 revenue 0"},
    {"test", "H test=yes;L 1 10.00",
	"placed unpaid none total 1000 kept 1000 revenue 1000 void"},
    {"cart", "H state=cart;L 1 10.00",
	"cart unpaid none total 1000 kept 1000 revenue 1000 void"},
    {"pending", "H state=pending;L 1 10.00",
	"pending unpaid none total 1000 kept 1000 revenue 1000 void"},
    {"credit", "H type=credit;L -2 -10.00",
	"placed unpaid none total -1000 kept -1000 revenue -1000"},
    {"statuses: not paid yet", "H statuses=paid,shipped;L 1 10.00",
	"placed unpaid none total 1000 kept 1000 revenue 1000 void"},
    {"statuses: paid", "H statuses=paid,shipped;L 1 10.00;E 9 pay - - 10.00",
	"paid paid none total 1000 kept 1000 revenue 1000"},
    {"statuses: credits count", "H statuses=paid type=credit;L -1 -5.00",
	"placed unpaid none total -500 kept -500 revenue -500"},
    {"statuses: returned counts when it did",
	"H statuses=paid;L 1 10.00;E 1 pay - - 10.00;E 2 return",
	"returned paid none total 1000 kept 1000 revenue 0"},
    {"sold by another", "H seller_id=C9;L 1 100.00;A commission 12.00",
	"placed unpaid none total 10000 kept 10000 revenue 1200"},
    {"sold by another, half refunded",
	"H seller_id=C9;L 1 100.00;A commission 12.00;E 1 refund - - 50.00",
	"placed part_refunded none total 10000 kept 5000 revenue 600"},
    {"other currency", "H currency=USD rate=0.905;L 1 10.01",
	"placed unpaid none total 1001 kept 1001 revenue 906"},
    {"currency without minor unit", "H currency=JPY rate=0.0061;L 1 1000",
	"placed unpaid none total 1000 kept 1000 revenue 610"},
};

static void
a_document_comes_to_its_sums(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		struct crm_order_state o;
		struct crm_err err = {0};
		struct doc d;
		char got[256];

		doc_make(&d, states[i].doc);
		if (crm_order_state(&d.schema, d.rec, INT64_MAX, &o, &err) < 0)
			fail_msg("%s: %s", states[i].name, err.text);
		say_state(&d, &o, got, sizeof got);
		if (strcmp(got, states[i].want) != 0)
			fail_msg("%s: got %s, want %s", states[i].name, got,
			    states[i].want);
		doc_free(&d);
	}
}

/* Bookings as "+seconds orders revenue net [flags]". */
static void
say_bookings(struct doc *d, int64_t at, struct crm_buf *out)
{
	struct crm_buf b = {0};
	struct crm_order_booking k;
	struct crm_err err = {0};

	if (crm_order_book(&d->schema, d->rec, at, &b, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < b.n; i += sizeof k) {
		memcpy(&k, b.p + i, sizeof k);
		assert_int_equal(k.gross + k.discount + k.shipping + k.fees +
				     k.tax + k.refunds,
		    k.net);
		crm_buf_putf(out, "%s%lld:%d,%lld,%lld%s%s%s%s", i ? " " : "",
		    (long long)(k.time - PLACED), k.orders,
		    (long long)k.revenue, (long long)k.net,
		    k.flags & CRM_L_SALE ? "S" : "",
		    k.flags & CRM_L_CREDIT ? "C" : "",
		    k.flags & CRM_L_GONE ? "G" : "",
		    k.flags & CRM_L_VOID ? "V" : "");
	}
	crm_buf_release(&b);
}

static const struct {
	const char *name, *doc;
	int64_t at;
	const char *want;
} books[] = {
    {"a sale", "L 1 10.00", 9, "0:1,1000,1000S"},
    {"not placed yet", "L 1 10.00", 0, ""},
    {"payments book nothing", "L 1 10.00;E 5 pay - - 10.00", 9,
	"0:1,1000,1000S"},
    {"a refund at its time", "L 1 10.00;E 5 refund - - 4.00", 9,
	"0:1,1000,1000S 5:0,-400,-400"},
    {"a refund is not known before", "L 1 10.00;E 5 refund - - 4.00", 5,
	"0:1,1000,1000S"},
    {"thirds in another currency",
	"H currency=USD rate=0.3333;L 1 10.00;E 1 refund - - 3.33;"
	"E 2 refund - - 3.33;E 3 refund - - 3.34",
	9, "0:1,333,333S 1:0,-111,-111 2:0,-111,-111 3:0,-111,-111"},
    {"cancelled later", "L 1 10.00;E 5 cancel", 9,
	"0:1,1000,1000S 5:-1,-1000,-1000G"},
    {"cancelled in the second it was placed", "L 1 10.00;E 0 cancel", 9,
	"0:1,0,0SV"},
    {"void", "H state=cart;L 1 10.00", 9, "0:1,1000,1000SV"},
    {"a void cancelled", "H state=pending;L 1 10.00;E 4 cancel", 9,
	"0:1,1000,1000SV 4:-1,-1000,-1000V"},
    {"a credit", "H type=credit;L -1 -10.00", 9, "0:0,-1000,-1000C"},
    {"a credit of nothing", "H type=credit;L 1 0.00", 9, "0:0,0,0C"},
    {"paid later, where only paid counts",
	"H statuses=paid,shipped;L 1 10.00;E 5 pay - - 10.00", 9,
	"0:1,1000,1000S"},
    {"left the statuses that count",
	"H statuses=paid;L 1 10.00;E 5 pay - - 10.00;E 6 ship", 9,
	"0:1,1000,1000S 6:-1,-1000,-1000G"},
    {"fully returned", "L 2 10.00;E 3 return", 9, "0:1,1000,1000S 3:0,-1000,0"},
};

static void
bookings_are_at_their_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof books / sizeof *books; i++) {
		struct crm_buf got = {0};
		struct doc d;

		doc_make(&d, books[i].doc);
		say_bookings(&d, PLACED + books[i].at, &got);
		if (strcmp(crm_buf_cstr(&got), books[i].want) != 0)
			fail_msg("%s: got %s, want %s", books[i].name,
			    crm_buf_cstr(&got), books[i].want);
		crm_buf_release(&got);
		doc_free(&d);
	}
}

/* entries and tally are of one mind, at every moment. */
static void
entries_sum_to_the_figures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		for (int64_t at = 1; at < 6; at++) {
			struct crm_buf b = {0};
			struct crm_ledger_entry e;
			struct crm_tally y;
			struct crm_err err = {0};
			struct doc d;
			int64_t revenue = 0, orders = 0;

			doc_make(&d, states[i].doc);
			assert_int_equal(crm_order_entries(&d.schema, d.rec,
					     PLACED + at, &b, &err),
			    CRM_OK);
			assert_int_equal(crm_order_tally(&d.schema, d.rec,
					     PLACED + at, &y, &err),
			    CRM_OK);
			for (size_t j = 0; j < b.n; j += sizeof e) {
				memcpy(&e, b.p + j, sizeof e);
				if (e.flags & CRM_L_VOID)
					continue;
				revenue += e.amount;
				orders += !!(e.flags & CRM_L_SALE) -
					  !!(e.flags & CRM_L_GONE);
			}
			if (revenue != y.revenue || orders != y.orders)
				fail_msg("%s at %d", states[i].name, (int)at);
			crm_buf_release(&b);
			doc_free(&d);
		}
}

static const struct {
	const char *name, *doc, *field, *text;
} refused[] = {
    {"more than was bought", "L 2 10.00;E 1 return 1 3", "track 1 quantity",
	"a return of '3' is more than the '2' that are left of line 1"},
    {"more than is left after a cancellation",
	"L 2 10.00;E 1 cancel 1 1;E 2 return 1 2", "track 2 quantity",
	"a return of '2' is more than the '1' that are left of line 1"},
    {"what was cancelled already", "L 2 10.00;E 1 cancel;E 2 cancel",
	"track 2 what", "nothing is left to cancel"},
    {"all returned twice", "L 2 10.00;E 1 return;E 2 return 1", "track 2 what",
	"nothing is left to return"},
    {"refund of more than was paid",
	"L 1 10.00;E 1 pay - - 6.00;E 2 refund - - 7.00", "refunded",
	"refunds of '7.00' are more than the payments of '6.00'"},
    {"refund of more than the total", "L 1 10.00;E 2 refund - - 10.01",
	"refunded", "refunds of '10.01' are more than the total of '10.00'"},
    {"no such line", "L 1 10.00;E 2 return 4 1", "track 1 line",
	"the order has no line '4'"},
    {"a refund of no such line", "L 1 10.00;E 2 refund 4 - 1.00",
	"track 1 line", "the order has no line '4'"},
    {"an adjustment of no such line", "L 1 10.00;A discount -1.00 - 3",
	"adjustment 1 line", "the order has no line '3'"},
    {"a quantity of many lines", "L 1 10.00;L 1 5.00;E 2 return - 1",
	"track 1 line", "a quantity needs the line it is of: the order has 2"},
    {"before it was placed", "L 1 10.00;E -1 pay - - 10.00", "track 1 at",
	"'2023-11-14T22:13:19Z' is before the order was placed"},
    {"less than nothing", "L 1 10.00;E 1 pay - - -1.00", "track 1 amount",
	"'-1.00': an amount of 0 or more is wanted"},
    {"nothing of it", "L 1 10.00;E 1 return 1 0", "track 1 quantity",
	"'0': a quantity above 0 is wanted"},
    {"money for shipping", "L 1 10.00;E 1 ship - - 1.00", "track 1 amount",
	"a ship or deliver has no amount"},
    {"nothing to refund", "L 1 10.00;E 1 refund - - 10.00;E 2 refund",
	"track 2 amount", "nothing is left to refund"},
    {"too large", "L 1 92233720368547758.07;L 1 0.01", "total",
	"the amounts of the order are too large to be added"},
};

static void
what_contradicts_the_order_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct crm_err err = {0};
		struct crm_calc c;
		struct doc d;

		doc_make(&d, refused[i].doc);
		if (crm_order_events(&c, &d.schema, d.rec, PLACED + 9, &err) !=
		    CRM_EDATA)
			fail_msg("%s is taken", refused[i].name);
		crm_calc_close(&c);
		if (strcmp(err.text, refused[i].text) != 0 ||
		    strcmp(err.field, refused[i].field) != 0)
			fail_msg(
			    "%s: %s: %s", refused[i].name, err.field, err.text);
		doc_free(&d);
	}
}

static void
missing_amounts_are_what_is_open(void **state)
{
	static const struct {
		const char *doc;
		uint32_t row;
		int64_t want;
	} rows[] = {
	    {"L 1 10.00;E 1 pay", 1, 1000},
	    {"L 1 10.00;E 1 pay - - 4.00;E 2 pay", 2, 600},
	    {"L 1 10.00;E 1 pay - - 4.00;E 2 refund", 2, 400},
	    {"L 4 10.00;A shipping 5.00;E 2 refund 1 1", 1, 250},
	    {"L 4 10.00 2.00;E 2 refund 1", 1, 1200},
	    {"L 2 10.00;E 1 cancel 1 1;E 2 pay", 2, 500},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_err err = {0};
		struct crm_calc c;
		struct doc d;

		doc_make(&d, rows[i].doc);
		if (crm_order_events(&c, &d.schema, d.rec, PLACED, &err) < 0)
			fail_msg("%s: %s", rows[i].doc, err.text);
		crm_calc_close(&c);
		if (crm_record_row(d.rec, CRM_O_TRACK, rows[i].row)
			->v[CRM_E_AMOUNT]
			.i != rows[i].want)
			fail_msg("%s", rows[i].doc);
		doc_free(&d);
	}
}

static void
kept_fields_are_written(void **state)
{
	struct crm_err err = {0};
	struct crm_calc c;
	struct doc d;
	struct crm_row *row;

	(void)state;
	doc_make(&d,
	    "L 2 10.00 1.90;L 1 5.00 0.95;A coupon -1.00 -0.19;"
	    "A shipping 4.90;E 1 pay - - 5.00;E 2 return 1 1;E 3 cancel 2");
	assert_int_equal(
	    crm_order_events(&c, &d.schema, d.rec, PLACED, &err), CRM_OK);
	crm_calc_close(&c);
	assert_int_equal(crm_order_keep(&d.schema, d.rec, &err), CRM_OK);
	assert_int_equal(d.rec->v[CRM_O_GOODS].i, 1500);
	assert_int_equal(d.rec->v[CRM_O_DISCOUNT].i, -100);
	assert_int_equal(d.rec->v[CRM_O_SHIPPING].i, 490);
	assert_int_equal(d.rec->v[CRM_O_TAX].i, 266);
	assert_int_equal(d.rec->v[CRM_O_TOTAL].i, 2156);
	assert_int_equal(d.rec->v[CRM_O_BASE_TOTAL].i, 2156);
	assert_int_equal(d.rec->v[CRM_O_PAID].i, 500);
	assert_int_equal(d.rec->v[CRM_O_LINES].i, 2);
	assert_int_equal(d.rec->v[CRM_O_ITEMS].i, 1);
	assert_int_equal(d.rec->v[CRM_O_REVENUE].i, 933);
	row = crm_record_row(d.rec, CRM_O_LINE, 1);
	assert_int_equal(row->v[CRM_LINE_RETURNED].i, 1);
	assert_int_equal(row->v[CRM_LINE_DISCOUNT].i, -67);
	assert_int_equal(row->v[CRM_LINE_CANCELLED].type, CRM_T_NONE);
	row = crm_record_row(d.rec, CRM_O_LINE, 2);
	assert_int_equal(row->v[CRM_LINE_CANCELLED].i, 1);
	assert_int_equal(row->v[CRM_LINE_DISCOUNT].i, -33);
	doc_free(&d);
}

static void
figures_are_in_the_stores_currency(void **state)
{
	struct crm_err err = {0};
	struct crm_tally y;
	struct doc d;

	(void)state;
	doc_make(&d,
	    "H currency=USD rate=0.5;L 4 10.00 - 2.00;A discount -1.00;"
	    "E 1 return 1 1 2.00");
	assert_int_equal(
	    crm_order_tally(&d.schema, d.rec, INT64_MAX, &y, &err), CRM_OK);
	assert_int_equal(y.orders, 1);
	assert_int_equal(y.first, PLACED);
	assert_int_equal(y.last, PLACED);
	assert_int_equal(y.revenue, 350);
	assert_int_equal(y.spent, 350);
	assert_int_equal(y.refunded, 100);
	assert_int_equal(y.discounts, 50);
	assert_int_equal(y.cost, 150);
	assert_int_equal(y.items.v, 3);
	assert_int_equal(y.returns, 1);
	doc_free(&d);
}

static void
places_of_fields_are_those_of_the_table(void **state)
{
	static const struct {
		int place;
		const char *name;
	} head_fields[] = {{CRM_O_CUSTOMER, "customer_id"},
	    {CRM_O_PLACED, "placed"}, {CRM_O_STATUS, "status"},
	    {CRM_O_CURRENCY, "currency"}, {CRM_O_TOTAL, "total"},
	    {CRM_O_BASE_TOTAL, "base_total"}, {CRM_O_REVENUE, "revenue"},
	    {CRM_O_PAID, "paid"}, {CRM_O_REFUNDED, "refunded"},
	    {CRM_O_TYPE, "type"}, {CRM_O_STATE, "state"}, {CRM_O_RATE, "rate"},
	    {CRM_O_SELLER, "seller_id"}, {CRM_O_TAX_IN, "prices_include_tax"},
	    {CRM_O_REPLACES, "replaces_id"}, {CRM_O_RECURRING, "recurring"},
	    {CRM_O_GUEST, "guest"}, {CRM_O_TEST, "test"},
	    {CRM_O_GOODS, "goods"}, {CRM_O_DISCOUNT, "discount"},
	    {CRM_O_SHIPPING, "shipping"}, {CRM_O_TAX, "tax"},
	    {CRM_O_LINES, "lines"}, {CRM_O_ITEMS, "items"},
	    {CRM_O_PAYMENT, "payment"}, {CRM_O_FULFILMENT, "fulfilment"}};
	static const char *const lines[] = {"product_id", "sku", "text",
	    "quantity", "price", "amount", "line_tax", "line_cost", "returned",
	    "cancelled", "line_discount", "line_type"};
	static const char *const adjustments[] = {
	    "adjustment", "code", "adjusted", "adjustment_tax", "line"};
	static const char *const track[] = {"at", "what", "line", "quantity",
	    "amount", "method", "reference", "reason"};
	struct crm_schema s;
	const struct crm_kind *k;

	(void)state;
	assert_int_equal(crm_schema_init(&s, NULL, NULL), CRM_OK);
	k = &s.kind[CRM_K_ORDER];
	for (size_t i = 0; i < sizeof head_fields / sizeof *head_fields; i++)
		assert_string_equal(
		    k->fields[head_fields[i].place].name, head_fields[i].name);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_string_equal(
		    k->parts[CRM_O_LINE].fields[i].name, lines[i]);
	for (size_t i = 0; i < sizeof adjustments / sizeof *adjustments; i++)
		assert_string_equal(
		    k->parts[CRM_O_ADJUSTMENT].fields[i].name, adjustments[i]);
	for (size_t i = 0; i < sizeof track / sizeof *track; i++)
		assert_string_equal(
		    k->parts[CRM_O_TRACK].fields[i].name, track[i]);
	crm_schema_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_document_comes_to_its_sums),
	    cmocka_unit_test(bookings_are_at_their_times),
	    cmocka_unit_test(entries_sum_to_the_figures),
	    cmocka_unit_test(what_contradicts_the_order_is_refused),
	    cmocka_unit_test(missing_amounts_are_what_is_open),
	    cmocka_unit_test(kept_fields_are_written),
	    cmocka_unit_test(figures_are_in_the_stores_currency),
	    cmocka_unit_test(places_of_fields_are_those_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
