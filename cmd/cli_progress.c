/*
 * cli_progress.c - what is said on stderr: progress, notices, errors.
 *
 * Messages may quote data, so everything a terminal would act on is shown as
 * ?; each message is one write, that those of programs in a pipeline do not
 * mix within a line.
 */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli_parts.h"

static bool on_line; /* progress stands on the terminal's last line */

void
cli_safe_put(struct crm_buf *b, const char *s, bool lines)
{
	struct crm_str rest = crm_str(s);

	while (rest.n > 0) {
		int32_t cp = 0;
		size_t n = crm_utf8_next(rest, &cp);

		if (n == 0 || (crm_utf8_unsafe(cp) && !(lines && cp == '\n')))
			crm_buf_putc(b, '?');
		else
			crm_buf_put(b, rest.p, n);
		n = n ? n : 1;
		rest.p += n;
		rest.n -= n;
	}
}

/* To stderr; when that fails there is nobody left to tell. */
static void
say(struct crm_buf *b)
{
	if (!b->fail && b->n > 0)
		(void)cli_held_write(STDERR_FILENO, b->p, b->n, "stderr", NULL);
	crm_buf_release(b);
}

void
cli_progress_end(void)
{
	struct crm_buf b = {0};

	if (!on_line)
		return;
	on_line = false;
	crm_buf_puts(&b, "\r\033[K");
	say(&b);
}

static void
put_grouped(struct crm_buf *b, uint64_t v)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			crm_buf_putc(b, ',');
		crm_buf_putc(b, digits[i]);
	}
}

void
cli_progress(struct cli *c, const char *what, uint64_t done, uint64_t total)
{
	static int64_t last;
	struct crm_buf b = {0};
	struct timespec now;
	int64_t ms;

	if (!c->tty_err || cli_opt.quiet ||
	    clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return;
	ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	/* The first is only noted: short runs show none. */
	if (last == 0)
		last = ms;
	if (ms - last < 500)
		return;
	last = ms;
	crm_buf_putf(&b, "\r%s: ", c->command->name);
	cli_safe_put(&b, what, false);
	crm_buf_putc(&b, ' ');
	put_grouped(&b, done);
	if (total) {
		crm_buf_puts(&b, " of ");
		put_grouped(&b, total);
	}
	crm_buf_puts(&b, "\033[K");
	on_line = true;
	say(&b);
}

void
cli_note(struct cli *c, const char *fmt, ...)
{
	struct crm_buf b = {0};
	char text[2048];
	va_list ap;

	if (cli_opt.quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	cli_progress_end();
	crm_buf_putf(&b, "%s: ", c->command->name);
	cli_safe_put(&b, text, true);
	crm_buf_putc(&b, '\n');
	say(&b);
}

static const char *
silent_text(int code)
{
	switch (code) {
	case CRM_OK:
	case CRM_NOTFOUND:
	case CRM_NO:
	case CRM_PARTLY:
		return NULL;
	case CRM_ENOMEM:
		return "out of memory";
	default:
		return "a fault without a message";
	}
}

void
cli_error_print(const struct cli *c, const struct crm_err *err)
{
	const char *text = err->text[0] ? err->text : silent_text(err->code);
	struct crm_buf b = {0};

	if (!text)
		return;
	cli_progress_end();
	crm_buf_putf(&b, "%s: ", c->command->name);
	if (err->place[0]) {
		cli_safe_put(&b, err->place, false);
		crm_buf_puts(&b, ": ");
	}
	if (err->field[0]) {
		cli_safe_put(&b, err->field, false);
		crm_buf_puts(&b, ": ");
	}
	cli_safe_put(&b, text, false);
	crm_buf_putc(&b, '\n');
	if (err->hint[0]) {
		cli_safe_put(&b, err->hint, true);
		crm_buf_putc(&b, '\n');
	}
	if (err->code == CRM_EUSAGE)
		crm_buf_putf(&b, "see %s%s%s --help\n", c->command->name,
		    c->verb && c->verb->name[0] ? " " : "",
		    c->verb ? c->verb->name : "");
	say(&b);
}
