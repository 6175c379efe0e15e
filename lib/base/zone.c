/*
 * zone.c - time zones from TZif data (RFC 8536, RFC 9636), the shop's days.
 *
 * The bytes are used where they lie: everything is checked once by
 * crm_zone_parse, a lookup is then a binary search in big-endian numbers.  Only
 * the 64-bit block is read; files of version 1 and files with leap seconds
 * ("right/...") are refused, as their seconds are not those of POSIX time.
 * localtime_r is not used at all: it reads TZ and files of the machine, and a
 * store must give the same days everywhere.
 */
#include <crm/os.h>
#include <crm/time.h>

#include "tzrule.h"

#define ZONE_DIR "/usr/share/zoneinfo"
#define ZONE_MAX ((size_t)1 << 18)
#define HEAD 44
/* What RFC 8536 3.2 lets an offset be. */
#define OFFSET_MIN (-89999)
#define OFFSET_MAX 93599
/* Instants are cut to this, that sums with offsets never overflow. */
#define FAR ((int64_t)1 << 52)

static uint32_t
be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static int64_t
be64(const unsigned char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

struct header {
	uint32_t isut, isstd, leap, time, type, chars;
};

static bool
take_header(struct crm_str *s, char *version, struct header *h)
{
	const unsigned char *p = (const unsigned char *)s->p;

	if (s->n < HEAD || memcmp(p, "TZif", 4) != 0)
		return false;
	*version = s->p[4];
	h->isut = be32(p + 20);
	h->isstd = be32(p + 24);
	h->leap = be32(p + 28);
	h->time = be32(p + 32);
	h->type = be32(p + 36);
	h->chars = be32(p + 40);
	s->p += HEAD;
	s->n -= HEAD;
	return true;
}

/* The size of a data block whose times have `width` bytes. */
static uint64_t
block_size(const struct header *h, uint64_t width)
{
	return h->time * (width + 1) + (uint64_t)h->type * 6 + h->chars +
	       h->leap * (width + 4) + h->isstd + (uint64_t)h->isut;
}

/* Order of the times, types in range, offsets a clock can have. */
static bool
check_block(const struct crm_zone *z, uint32_t chars)
{
	uint32_t i;

	if (z->types == 0 || z->types > 256 || chars == 0)
		return false;
	for (i = 0; i < z->count; i++) {
		if (z->idx[i] >= z->types)
			return false;
		if (i > 0 && be64(z->at + 8 * (size_t)i) <=
				 be64(z->at + 8 * ((size_t)i - 1)))
			return false;
	}
	for (i = 0; i < z->types; i++) {
		const unsigned char *p = z->type + 6 * (size_t)i;
		int32_t off = (int32_t)be32(p);

		if (off < OFFSET_MIN || off > OFFSET_MAX || p[4] > 1 ||
		    p[5] >= chars)
			return false;
	}
	return true;
}

/* "\n" rule "\n"; the rule may be empty. */
static bool
check_footer(struct crm_str s, struct crm_zone *z)
{
	const char *end;

	if (s.n < 2 || s.p[0] != '\n')
		return false;
	end = memchr(s.p + 1, '\n', s.n - 1);
	if (end == NULL)
		return false;
	z->footer = (struct crm_str){s.p + 1, (size_t)(end - s.p - 1)};
	return z->footer.n == 0 || crm_tzrule_parse(z->footer, &z->rule);
}

int
crm_zone_parse(struct crm_str tzif, struct crm_zone *zone, struct crm_err *err)
{
	struct crm_zone z = {.tzif = tzif.p, .n = tzif.n};
	struct crm_str s = tzif;
	struct header h;
	uint64_t size;
	char version;

	if (!take_header(&s, &version, &h))
		return crm_err_set(
		    err, CRM_ECONFIG, "these are not the bytes of a time zone");
	if (version < '2')
		return crm_err_set(err, CRM_ECONFIG,
		    "time zone data of version 1, wanted 2 or later");
	size = block_size(&h, 4);
	if (size > s.n)
		goto cut;
	s.p += size;
	s.n -= (size_t)size;
	if (!take_header(&s, &version, &h))
		goto cut;
	size = block_size(&h, 8);
	if (size > s.n)
		goto cut;
	if (h.leap > 0)
		return crm_err_set(err, CRM_ECONFIG,
		    "time zone data with leap seconds, wanted POSIX time");
	z.count = h.time;
	z.types = h.type;
	z.at = (const unsigned char *)s.p;
	z.idx = z.at + 8 * (size_t)z.count;
	z.type = z.idx + z.count;
	s.p += size;
	s.n -= (size_t)size;
	if (!check_block(&z, h.chars) || !check_footer(s, &z))
		goto cut;
	*zone = z;
	return CRM_OK;
cut:
	return crm_err_set(
	    err, CRM_ECONFIG, "time zone data that is damaged or cut");
}

static bool
name_ok(struct crm_str name)
{
	size_t i;

	if (name.n == 0 || name.n > 128 || name.p[0] == '/' ||
	    name.p[name.n - 1] == '/')
		return false;
	for (i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '_' || c == '+' ||
			c == '-' || c == '/'))
			return false;
	}
	return true;
}

int
crm_zone_read(const char *dir, struct crm_str name, struct crm_buf *out,
    struct crm_err *err)
{
	struct crm_buf path = {0};
	struct crm_zone zone;
	size_t before = out->n;
	const char *file;
	int n = (int)(name.n < 128 ? name.n : 128), rc;

	if (!name_ok(name)) {
		rc = crm_err_set(err, CRM_ECONFIG,
		    "'%.*s' is not the name of a time zone, wanted one like "
		    "Europe/Berlin",
		    n, name.p ? name.p : "");
		return rc;
	}
	crm_buf_puts(&path, dir ? dir : ZONE_DIR);
	crm_buf_putc(&path, '/');
	crm_buf_putstr(&path, name);
	file = crm_buf_cstr(&path);
	if (file == NULL) {
		rc = crm_err_nomem(err);
		goto out;
	}
	rc = crm_read_file(file, ZONE_MAX, out, err);
	if (rc == CRM_ENOMEM)
		goto out;
	if (rc < 0) {
		rc = crm_err_set(err, CRM_ECONFIG,
		    "no time zone '%.*s' in %s, wanted one like Europe/Berlin",
		    n, name.p, dir ? dir : ZONE_DIR);
		goto out;
	}
	rc = crm_zone_parse(
	    (struct crm_str){out->p + before, out->n - before}, &zone, err);
	if (rc < 0)
		crm_err_place(err, file, 0);
out:
	crm_buf_release(&path);
	return rc;
}

static int32_t
type_offset(const struct crm_zone *z, uint32_t type)
{
	return (int32_t)be32(z->type + 6 * (size_t)type);
}

/* How many changes of the table are at or before t. */
static uint32_t
changes_until(const struct crm_zone *z, int64_t t)
{
	uint32_t lo = 0, hi = z->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (be64(z->at + 8 * (size_t)mid) <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int64_t
limit(int64_t t)
{
	return t < -FAR ? -FAR : t > FAR ? FAR : t;
}

/* The offset at t, of which `done` changes are past. */
static int32_t
offset_after(const struct crm_zone *z, uint32_t done, int64_t t)
{
	if (done == z->count && z->footer.n > 0)
		return crm_tzrule_offset(&z->rule, t);
	return done == 0 ? type_offset(z, 0) : type_offset(z, z->idx[done - 1]);
}

int32_t
crm_zone_offset(const struct crm_zone *zone, int64_t t)
{
	if (zone == NULL || zone->types == 0)
		return 0;
	t = limit(t);
	return offset_after(zone, changes_until(zone, t), t);
}

/*
 * The instant of a local second, by walking over the stretches of equal offset
 * that can hold it, so any number of changes close together is right.  *gap
 * gets the instant of the jump when the second does not occur, else the result.
 */
static int64_t
find_utc(const struct crm_zone *z, int64_t local, int64_t *gap)
{
	int64_t from, next, cand;
	int32_t off, prev;
	uint32_t done;

	local = limit(local);
	*gap = local;
	if (z == NULL || z->types == 0)
		return local;
	from = local - OFFSET_MAX - 1;
	done = changes_until(z, from);
	off = prev = offset_after(z, done, from);
	for (;;) {
		cand = local - off;
		if (cand < from) {
			*gap = from;
			return local - prev;
		}
		*gap = cand;
		next = INT64_MAX;
		if (done < z->count)
			next = be64(z->at + 8 * (size_t)done);
		else if (z->footer.n > 0)
			next = crm_tzrule_next(&z->rule, from);
		if (cand < next)
			return cand;
		if (done < z->count)
			done++;
		from = next;
		prev = off;
		off = offset_after(z, done, from);
	}
}

int64_t
crm_zone_utc(const struct crm_zone *zone, int64_t local)
{
	int64_t gap;

	return find_utc(zone, local, &gap);
}

int64_t
crm_day_of(const struct crm_calendar *cal, int64_t t)
{
	int64_t s = limit(t), q;

	if (cal != NULL)
		s += crm_zone_offset(cal->zone, s) - (int64_t)cal->day_start;
	q = s / CRM_DAY;
	return s % CRM_DAY < 0 ? q - 1 : q;
}

/*
 * Where the clock jumps over the beginning, the day begins with the jump.
 * Where a beginning occurs twice (St John's, 1987 to 2011, set clocks back at
 * 00:01), it is the first: the hour that repeats counts for the day its clock
 * shows.
 */
int64_t
crm_day_begin(const struct crm_calendar *cal, int64_t day)
{
	int64_t gap, far = FAR / CRM_DAY;

	day = day < -far ? -far : day > far ? far : day;
	if (cal == NULL)
		return day * CRM_DAY;
	find_utc(cal->zone, day * CRM_DAY + cal->day_start, &gap);
	return gap;
}
