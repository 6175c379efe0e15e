/*
 * consents.c - the last word of every customer on every channel and purpose.
 *
 * A million look-ups of one customer's events cost a million walks of an
 * index; all events read in their order cost one.  The rule is that of
 * crm_consent_get: the last word before the moment counts, and of two at one
 * time the one that was entered later.
 */
#include <crm/consents.h>

/* A key has 20 bits of the topic's place and 44 of the customer. */
#define CUSTOMER_BITS 44
#define TOPICS_MAX ((uint64_t)1 << (64 - CUSTOMER_BITS))

struct columns {
	int about, at, what, topic, said;
	int64_t consent; /* the place of `consent` among what happens */
};

static uint64_t
slot(uint64_t topic, uint64_t customer)
{
	return topic << CUSTOMER_BITS | customer;
}

/* Times in the order of numbers, and the word in the lowest bit. */
static uint64_t
word(int64_t time, bool granted)
{
	return ((uint64_t)time + ((uint64_t)1 << 62)) << 1 | granted;
}

static int
note(struct crm_consents *c, const struct columns *f,
    const struct crm_record *e, struct crm_err *err)
{
	const struct crm_value *about = &e->v[f->about], *at = &e->v[f->at];
	bool granted = crm_str_is(e->v[f->said].s, "granted");
	uint64_t topic, was, is = word(at->i, granted);

	if (e->v[f->what].i != f->consent || about->type != CRM_T_ID ||
	    about->kind != CRM_K_CUSTOMER)
		return CRM_OK;
	if ((uint64_t)about->i >> CUSTOMER_BITS != 0)
		return crm_err_set(
		    err, CRM_EDATA, "customer numbers are too large for this");
	if (!crm_map_get(&c->topic, e->v[f->topic].s, &topic)) {
		topic = c->topic.n;
		if (topic >= TOPICS_MAX)
			return crm_err_set(err, CRM_EDATA,
			    "consents name too many channels and purposes");
		if (crm_map_put(&c->topic, e->v[f->topic].s, topic, NULL) < 0)
			return crm_err_nomem(err);
	}
	if (crm_idmap_get(&c->last, slot(topic, (uint64_t)about->i), &was) &&
	    was >> 1 > is >> 1)
		return CRM_OK;
	if (crm_idmap_put(&c->last, slot(topic, (uint64_t)about->i), is) ==
	    CRM_ENOMEM)
		return crm_err_nomem(err);
	return CRM_OK;
}

int
crm_consents_load(struct crm_consents *c, struct crm_txn *t,
    const struct crm_schema *s, int64_t at, struct crm_err *err)
{
	const struct crm_kind *k = &s->kind[CRM_K_EVENT];
	struct columns f = {.about = crm_kind_field(k, CRM_STR("about")),
	    .at = crm_kind_field(k, CRM_STR("at")),
	    .what = crm_kind_field(k, CRM_STR("what")),
	    .topic = crm_kind_field(k, CRM_STR("topic")),
	    .said = crm_kind_field(k, CRM_STR("new"))};
	struct crm_want want = {{0}, 0};
	struct crm_scan *scan = NULL;
	struct crm_record *e;
	int r;

	f.consent =
	    crm_enum_place(k->fields[f.what].values, CRM_STR("consent"));
	crm_want_field(&want, f.about);
	crm_want_field(&want, f.at);
	crm_want_field(&want, f.what);
	crm_want_field(&want, f.topic);
	crm_want_field(&want, f.said);
	r = crm_scan_open(t, s, k, &want, at, &scan, err);
	while (r == CRM_OK && (r = crm_scan_next(scan, &e, err)) == CRM_OK)
		r = note(c, &f, e, err);
	crm_scan_close(scan);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_consents_has(struct crm_consents *c, uint64_t customer,
    struct crm_str channel, struct crm_str purpose, bool *yes,
    struct crm_err *err)
{
	uint64_t topic, is;
	int r;

	*yes = false;
	crm_buf_clear(&c->key);
	crm_buf_putstr(&c->key, channel);
	crm_buf_putc(&c->key, '/');
	crm_buf_putstr(&c->key, purpose);
	r = crm_buf_check(&c->key, err);
	if (r == CRM_OK && customer >> CUSTOMER_BITS == 0 &&
	    crm_map_get(&c->topic, crm_buf_str(&c->key), &topic) &&
	    crm_idmap_get(&c->last, slot(topic, customer), &is))
		*yes = is & 1;
	return r;
}

bool
crm_consents_any(const struct crm_consents *c, uint64_t customer)
{
	uint64_t is;

	for (uint64_t topic = 0; topic < c->topic.n; topic++)
		if (crm_idmap_get(&c->last, slot(topic, customer), &is) &&
		    (is & 1))
			return true;
	return false;
}

void
crm_consents_release(struct crm_consents *c)
{
	crm_map_release(&c->topic);
	crm_idmap_release(&c->last);
	crm_buf_release(&c->key);
}
