/*
 * load_log.c - the log of an archive, and what imports remember.
 *
 * A dump without a log still says which numbers were given, as every number
 * has a record or a tombstone: headers that say so are made, in the place of
 * the last revisions.
 */
#include <stdlib.h>

#include <crm/erased.h>

#include "archive.h"

#define RANGES \
	(sizeof(((struct crm_log_head *)0)->range) / sizeof(struct crm_range))

static bool
take_number(struct crm_str *rest, char sep, uint64_t *out)
{
	struct crm_str s;
	int64_t i;

	if (!crm_str_split(rest, sep, &s) || crm_int_parse(s, &i) < 0 || i < 0)
		return false;
	*out = (uint64_t)i;
	return true;
}

static bool
take_ranges(struct crm_str s, struct crm_log_head *h)
{
	struct crm_str one;
	uint64_t kind;

	while (s.n > 0 && crm_str_split(&s, ' ', &one)) {
		struct crm_range *r;

		if (h->nrange == RANGES)
			return false;
		r = &h->range[h->nrange++];
		if (!take_number(&one, ':', &kind) || kind >= CRM_K_MAX ||
		    !take_number(&one, ':', &r->first) ||
		    !take_number(&one, ':', &r->count) || one.p != NULL)
			return false;
		r->kind = (uint8_t)kind;
	}
	return true;
}

static bool
take_hash(struct crm_load *l, size_t column, uint64_t *out)
{
	struct crm_buf b = {.max = 64};
	struct crm_str s;
	bool ok = crm_load_hex(l, column, &b) && b.n == 8;

	s = crm_buf_str(&b);
	ok = ok && crm_take_be(&s, 8, out);
	crm_buf_release(&b);
	return ok;
}

static int
head_row(struct crm_load *l, struct crm_err *err)
{
	static const size_t numbers[] = {0, 1, 2, 10, 11};
	struct crm_log_head h = {0};
	uint64_t *const to[] = {
	    &h.revision, &h.change, &h.part, &h.updated, &h.removed};
	struct crm_str last = crm_stream_field(l->in, 3);
	struct crm_buf b = {0};
	char lk[17];
	int r;

	for (size_t i = 0; i < 5; i++)
		if (!crm_load_u64(l, numbers[i], to[i]))
			return crm_load_bad(l, numbers[i], err, "a number");
	if (h.revision <= l->head || h.revision > l->revision)
		return crm_load_bad(l, 0, err, "the next revision");
	if (h.change > h.revision)
		return crm_load_bad(l, 1, err, "a revision before this");
	l->head = h.revision;
	h.last = crm_str_is(last, "yes");
	if (!h.last && !crm_str_is(last, "no"))
		return crm_load_bad(l, 3, err, "yes or no");
	if (crm_time_parse(crm_stream_field(l->in, 4), NULL, &h.time) < 0)
		return crm_load_bad(l, 4, err, "a time");
	h.actor = crm_stream_field(l->in, 5);
	h.program = crm_stream_field(l->in, 6);
	h.why = crm_stream_field(l->in, 7);
	h.key = crm_stream_field(l->in, 8);
	if (!take_hash(l, 9, &h.keyhash))
		return crm_load_bad(l, 9, err, "16 hexadecimal digits");
	if (!take_ranges(crm_stream_field(l->in, 12), &h))
		return crm_load_bad(
		    l, 12, err, "ranges of numbers (kind:first:count ...)");
	crm_log_encode(&h, &b);
	r = crm_buf_check(&b, err);
	crm_log_key(h.revision, 0, 0, lk);
	if (r == CRM_OK)
		r = crm_load_put(l, CRM_TAB_LOG,
		    (struct crm_str){lk, sizeof lk}, crm_buf_str(&b), err);
	crm_buf_release(&b);
	return r;
}

int
crm_load_heads(struct crm_load *l, struct crm_err *err)
{
	static const char *const columns[] = {"revision", "change", "part",
	    "last", "time", "actor", "program", "why", "key", "keyhash",
	    "updated", "removed", "numbers"};
	int r = crm_load_flush(l, err);

	l->has_log = true;
	if (r == CRM_OK)
		r = crm_load_columns(l, columns, 13, err);
	while (r == CRM_OK) {
		r = crm_stream_next(l->in, err);
		if (r == CRM_OK)
			r = head_row(l, err);
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* The rows of one entry were put together. */
static int
entry_put(struct crm_load *l, const char key[17], const struct crm_buf *b,
    struct crm_err *err)
{
	int r = crm_buf_check(b, err);

	return r < 0 ? r
		     : crm_load_put(l, CRM_TAB_LOG, (struct crm_str){key, 17},
			   crm_buf_str(b), err);
}

int
crm_load_entries(struct crm_load *l, struct crm_err *err)
{
	static const char *const columns[] = {
	    "revision", "kind", "number", "bytes"};
	struct crm_buf b = {0};
	char key[17], next[17];
	uint64_t revision, kind, number;
	bool open = false;
	int r = crm_load_flush(l, err);

	if (r == CRM_OK)
		r = crm_load_columns(l, columns, 4, err);
	while (r == CRM_OK && (r = crm_stream_next(l->in, err)) == CRM_OK) {
		if (!crm_load_u64(l, 0, &revision) || revision == 0 ||
		    revision > l->revision)
			r = crm_load_bad(
			    l, 0, err, "a revision of this archive");
		else if (!crm_load_u64(l, 1, &kind) || kind >= CRM_K_MAX)
			r = crm_load_bad(l, 1, err, "the number of a kind");
		else if (!crm_load_u64(l, 2, &number) || number == 0)
			r = crm_load_bad(l, 2, err, "a number");
		if (r < 0)
			break;
		crm_log_key(revision, (unsigned)kind, number, next);
		if (open && memcmp(key, next, sizeof key) != 0) {
			r = entry_put(l, key, &b, err);
			crm_buf_clear(&b);
		}
		open = true;
		memcpy(key, next, sizeof key);
		if (r == CRM_OK && !crm_load_hex(l, 3, &b))
			r = crm_load_bad(l, 3, err, "hexadecimal bytes");
	}
	if (r == CRM_NOTFOUND)
		r = open ? entry_put(l, key, &b, err) : CRM_OK;
	crm_buf_release(&b);
	return r;
}

int
crm_load_sources(struct crm_load *l, struct crm_err *err)
{
	static const char *const columns[] = {"key", "value"};
	struct crm_buf key = {0}, value = {0};
	int r = crm_load_flush(l, err);

	if (r == CRM_OK)
		r = crm_load_columns(l, columns, 2, err);
	while (r == CRM_OK && (r = crm_stream_next(l->in, err)) == CRM_OK) {
		crm_buf_clear(&key);
		crm_buf_clear(&value);
		if (!crm_load_hex(l, 0, &key) || key.n == 0 ||
		    key.n > CRM_KEY_MAX)
			r = crm_load_bad(l, 0, err, "the bytes of a key");
		else if (!crm_load_hex(l, 1, &value))
			r = crm_load_bad(l, 1, err, "hexadecimal bytes");
		else
			r = crm_load_put(l, CRM_TAB_SOURCE, crm_buf_str(&key),
			    crm_buf_str(&value), err);
	}
	crm_buf_release(&key);
	crm_buf_release(&value);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* The list of who was erased, beside the new store's data. */
int
crm_load_erased(struct crm_load *l, struct crm_err *err)
{
	static const char *const columns[] = {"line"};
	struct crm_erased list = {0};
	struct crm_buf text = {0};
	int r = crm_load_flush(l, err);

	if (r == CRM_OK)
		r = crm_load_columns(l, columns, 1, err);
	while (r == CRM_OK && (r = crm_stream_next(l->in, err)) == CRM_OK) {
		crm_buf_putstr(&text, crm_stream_field(l->in, 0));
		crm_buf_putc(&text, '\n');
	}
	if (r == CRM_NOTFOUND)
		r = crm_buf_check(&text, err);
	if (r == CRM_OK)
		r = crm_erased_take(&list, crm_buf_str(&text), err);
	if (r == CRM_EDAMAGE)
		r = crm_load_section_bad(
		    l, err, "the section 'erased' is not such a list");
	if (r == CRM_OK)
		r = crm_erased_write(crm_store_path(l->store), &list, err);
	crm_erased_release(&list);
	crm_buf_release(&text);
	return r;
}

int
crm_load_make_log(struct crm_load *l, struct crm_err *err)
{
	uint64_t heads = l->nrange / RANGES + 1;
	struct crm_buf b = {0};
	size_t at = 0;
	char lk[17];
	int r = CRM_OK;

	if (l->nrange > 0 && l->nrange % RANGES == 0)
		heads--;
	if (heads > l->revision)
		return crm_err_set(err, CRM_EDATA,
		    "%llu revisions cannot have given all the numbers",
		    (unsigned long long)l->revision);
	for (uint64_t i = 0; i < heads && r == CRM_OK; i++) {
		struct crm_log_head h = {
		    .revision = l->revision - heads + 1 + i,
		    .change = l->revision - heads + 1,
		    .part = i,
		    .last = i + 1 == heads,
		    .time = l->opt->by.now,
		    .actor = l->opt->by.actor,
		    .program = l->opt->by.program,
		    .why = l->opt->by.why};

		while (h.nrange < RANGES && at < l->nrange)
			h.range[h.nrange++] = l->range[at++];
		crm_buf_clear(&b);
		crm_log_encode(&h, &b);
		r = crm_buf_check(&b, err);
		crm_log_key(h.revision, 0, 0, lk);
		if (r == CRM_OK)
			r = crm_load_put(l, CRM_TAB_LOG,
			    (struct crm_str){lk, sizeof lk}, crm_buf_str(&b),
			    err);
	}
	crm_buf_release(&b);
	return r;
}
