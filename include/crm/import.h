/*
 * import.h - the files of other systems into records, by a map.
 *
 * A map (crm-map(5)) is YAML: which columns a file has, and which records
 * its rows make.  An import reads the whole file first and changes nothing
 * meanwhile: each row is turned into items (of a customer, a product, an
 * order), and items of one record, however far apart they stand, are brought
 * together by sorting them, in memory up to a limit and past that in an
 * unlinked file.  Then each record is looked up by what its source calls it
 * and put into a change.  What a source said last of each field is kept (a
 * hash), so that only what the source changed is written.
 *
 *	crm_import_map_read(&map, yaml, "x.yaml", schema, NULL, err);
 *	crm_import_open(&im, &opt, err);
 *	crm_import_read(im, err);
 *	crm_import_apply(im, change, err);
 *	crm_import_release(im);
 *
 * Memory besides the limit: some 32 bytes for each different record named.
 */
#ifndef CRM_IMPORT_H
#define CRM_IMPORT_H

#include <crm/model.h>
#include <crm/stream.h>

struct crm_import_map;

/* How a file is written. */
struct crm_import_dialect {
	char sep, quote; /* quote 0: none */
	char decimal; /* '.' or ',' */
	char thousands; /* 0: none */
	bool header; /* its first row has the names */
	bool ragged, trim;
	bool explode; /* every cell of a row is a row of its own */
	unsigned skip;
	struct crm_str encoding; /* an iconv name; n 0: UTF-8 */
};

/*
 * Reads a map.  schema NULL: its head only (name, help, dialect, match), for
 * a list of maps; else every field it sets must be one of its kind.  zoneinfo
 * as in crm_zone_read.  file is for messages.  Release with
 * crm_import_map_release.  CRM_ECONFIG with file and line, CRM_ENOMEM.
 */
int crm_import_map_read(struct crm_import_map **out, struct crm_str yaml,
    const char *file, const struct crm_schema *schema, const char *zoneinfo,
    struct crm_err *err);
void crm_import_map_release(struct crm_import_map *m);
const char *crm_import_map_name(const struct crm_import_map *m);
const char *crm_import_map_help(const struct crm_import_map *m);
const struct crm_import_dialect *crm_import_map_dialect(
    const struct crm_import_map *m);
/*
 * How well a header fits: 0 when a column of `match` is missing (or the map
 * has no match), else 1 + the number of columns of the header that the map
 * names in match or ignore.
 */
size_t crm_import_map_match(
    const struct crm_import_map *m, const struct crm_str *name, size_t n);

struct crm_import_options {
	const struct crm_import_map *map; /* read with the same schema */
	const struct crm_schema *schema;
	const char *name; /* of the file, for messages */
	crm_read_fn *read; /* gives UTF-8 */
	void *read_ctx;
	const char *spill_dir;
	size_t memory; /* for sorting; 0: 64 MiB */
	int64_t now;
	uint64_t limit; /* read so many rows only; 0: all */
	bool keep_going; /* reject rows instead of ending */
	bool keep_raw; /* keep the lines of rows for reject */
	bool clean; /* replace bytes that no text may hold */
	/* A row that is wrong: its line as it came (n 0 when the line was told
	 * already) and why.  CRM_OK goes on.  Only under keep_going. */
	int (*reject)(void *ctx, struct crm_str raw, struct crm_err *err);
	/* The header's line (or, for files without, the names'). */
	int (*header)(void *ctx, struct crm_str raw, struct crm_err *err);
	void (*note)(void *ctx, const char *text); /* unknown columns */
	void (*progress)(
	    void *ctx, const char *what, uint64_t done, uint64_t total);
	void *ctx;
};

struct crm_import_count {
	uint64_t rows; /* of the file, without the header */
	uint64_t passed; /* that the map's `when` passes over */
	uint64_t rejected; /* rows */
	uint64_t same; /* records of which the source says what it said */
	uint64_t older; /* records said in an older version */
	uint64_t gone; /* records that were removed or erased here */
	uint64_t refused; /* customers and products beside orders */
	uint64_t records; /* named in the file */
	uint64_t erased; /* of people who were erased: left out */
	uint64_t cleaned; /* characters replaced: options.clean */
};

struct crm_import;
/* Reads the header and compiles the map for it.  CRM_EDATA: a column the map
 * needs is missing; CRM_ECONFIG: an expression of the map is wrong. */
int crm_import_open(struct crm_import **out,
    const struct crm_import_options *opt, struct crm_err *err);
/* Reads the file to its end.  CRM_EDATA with file and line. */
int crm_import_read(struct crm_import *im, struct crm_err *err);
/* Puts all records into a change; commits nothing. */
int crm_import_apply(
    struct crm_import *im, struct crm_change *ch, struct crm_err *err);
struct crm_import_count crm_import_counted(const struct crm_import *im);
/*
 * For a look at what a map does: the first order (else the first record) of
 * what was read.  row gets each line it came from, field each field set
 * ("customer", "O", "line 1 sku").  Then the import can only be released.
 */
struct crm_import_shown {
	void *ctx;
	int (*row)(void *ctx, struct crm_str raw, struct crm_err *err);
	int (*field)(void *ctx, struct crm_str name, struct crm_str text,
	    struct crm_err *err);
};
int crm_import_show(struct crm_import *im, const struct crm_import_shown *to,
    struct crm_err *err);
void crm_import_release(struct crm_import *im);

#endif
