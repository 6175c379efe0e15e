/*
 * schema.h - kinds of records, their fields, values.
 *
 * Every thing is a record of a kind; a kind is a table of fields, and that
 * table drives the header, parsing, printing, storing, indexes, options,
 * help, pages and completion.  A field is one row.  The first field of a
 * kind is always its own id.  Custom fields (struct crm_settings) are rows
 * added when a store is opened, and behave like built-in ones.
 *
 *	const struct crm_kind *k = crm_schema_kind(schema, CRM_STR("order"));
 *	int i = crm_kind_field(k, CRM_STR("placed"));
 */
#ifndef CRM_SCHEMA_H
#define CRM_SCHEMA_H

#include <crm/buf.h>
#include <crm/num.h>
#include <crm/time.h>

enum crm_type {
	CRM_T_NONE, /* no value */
	CRM_T_ID,
	CRM_T_INT,
	CRM_T_DECIMAL,
	CRM_T_MONEY,
	CRM_T_TIME,
	CRM_T_DATE,
	CRM_T_BOOL,
	CRM_T_ENUM,
	CRM_T_LIST,
	CRM_T_TEXT,
	CRM_T_SPAN, /* in expressions only: i months, sub.. see expr.h */
	CRM_TYPES
};
/* "id", "int", ... as crm-fields prints them. */
const char *crm_type_name(enum crm_type t);

/*
 * A value.  What is in it depends on type:
 *	ID	kind, i (number), sub (row of a part, 0 none) and part (1 +
 *		its index).  A reference that is not resolved yet: i 0, s its
 *		text ("email:a@b.c", without "customer/"), kind 0 when any
 *	INT	i		DECIMAL	i, scale	MONEY	i, scale
 *	TIME	i seconds	DATE	i days		BOOL	i 0 or 1
 *	ENUM	i 1.. place in the field's values, s its name
 *	LIST	s items joined by ","	TEXT	s
 * The text is borrowed; from whom, the function says that gives the value.
 */
struct crm_value {
	uint8_t type;
	uint8_t scale;
	uint8_t kind;
	uint8_t part;
	uint32_t sub;
	int64_t i;
	struct crm_str s;
};

enum crm_kind_number {
	CRM_K_NONE,
	CRM_K_CUSTOMER,
	CRM_K_PRODUCT,
	CRM_K_ORDER,
	CRM_K_EVENT,
	CRM_K_RATE,
	CRM_K_TICKET,
	CRM_K_TOUCH,
	CRM_K_RELATION,
	CRM_K_TASK,
	CRM_K_SNAPSHOT = 29,
	CRM_K_MODEL = 26,
	CRM_K_MAX = 64
};

enum crm_field_flag {
	CRM_F_REQUIRED = 1 << 0, /* a record must have a value */
	CRM_F_READONLY = 1 << 1, /* kept by the programs, never taken */
	CRM_F_PERSONAL = 1 << 2, /* about a person; erased with them */
	CRM_F_INDEX = 1 << 3, /* has an index (value, number) */
	CRM_F_UNIQUE = 1 << 4, /* ... in which a value occurs once */
	CRM_F_IDENT = 1 << 5, /* an identity; the scheme is the name */
	CRM_F_WIDE = 1 << 6, /* listed only when -f asks for it */
	CRM_F_BASE = 1 << 7, /* money in the store's base currency */
	CRM_F_FIXED = 1 << 8, /* given by add, never changed by set */
	CRM_F_FIGURE = 1 << 9, /* kept in the tally, not in the record */
	CRM_F_VIRTUAL = 1 << 10, /* computed from parts, no tag */
	CRM_F_LINES = 1 << 11, /* shown with each row of the parts */
	CRM_F_CUSTOM = 1 << 12, /* declared in the settings */
	CRM_F_FOLD = 1 << 13, /* lower case on entering (codes) */
	CRM_F_WORDS = 1 << 14, /* its words are indexed: names */
	CRM_F_COUNTRY = 1 << 15 /* an ISO 3166-1 code, in capitals */
};

/* tag: the number that stands for the field on disk, never reused; 0 for
 * what is not stored in the record.  Tags of custom fields start at 1024.
 * ref: of an id the kind it names, 0 any.  values: of an enum its names,
 * comma-separated, only ever added to at the end. */
struct crm_field {
	const char *name;
	uint8_t type;
	uint8_t ref;
	uint16_t tag;
	uint32_t flags;
	const char *values;
	const char *help;
};

#define CRM_TAG_CUSTOM 1024
#define CRM_TAG_WORDS 1023 /* in an index: the words of all WORDS fields */
#define CRM_WORDS_MAX 64 /* of one record; those behind are not indexed */
#define CRM_FIELDS_MAX 128 /* of a kind, custom ones included */
#define CRM_PARTS_MAX 4

/*
 * A part: rows inside a record (the lines of an order).  Each row has a
 * number, unique in its record and never reused, and values by the part's
 * own fields.  `name` is singular; name_id is its id's column.
 */
struct crm_part {
	const char *name;
	const char *letter; /* of its id, after the kind's: none "" for lines */
	uint16_t tag;
	uint16_t nfields;
	const struct crm_field *fields; /* without the id */
	const char *help;
};

struct crm_kind {
	const char *name; /* "customer" */
	const char *letter; /* "C" */
	uint8_t number;
	uint8_t nparts;
	uint16_t nfields;
	const struct crm_field *fields;
	const struct crm_part *parts;
	const char *time; /* the field --since and --until mean, or NULL */
	const char *help;
};

/* Ids: letters and 10 digits; a part's row: "O0000000913-1"; adjustments and
 * events have their letter between: "O0000000913-e2". */
struct crm_id {
	uint8_t kind;
	uint8_t part; /* 1 + index of the part, 0 none */
	uint32_t sub;
	uint64_t number;
};

/* All kinds and their letters, those of later kinds included. */
struct crm_letter {
	uint8_t kind;
	const char *name;
	const char *letter;
};
extern const struct crm_letter crm_letters[];
/* A kind's; of a number that no kind has "record" and "?". */
const struct crm_letter *crm_letter_of(unsigned kind);
/* "a" or "an", as the name wants it. */
const char *crm_article(const char *name);

/* ---- settings: what shapes stored figures, applied into the store ---- */

struct crm_custom {
	struct crm_str kind, name, type, values, help;
	uint16_t tag;
	uint32_t flags;
};
struct crm_segment {
	struct crm_str name, where, help;
};
struct crm_settings {
	struct crm_str currency; /* ISO 4217 */
	struct crm_str timezone; /* IANA name */
	struct crm_str country; /* ISO 3166-1 alpha-2 */
	struct crm_str tzif; /* the zone's rules */
	int64_t day_start; /* seconds after midnight */
	struct crm_str statuses; /* of orders that count, comma-separated */
	struct crm_str ignore; /* identities that name nobody, "," */
	struct crm_str quality; /* limits of fields, "," */
	struct crm_custom *custom;
	size_t ncustom;
	struct crm_segment *segment;
	size_t nsegment;
	uint16_t next_tag; /* for the next custom field */
	struct crm_str costs; /* "ticket=5.00,touch.phone=3.00" */
};
/* A cost by name, or of a name in a group ("touch", phone), in minor units;
 * false and 0 when none is set. */
bool crm_settings_cost(const struct crm_settings *s, const char *group,
    struct crm_str name, unsigned digits, int64_t *out);
/* The stored form and back; decode borrows the bytes, its arrays are in the
 * arena.  CRM_EDAMAGE, CRM_ENOMEM. */
void crm_settings_encode(const struct crm_settings *s, struct crm_buf *out);
int crm_settings_decode(struct crm_str bytes, struct crm_arena *a,
    struct crm_settings *out, struct crm_err *err);

/* ---- the schema of one store ---- */

#define CRM_TAGS 128
#define CRM_K_TAGGED 16

/* Some of the fields of a kind, by index. */
struct crm_field_set {
	uint64_t bits[CRM_FIELDS_MAX / 64];
};
/* Takes the first one out of it.  False when there is none any more. */
static inline bool
crm_field_take(struct crm_field_set *set, unsigned *out)
{
	for (unsigned i = 0; i < CRM_FIELDS_MAX / 64; i++) {
		if (set->bits[i] == 0)
			continue;
		*out = i * 64 + (unsigned)__builtin_ctzll(set->bits[i]);
		set->bits[i] &= set->bits[i] - 1;
		return true;
	}
	return false;
}

struct crm_schema {
	struct crm_kind kind[CRM_K_MAX]; /* by number; name NULL: no such */
	/* by number, of a schema that records are put by: see crm_kind_special */
	struct crm_field_set special[CRM_K_TAGGED];
	bool has_special;
	const struct crm_settings *settings; /* may be NULL: built-in only */
	struct crm_zone zone;
	struct crm_calendar calendar; /* zone points into this struct */
	int digits; /* of the base currency */
	struct crm_arena arena;
	/* With settings only.  For decoding, of the kinds of which there are many records, by
	 * number: what crm_kind_tags makes, and the place of the field
	 * `currency`, 0 none. */
	uint8_t by_tag[CRM_K_TAGGED][CRM_TAGS];
	uint8_t currency[CRM_K_TAGGED];
};
/* The fields that more is made of than a value: ids, and those that are
 * required, indexed, unique, an identity or names.  A kind has few of them and
 * is asked for each record that is put.  All fields but the first of a kind
 * that is not the schema's, or not among its first CRM_K_TAGGED, and where
 * crm_schema_note was not called. */
struct crm_field_set crm_kind_special(
    const struct crm_schema *s, const struct crm_kind *k);
void crm_schema_note(struct crm_schema *s);
/* Place + 1 of the stored field of each tag below CRM_TAGS, 0 none. */
void crm_kind_tags(const struct crm_kind *k, uint8_t out[CRM_TAGS]);
/* settings NULL gives the built-in kinds, UTC, no currency (digits 2).
 * Borrows settings.  Release with crm_schema_release; not to be moved. */
int crm_schema_init(struct crm_schema *s, const struct crm_settings *settings,
    struct crm_err *err);
void crm_schema_release(struct crm_schema *s);
const struct crm_kind *crm_schema_kind(
    const struct crm_schema *s, struct crm_str name);
/* By the name of an id column: "customer_id" -> customer. */
const struct crm_kind *crm_schema_by_id(
    const struct crm_schema *s, struct crm_str column);
/* Index of the field, -1 when there is none. */
int crm_kind_field(const struct crm_kind *k, struct crm_str name);
int crm_part_field(const struct crm_part *p, struct crm_str name);
int crm_kind_part(const struct crm_kind *k, struct crm_str name);
/* Values of an enum: count, n-th (1-based), place of a name (0 none). */
unsigned crm_enum_count(const char *values);
struct crm_str crm_enum_name(const char *values, unsigned place);
unsigned crm_enum_place(const char *values, struct crm_str name);
/* The value at a place; none when there is no such. */
struct crm_value crm_value_enum(const char *values, unsigned place);

/*
 * The row view of a part, as `crm-order lines` prints it: the row's id, the
 * record's id and its CRM_F_LINES fields, then the part's own.  from[i] is
 * -1 for the row's id, the record's field index, or 1000 + the part's.
 */
#define CRM_VIEW_PART 1000
struct crm_view {
	struct crm_kind kind; /* fields of the view; name the part's */
	int from[CRM_FIELDS_MAX];
	int part;
};
int crm_schema_view(const struct crm_schema *s, const struct crm_kind *k,
    int part, struct crm_arena *a, struct crm_view *out, struct crm_err *err);

/* ---- ids ---- */

/* "C42", "C0000000042", "O913-1", "O913-e2".  CRM_OK, or CRM_EDATA when s is
 * not an id at all. */
int crm_id_parse(
    const struct crm_schema *s, struct crm_str text, struct crm_id *out);
/* Long form; `brief` the short one. */
void crm_id_put(const struct crm_schema *s, struct crm_buf *b,
    const struct crm_id *id, bool brief);

/* ---- values ---- */

struct crm_parse {
	const struct crm_schema *schema;
	struct crm_arena *arena; /* keeps text that had to be changed */
	int digits; /* of the row's currency; -1 unknown */
	unsigned flags; /* CRM_PARSE_... */
	size_t cleaned;
};
enum {
	CRM_PARSE_CLEAN = 1, /* replace bad text instead of refusing */
	CRM_PARSE_STRICT = 2, /* canonical input only (archives) */
	CRM_PARSE_PLAIN = 4 /* crm_text_plain has been asked, or need not be */
};
/*
 * Text to a value by the field's type (stream.md, rule 11).  Empty text is
 * CRM_T_NONE.  Text values borrow `text` or the arena.  An id may be a
 * reference, left unresolved.  On CRM_EDATA err has field and message
 * ("'12,5' is not a money amount").
 */
int crm_value_parse(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out, struct crm_err *err);
/*
 * For who reads many cells of one field: what reads those that are written as
 * nearly all are, text that is not empty and may be in any form of its type.
 * CRM_OK and the value that crm_value_parse gives, which borrows `text`;
 * otherwise it knows nothing of the text, and crm_value_parse is to be asked.
 * Does not know CRM_PARSE_STRICT.
 */
typedef int crm_value_fn(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out);
crm_value_fn *crm_value_reader(const struct crm_field *f);
/* The canonical text, unescaped; ids need the schema (for letters). */
void crm_value_put(const struct crm_schema *s, struct crm_buf *b,
    const struct crm_value *v, bool brief);
bool crm_value_eq(const struct crm_value *a, const struct crm_value *b);
/* For sorting: no value first, numbers by size, text by bytes. */
int crm_value_cmp(const struct crm_value *a, const struct crm_value *b);
/* Order-preserving bytes for index keys, at most 200; text is cut. */
void crm_value_key(struct crm_buf *b, const struct crm_value *v);

/* ---- records ---- */

struct crm_row {
	uint32_t no;
	struct crm_value *v; /* by the part's fields */
};
struct crm_rows {
	struct crm_row *row;
	size_t n;
	size_t cap;
	uint32_t last; /* the highest number ever given */
};
enum crm_state {
	CRM_LIVE,
	CRM_DELETED,
	CRM_MERGED, /* into `into` */
	CRM_ERASED
};
/*
 * A record in memory, by its kind's table.  All memory is the arena's;
 * there is no release of its own.
 */
struct crm_record {
	const struct crm_kind *kind;
	struct crm_arena *arena;
	uint64_t id;
	uint64_t revision; /* that wrote it last, 0 when new */
	uint64_t into;
	enum crm_state state;
	struct crm_value *v; /* nfields; v[0] is its id */
	struct crm_rows part[CRM_PARTS_MAX];
};
/* An empty record; NULL when out of memory. */
struct crm_record *crm_record_new(
    const struct crm_kind *k, struct crm_arena *a);
/* A deep enough copy to change: values and rows copied, texts shared. */
struct crm_record *crm_record_copy(
    const struct crm_record *r, struct crm_arena *a);
/* The value of a named field; the empty value when there is no such. */
const struct crm_value *crm_record_get(
    const struct crm_record *r, const char *field);
struct crm_value *crm_record_at(struct crm_record *r, const char *field);
/* A new row with the next number (no 0) or that number; NULL: no memory. */
struct crm_row *crm_record_add(struct crm_record *r, int part, uint32_t no);
struct crm_row *crm_record_row(struct crm_record *r, int part, uint32_t no);
bool crm_record_drop(struct crm_record *r, int part, uint32_t no);

static inline struct crm_value
crm_value_text(struct crm_str s)
{
	struct crm_value v = {.type = s.n ? CRM_T_TEXT : CRM_T_NONE, .s = s};
	return v;
}
static inline struct crm_value
crm_value_num(enum crm_type t, int64_t i, unsigned scale)
{
	struct crm_value v = {
	    .type = (uint8_t)t, .scale = (uint8_t)scale, .i = i};
	return v;
}
static inline struct crm_value
crm_value_id(unsigned kind, uint64_t number)
{
	struct crm_value v = {.type = number ? CRM_T_ID : CRM_T_NONE,
	    .kind = (uint8_t)kind,
	    .i = (int64_t)number};
	return v;
}

/* ---- limits of quality ---- */

/* How much of a field's values is to be there, right, or new. */
enum { CRM_COMPLETENESS, CRM_VALIDITY, CRM_FRESHNESS, CRM_MEASURES };
extern const char *const crm_measures[CRM_MEASURES + 1];
struct crm_limit {
	const struct crm_kind *kind;
	struct crm_str name; /* of the field, as it was given */
	int field;
	unsigned what;
	struct crm_dec least; /* per cent */
};
/* Reads `[KIND.]FIELD[.MEASURE]=PERCENT`, of `kind` when none is named.
 * CRM_EDATA when it is none, CRM_NOTFOUND when there is no such field. */
int crm_limit_parse(const struct crm_schema *s, const struct crm_kind *kind,
    struct crm_str text, struct crm_limit *out);

#endif
