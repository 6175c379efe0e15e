/*
 * cli_recommend_next.c - what a customer needs again and when, and what to do
 * next.
 *
 * The rules of next are few and in a fixed order, the one that costs most to
 * miss first; each row says which rule it is by and the figures it saw.  Rules
 * that find nothing say so too, as a customer of whom nothing can be told is
 * an answer.
 */
#include <stdlib.h>

#include "cli_noun.h"
#include "cli_recommend.h"

static const char *within = "14d";
static bool lapsed, all_rules;

const struct cli_option cli_recommend_due_options[] = {
    {0, "within", CLI_TEXT, &within, "TIME",
	"what is due until then, from now (14d)"},
    {0, "lapsed", CLI_FLAG, &lapsed, NULL,
	"also what is late by twice its gap and more"},
    {0},
};
const struct cli_option cli_recommend_next_options[] = {
    {0, "within", CLI_TEXT, &within, "TIME",
	"what is due until then, from now (14d)"},
    {0, "all", CLI_FLAG, &all_rules, NULL,
	"what each rule has to say, not only the first"},
    {0},
};

enum {
	D_CUSTOMER,
	D_PRODUCT,
	D_DUE,
	D_LATE,
	D_LAST,
	D_GAP,
	D_GAPS,
	D_DAYS,
	D_ALL_GAPS,
	D_ALL_DAYS,
	D_BUYERS,
	D_AGAIN,
	D_FIELDS
};
static const struct crm_field due_columns[D_FIELDS] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "who needs it"},
    {"product_id", CRM_T_ID, CRM_K_PRODUCT, 0, 0, NULL, "what"},
    {"due", CRM_T_DATE, 0, 0, 0, NULL, "the day it is expected"},
    {"late", CRM_T_INT, 0, 0, 0, NULL, "days past that, below 0 ahead"},
    {"last_bought", CRM_T_DATE, 0, 0, 0, NULL, "the last day it was bought"},
    {"gap", CRM_T_INT, 0, 0, 0, NULL, "days expected between two"},
    {"own_gaps", CRM_T_INT, 0, 0, 0, NULL, "gaps of this customer"},
    {"own_days", CRM_T_INT, 0, 0, 0, NULL, "days of these"},
    {"all_gaps", CRM_T_INT, 0, 0, 0, NULL, "gaps of all customers"},
    {"all_days", CRM_T_INT, 0, 0, 0, NULL, "days of these"},
    {"buyers", CRM_T_INT, 0, 0, 0, NULL, "customers who bought it"},
    {"again", CRM_T_INT, 0, 0, 0, NULL, "of these, on another day too"},
};

enum { N_CUSTOMER, N_ACTION, N_SINCE, N_PRODUCT, N_ABOUT, N_WHY, N_FIELDS };
static const struct crm_field next_columns[N_FIELDS] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "whom it is about"},
    {"action", CRM_T_TEXT, 0, 0, 0, NULL,
	"settle, replenish, win_back, cross_sell or none"},
    {"since", CRM_T_DATE, 0, 0, 0, NULL,
	"the day the matter is of, or the product due"},
    {"product_id", CRM_T_ID, CRM_K_PRODUCT, 0, 0, NULL, "with what"},
    {"about", CRM_T_TEXT, 0, 0, 0, NULL, "the order or task it is about"},
    {"why", CRM_T_TEXT, 0, 0, 0, NULL, "the rule, and what it saw"},
};

struct horizon {
	int64_t today, until; /* days */
};

static int
find_horizon(struct cli *c, struct horizon *h, struct crm_err *err)
{
	int64_t now = cli_opt.at ? c->at : c->now;
	struct crm_span span;

	if (crm_span_parse(crm_str(within), &span) < 0 || span.secs < 0 ||
	    span.months < 0)
		return crm_err_set(err, CRM_EUSAGE,
		    "--within: '%s' is not a length of time, like 14d or 2w",
		    within);
	h->today = crm_day_of(&c->schema->calendar, now);
	h->until = h->today + span.secs / 86400 + span.months * 30;
	return CRM_OK;
}

static bool
is_due(const struct crm_need *n, const struct horizon *h, bool also_lapsed)
{
	int64_t gap = n->due - n->last;

	return n->due <= h->until &&
	       (also_lapsed || h->today - n->due < 2 * gap);
}

static bool *
flags_of(struct cli_recommend *r)
{
	bool *flag = crm_arena_zalloc(
	    &r->c->arena, r->x.names[CRM_SALES_CUSTOMER].n + 1);

	for (size_t i = 0; flag && i < r->npicked; i++)
		flag[r->picked[i]] = true;
	return flag;
}

static int
print_need(struct cli_recommend *r, const struct crm_need *n, int64_t today,
    struct crm_err *err)
{
	struct crm_value v[D_FIELDS];

	v[D_CUSTOMER] = cli_recommend_id(r, CRM_SALES_CUSTOMER, n->customer);
	v[D_PRODUCT] = cli_recommend_id(r, CRM_SALES_PRODUCT, n->item);
	v[D_DUE] = crm_value_num(CRM_T_DATE, n->due, 0);
	v[D_LATE] = cli_recommend_int(today - n->due);
	v[D_LAST] = crm_value_num(CRM_T_DATE, n->last, 0);
	v[D_GAP] = cli_recommend_int(n->due - n->last);
	v[D_GAPS] = cli_recommend_int(n->gaps);
	v[D_DAYS] = cli_recommend_int(n->days);
	v[D_ALL_GAPS] = cli_recommend_int((int64_t)n->all_gaps);
	v[D_ALL_DAYS] = cli_recommend_int(n->all_days);
	v[D_BUYERS] = cli_recommend_int(n->buyers);
	v[D_AGAIN] = cli_recommend_int(n->again);
	return cli_rows_put(r->rows, v, err);
}

int
cli_recommend_due(struct cli *c, struct crm_err *err)
{
	struct cli_recommend r = {.c = c};
	struct crm_needs needs = {0};
	struct horizon h;
	bool *flag = NULL;
	uint64_t past = 0;
	int code = find_horizon(c, &h, err);

	if (code == CRM_OK)
		code = cli_recommend_open(&r, due_columns, D_FIELDS, err);
	if (code == CRM_OK)
		code = cli_recommend_trips(&r, err);
	if (code == CRM_OK)
		code = cli_recommend_pick(&r, CRM_SALES_CUSTOMER, true, err);
	if (code == CRM_OK && !(flag = flags_of(&r)))
		code = crm_err_nomem(err);
	if (code == CRM_OK)
		code = crm_needs_find(
		    &needs, &r.trips, &c->schema->calendar, flag, err);
	for (size_t i = 0; code == CRM_OK && i < needs.n; i++) {
		const struct crm_need *n = &needs.v[i];

		if (is_due(n, &h, lapsed))
			code = print_need(&r, n, h.today, err);
		else
			past += n->due <= h.until;
	}
	if (code == CRM_OK && needs.unknown > 0)
		cli_note(c,
		    "of %llu products of customers it is not known: fewer than "
		    "%d gaps of their own and %d of all customers, or bought "
		    "once and by most others too",
		    (unsigned long long)needs.unknown, CRM_NEED_OWN,
		    CRM_NEED_ALL);
	if (code == CRM_OK && past > 0)
		cli_note(c,
		    "%llu are late by twice their gap and more: --lapsed "
		    "prints them",
		    (unsigned long long)past);
	crm_needs_release(&needs);
	return cli_recommend_end(&r, code, err);
}

/* ---- next ---- */

/* What is open of a customer: the oldest that matters most. */
struct matter {
	int64_t at; /* seconds; INT64_MAX: nothing is open */
	struct crm_value about;
	const char *what;
};
struct advisor {
	struct cli_recommend r;
	struct horizon h;
	struct crm_needs needs;
	size_t *need; /* of a customer their first due, SIZE_MAX */
	struct matter *matter; /* by customer */
	struct crm_taste *taste;
	struct crm_wishes wishes;
	struct crm_buf why;
	bool said;
};

static void
note_matter(struct advisor *a, const struct crm_value *customer, int64_t at,
    struct crm_value about, const char *what)
{
	struct matter *m;
	size_t i;

	if (customer->type != CRM_T_ID ||
	    !crm_names_number(
		&a->r.x.names[CRM_SALES_CUSTOMER], (uint64_t)customer->i, &i))
		return;
	m = &a->matter[i];
	if (at < m->at)
		*m = (struct matter){at, about, what};
}

/*
 * What waits for us, by state and age in days; a state is a place in the
 * field's names.  Of orders carts that were left long ago are no matter any
 * more, nor is what nobody marks as shipped.
 */
static const struct wait {
	enum crm_kind_number kind;
	const char *who, *time, *state;
	int place;
	int64_t from, until;
	const char *what;
} waits[] = {
    {CRM_K_ORDER, "customer_id", "placed", "status", CRM_ORDER_CART, 1, 30,
	"a cart was left"},
    {CRM_K_ORDER, "customer_id", "placed", "status", CRM_ORDER_PENDING, 1,
	INT64_MAX, "an order is pending"},
    {CRM_K_ORDER, "customer_id", "placed", "status", CRM_ORDER_PLACED, 7, 60,
	"an order was not shipped"},
    {CRM_K_ORDER, "customer_id", "placed", "status", CRM_ORDER_PAID, 7, 60,
	"an order was not shipped"},
    {CRM_K_TICKET, "customer_id", "state_since", "state", 1, 0, INT64_MAX,
	"a ticket is new"},
    {CRM_K_TICKET, "customer_id", "state_since", "state", 2, 0, INT64_MAX,
	"a ticket waits for us"},
    {CRM_K_TASK, "about", "due", "state", 1, 0, INT64_MAX, "a task is due"},
};

enum { DAY = 86400, AWAY = 30, WAITS = sizeof waits / sizeof *waits };

/* The fields are those of the first of a kind's rows, at w. */
static void
try_waits(struct advisor *a, const struct wait *w, const int at[3],
    const struct crm_record *rec, int64_t now)
{
	const struct crm_value *time = &rec->v[at[1]];
	int64_t age = (now - time->i) / DAY;

	if (rec->v[at[0]].type != CRM_T_ID ||
	    rec->v[at[0]].kind != CRM_K_CUSTOMER || time->type != CRM_T_TIME ||
	    time->i > now)
		return;
	for (enum crm_kind_number k = w->kind;
	     w < waits + WAITS && w->kind == k; w++)
		if (rec->v[at[2]].i == w->place && age >= w->from &&
		    age <= w->until)
			note_matter(a, &rec->v[at[0]], time->i,
			    crm_value_id(k, rec->id), w->what);
}

static int
scan_kind(struct advisor *a, struct crm_txn *t, const struct wait *w,
    struct crm_err *err)
{
	struct cli *c = a->r.c;
	const struct crm_kind *k = &c->schema->kind[w->kind];
	int at[3] = {crm_kind_field(k, crm_str(w->who)),
	    crm_kind_field(k, crm_str(w->time)),
	    crm_kind_field(k, crm_str(w->state))};
	int test = crm_kind_field(k, CRM_STR("test"));
	int64_t now = cli_opt.at ? c->at : c->now;
	struct crm_want want = {{0}, 0};
	struct crm_scan *scan;
	struct crm_record *rec;
	int code;

	for (int i = 0; i < 3; i++)
		crm_want_field(&want, at[i]);
	if (test >= 0)
		crm_want_field(&want, test);
	code = crm_scan_open(t, c->schema, k, &want, c->at, &scan, err);
	if (code < 0)
		return code;
	while ((code = crm_scan_next(scan, &rec, err)) == CRM_OK)
		if (test < 0 || rec->v[test].i != 1)
			try_waits(a, w, at, rec, now);
	crm_scan_close(scan);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static int
find_matters(struct advisor *a, struct crm_err *err)
{
	size_t n = a->r.x.names[CRM_SALES_CUSTOMER].n;
	struct crm_txn *t;
	int code;

	a->matter =
	    crm_arena_alloc(&a->r.c->arena, (n + 1) * sizeof *a->matter);
	if (!a->matter)
		return crm_err_nomem(err);
	for (size_t i = 0; i < n; i++)
		a->matter[i].at = INT64_MAX;
	if (cli_opt.from)
		return CRM_OK;
	code = crm_txn_begin(a->r.c->store, &t, err);
	if (code < 0)
		return code;
	for (size_t i = 0; code == CRM_OK && i < WAITS; i++)
		if (i == 0 || waits[i].kind != waits[i - 1].kind)
			code = scan_kind(a, t, &waits[i], err);
	crm_txn_end(t);
	return code;
}

/* The first that is due of each customer. */
static int
find_needs(struct advisor *a, struct crm_err *err)
{
	struct cli_recommend *r = &a->r;
	size_t n = r->x.names[CRM_SALES_CUSTOMER].n;
	bool *flag = flags_of(r);
	int code;

	a->need = crm_arena_alloc(&r->c->arena, (n + 1) * sizeof *a->need);
	if (!flag || !a->need)
		return crm_err_nomem(err);
	for (size_t i = 0; i < n; i++)
		a->need[i] = SIZE_MAX;
	code = crm_needs_find(
	    &a->needs, &r->trips, &r->c->schema->calendar, flag, err);
	for (size_t i = a->needs.n; code == CRM_OK && i > 0; i--)
		if (is_due(&a->needs.v[i - 1], &a->h, false))
			a->need[a->needs.v[i - 1].customer] = i - 1;
	return code;
}

static int
say(struct advisor *a, uint32_t customer, const char *action, int64_t day,
    struct crm_value product, struct crm_str about, struct crm_err *err)
{
	struct crm_value v[N_FIELDS] = {{0}};
	int code = crm_buf_check(&a->why, err);

	if (code < 0 || (a->said && !all_rules))
		return code;
	a->said = true;
	v[N_CUSTOMER] = cli_recommend_id(&a->r, CRM_SALES_CUSTOMER, customer);
	v[N_ACTION] = crm_value_text(crm_str(action));
	if (day != INT64_MIN)
		v[N_SINCE] = crm_value_num(CRM_T_DATE, day, 0);
	v[N_PRODUCT] = product;
	v[N_ABOUT] = crm_value_text(about);
	v[N_WHY] = crm_value_text(crm_buf_str(&a->why));
	return cli_rows_put(a->r.rows, v, err);
}

static int
settle(struct advisor *a, uint32_t c, struct crm_err *err)
{
	const struct matter *m = &a->matter[c];
	struct crm_value none = {0};
	struct crm_buf b = {0};
	int64_t day;
	int code;

	if (m->at == INT64_MAX)
		return CRM_OK;
	day = crm_day_of(&a->r.c->schema->calendar, m->at);
	crm_buf_clear(&a->why);
	crm_buf_putf(&a->why, "%s, for %lld days", m->what,
	    (long long)(a->h.today - day));
	crm_value_put(a->r.c->schema, &b, &m->about, false);
	code = say(a, c, "settle", day, none, crm_buf_str(&b), err);
	crm_buf_release(&b);
	return code;
}

static int
replenish(struct advisor *a, uint32_t c, struct crm_err *err)
{
	const struct crm_need *n;
	struct crm_str none = {0};

	if (a->need[c] == SIZE_MAX)
		return CRM_OK;
	n = &a->needs.v[a->need[c]];
	crm_buf_clear(&a->why);
	crm_buf_putf(&a->why,
	    "last bought %lld days ago; %lld days are expected between: "
	    "%u gaps of theirs of %lld days, %llu of all of %lld",
	    (long long)(a->h.today - n->last), (long long)(n->due - n->last),
	    n->gaps, (long long)n->days, (unsigned long long)n->all_gaps,
	    (long long)n->all_days);
	return say(a, c, "replenish", n->due,
	    cli_recommend_id(&a->r, CRM_SALES_PRODUCT, n->item), none, err);
}

/* Later than twice their own mean gap, and a month, of three orders and more. */
static int
win_back(struct advisor *a, uint32_t c, struct crm_err *err)
{
	const struct crm_trips *t = &a->r.trips;
	const struct crm_calendar *cal = &a->r.c->schema->calendar;
	uint32_t from = t->first[c], n = t->first[c + 1] - from;
	struct crm_value none = {0};
	struct crm_str nothing = {0};
	int64_t first, last, away;

	if (n < 3)
		return CRM_OK;
	first = crm_day_of(cal, t->time[from]);
	last = crm_day_of(cal, t->time[from + n - 1]);
	away = a->h.today - last;
	if (last == first || away < AWAY ||
	    away * (n - 1) <= 2 * (last - first))
		return CRM_OK;
	crm_buf_clear(&a->why);
	crm_buf_putf(&a->why,
	    "away for %lld days, more than twice their mean gap: %u orders in "
	    "%lld days before",
	    (long long)away, n, (long long)(last - first));
	return say(a, c, "win_back", last, none, nothing, err);
}

static int
cross_sell(struct advisor *a, uint32_t c, struct crm_err *err)
{
	struct crm_str none = {0};
	const struct crm_wish *w;
	int code = crm_taste_of(a->taste, c, 1, &a->wishes, err);

	if (code < 0 || a->wishes.n == 0)
		return code;
	w = &a->wishes.v[0];
	crm_buf_clear(&a->why);
	crm_buf_putf(&a->why,
	    "never bought; in %u of all %u orders with %s, which they bought",
	    w->together, crm_pairs_count(a->r.pairs, w->because),
	    cli_recommend_name(&a->r, CRM_SALES_PRODUCT, w->because));
	return say(a, c, "cross_sell", INT64_MIN,
	    cli_recommend_id(&a->r, CRM_SALES_PRODUCT, w->item), none, err);
}

static int
advise(struct advisor *a, uint32_t c, struct crm_err *err)
{
	struct crm_value none = {0};
	struct crm_str nothing = {0};
	int code;

	a->said = false;
	code = settle(a, c, err);
	if (code == CRM_OK && (!a->said || all_rules))
		code = replenish(a, c, err);
	if (code == CRM_OK && (!a->said || all_rules))
		code = win_back(a, c, err);
	if (code == CRM_OK && (!a->said || all_rules))
		code = cross_sell(a, c, err);
	if (code < 0 || a->said)
		return code;
	crm_buf_clear(&a->why);
	crm_buf_putf(&a->why,
	    "too little is known: %u orders, nothing open, due, overdue or "
	    "often bought with what they bought",
	    a->r.trips.first[c + 1] - a->r.trips.first[c]);
	return say(a, c, "none", INT64_MIN, none, nothing, err);
}

int
cli_recommend_next(struct cli *c, struct crm_err *err)
{
	struct advisor a = {.r = {.c = c}};
	struct crm_taste_options opt = {
	    .min = (uint32_t)cli_recommend_min, .bought = -1};
	int code = find_horizon(c, &a.h, err);

	if (code == CRM_OK)
		code = cli_recommend_open(&a.r, next_columns, N_FIELDS, err);
	if (code == CRM_OK)
		code = cli_recommend_trips(&a.r, err);
	if (code == CRM_OK)
		code = cli_recommend_pick(&a.r, CRM_SALES_CUSTOMER, true, err);
	if (code == CRM_OK)
		code = find_matters(&a, err);
	if (code == CRM_OK)
		code = find_needs(&a, err);
	if (code == CRM_OK)
		code =
		    crm_taste_open(&a.taste, &a.r.trips, a.r.pairs, &opt, err);
	for (size_t i = 0; code == CRM_OK && i < a.r.npicked; i++)
		code = advise(&a, a.r.picked[i], err);
	crm_taste_close(a.taste);
	crm_wishes_release(&a.wishes);
	crm_needs_release(&a.needs);
	crm_buf_release(&a.why);
	return cli_recommend_end(&a.r, code, err);
}
