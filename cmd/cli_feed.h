/*
 * cli_feed.h - a file as bytes of UTF-8, for crm-import.
 */
#ifndef CRM_CLI_FEED_H
#define CRM_CLI_FEED_H

#include <iconv.h>

#include "cli.h"

struct cli_feed {
	int fd;
	bool close, started, ended;
	bool converts;
	iconv_t cd;
	const char *encoding;
	char raw[64 << 10];
	size_t at, end;
	uint32_t crc; /* of what was read, for --key */
	uint64_t size;
};

/* Opens a file, or stdin for "-", to be read as the map says, in the run's
 * arena.  CRM_ENOINPUT, CRM_EPERM. */
int cli_feed_open(struct cli *c, const char *file,
    const struct crm_import_map *m, struct cli_feed **out, struct crm_err *err);
/* A crm_read_fn; ctx is the feed. */
long cli_feed_read(void *ctx, void *p, size_t n, struct crm_err *err);
void cli_feed_close(struct cli_feed *s);

#endif
