/*
 * fuzz_load.c - any text as an archive: a store that `check` finds clean, or a
 * message and nothing left behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <crm/upkeep.h>

#include "feed.h"
#include "fuzz/fuzz.h"
#include "store/store_internal.h"

static void
load(const char *path, struct crm_str text)
{
	static const struct crm_settings set = {
	    .currency = {"EUR", 3},
	    .timezone = {"UTC", 3},
	    .country = {"DE", 2},
	    .next_tag = CRM_TAG_CUSTOM,
	};
	struct crm_load_options opt = {.path = path,
	    .by = {1780308000, CRM_STR("fuzz"), CRM_STR("fuzz"), {"", 0}},
	    .now = 1780308000,
	    .settings = &set};
	struct feed feed = {text, 0};
	struct crm_stream_options in = {
	    .name = "text", .read = feed_read, .read_ctx = &feed};
	struct crm_stream *s = NULL;
	struct crm_err err = {0};

	if (crm_archive_open(&s, -1, &in, &err) < 0)
		return;
	if (crm_store_load(&opt, s, NULL, &err) == CRM_OK)
		crm_folder_remove(path);
	else if (err.text[0] == '\0')
		abort();
	crm_stream_close(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char dir[] = "/tmp/crm-fuzz.XXXXXX", path[sizeof dir + 8];

	if (n > 65536)
		return 0;
	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof path, "%s/shop", dir);
	load(path, (struct crm_str){(const char *)p, n});
	if (rmdir(dir) < 0)
		abort();
	return 0;
}
