/*
 * fuzz_map.c - a map, a line of %%, and a file that is read by it; what a map
 * says is never to break what reads files.
 */
#include <crm.h>

#include "fuzz/fuzz.h"

struct feed {
	const char *p;
	size_t n;
};

static long
take(void *ctx, void *p, size_t n, struct crm_err *err)
{
	struct feed *f = ctx;
	size_t have = f->n < n ? f->n : n;

	(void)err;
	if (have > 0)
		memcpy(p, f->p, have);
	f->p += have;
	f->n -= have;
	return (long)have;
}

static int
reject(void *ctx, struct crm_str raw, struct crm_err *err)
{
	(void)ctx;
	(void)raw;
	*err = (struct crm_err){0};
	return CRM_OK;
}

static int
row(void *ctx, struct crm_str raw, struct crm_err *err)
{
	(void)ctx;
	(void)raw;
	(void)err;
	return CRM_OK;
}

static int
field(void *ctx, struct crm_str name, struct crm_str text, struct crm_err *err)
{
	(void)ctx;
	(void)name;
	(void)text;
	(void)err;
	return CRM_OK;
}

static void
read_file(const struct crm_import_map *m, const struct crm_schema *s,
    struct crm_str text)
{
	struct feed feed = {text.p, text.n};
	struct crm_import_options opt = {.map = m,
	    .schema = s,
	    .name = "x",
	    .read = take,
	    .read_ctx = &feed,
	    .spill_dir = "/tmp",
	    .memory = 4096,
	    .limit = 300,
	    .keep_going = true,
	    .keep_raw = true,
	    .reject = reject};
	struct crm_import_shown shown = {.row = row, .field = field};
	struct crm_import *im;
	struct crm_err err = {0};

	if (crm_import_open(&im, &opt, &err) < 0)
		return;
	if (crm_import_read(im, &err) == CRM_OK)
		(void)crm_import_show(im, &shown, &err);
	crm_import_release(im);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_str map = {(const char *)p, n}, file = {"", 0};
	struct crm_import_map *m;
	struct crm_schema s;
	struct crm_err err = {0};

	for (size_t i = 0; i + 4 <= n; i++)
		if (memcmp(p + i, "\n%%\n", 4) == 0) {
			map.n = i + 1;
			file = (struct crm_str){
			    (const char *)p + i + 4, n - i - 4};
			break;
		}
	if (crm_schema_init(&s, NULL, &err) < 0)
		return 0;
	if (crm_import_map_read(&m, map, "map", NULL, NULL, &err) == CRM_OK) {
		(void)crm_import_map_name(m);
		crm_import_map_release(m);
	}
	if (crm_import_map_read(&m, map, "map", &s, NULL, &err) == CRM_OK) {
		read_file(m, &s, file);
		crm_import_map_release(m);
	}
	crm_schema_release(&s);
	return 0;
}
