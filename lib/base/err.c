/*
 * err.c - the one error message.
 *
 * A message may quote anything a file held, so what could drive a terminal
 * is made '?' here, once, instead of at every caller.  The text is made in a
 * buffer of its own first: callers may quote the former text of the same
 * error.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <crm/err.h>
#include <crm/utf8.h>

/* Copies what fits of src, whole characters only, made safe to show. */
static void
copy_safe(char *dst, size_t size, const char *src, size_t n)
{
	struct crm_str s = {src, n};
	size_t at = 0;

	while (s.n > 0 && s.p[0] != '\0') {
		int32_t cp = 0;
		size_t len = crm_utf8_next(s, &cp);
		bool safe = len > 0 && !crm_utf8_unsafe(cp);
		size_t put = safe ? len : 1;

		if (len == 0)
			len = 1;
		if (at + put >= size)
			break;
		if (safe)
			memcpy(dst + at, s.p, len);
		else
			dst[at] = '?';
		at += put;
		s.p += len;
		s.n -= len;
	}
	dst[at] = '\0';
}

__attribute__((format(printf, 3, 0))) static void
format_safe(char *dst, size_t size, const char *fmt, va_list ap)
{
	char raw[CRM_ERR_TEXT + 8];

	if (vsnprintf(raw, sizeof raw, fmt, ap) < 0)
		raw[0] = '\0';
	copy_safe(dst, size, raw, strlen(raw));
}

static void
clear(struct crm_err *err, int code)
{
	err->code = code;
	err->place[0] = '\0';
	err->field[0] = '\0';
	err->hint[0] = '\0';
}

int
crm_err_set(struct crm_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	format_safe(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	clear(err, code);
	return code;
}

int
crm_err_sys(struct crm_err *err, int code, int errnum, const char *fmt, ...)
{
	char reason[128];
	size_t n;
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	format_safe(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	clear(err, code);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof err->text - n, ": %s",
	    strerror_r(errnum, reason, sizeof reason));
	return code;
}

void
crm_err_place(struct crm_err *err, const char *file, unsigned long line)
{
	size_t n;

	if (!err)
		return;
	/* The line number must survive a long file name. */
	copy_safe(err->place, sizeof err->place - 24, file, strlen(file));
	n = strlen(err->place);
	if (line > 0)
		snprintf(err->place + n, sizeof err->place - n, ":%lu", line);
}

void
crm_err_field(struct crm_err *err, const char *name, size_t n)
{
	if (err)
		copy_safe(err->field, sizeof err->field, name, n);
}

void
crm_err_hint(struct crm_err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	format_safe(err->hint, sizeof err->hint, fmt, ap);
	va_end(ap);
}

int
crm_err_nomem(struct crm_err *err)
{
	return crm_err_set(err, CRM_ENOMEM, "out of memory");
}

int
crm_code_exit(int code)
{
	switch (code) {
	case CRM_OK:
		return 0;
	case CRM_NOTFOUND:
	case CRM_NO:
		return 1;
	case CRM_PARTLY:
		return 2;
	case CRM_ENOMEM:
		return 75;
	case CRM_EDAMAGE:
		return 74;
	case CRM_EUSAGE:
	case CRM_EDATA:
	case CRM_ENOINPUT:
	case CRM_EHELPER:
	case CRM_EBUG:
	case CRM_ECREATE:
	case CRM_EIO:
	case CRM_EBUSY:
	case CRM_EPERM:
	case CRM_ECONFIG:
		return -code; /* these are the numbers of sysexits.h */
	default:
		return 70;
	}
}
