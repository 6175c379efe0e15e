/*
 * err.h - result codes and the one error message a failing call leaves.
 *
 * A fallible function returns an int: CRM_OK, or a negative enum crm_code,
 * and takes a struct crm_err last.  The library never prints and never
 * exits; a command prints the error and maps the code to an exit status
 * (crm_code_exit).  CRM_NOTFOUND and CRM_NO are answers, not faults: they
 * may come without a message.
 *
 *	struct crm_err err = {0};
 *	if (crm_thing_do(x, &err) < 0)
 *		fprintf(stderr, "%s\n", err.text);
 *
 * err may be NULL wherever it is taken: the code alone is then returned.
 */
#ifndef CRM_ERR_H
#define CRM_ERR_H

#include <stddef.h>

enum crm_code {
	CRM_OK = 0,
	CRM_NOTFOUND = -1, /* not there; expected, exit 1 */
	CRM_NO = -2, /* the answer is no, exit 1 */
	CRM_PARTLY = -3, /* done in part under --keep-going, exit 2 */
	CRM_EUSAGE = -64, /* the call's words are wrong */
	CRM_EDATA = -65, /* bad input data */
	CRM_ENOINPUT = -66, /* an input file that is not there */
	CRM_EHELPER = -69, /* a helper program is missing */
	CRM_EBUG = -70, /* this program is wrong */
	CRM_ENOMEM = -71, /* out of memory; exit 75, trying again may help */
	CRM_ECREATE = -73, /* cannot create */
	CRM_EIO = -74, /* input/output error, disk full */
	CRM_EBUSY = -75, /* busy for longer than was to be waited */
	CRM_EDAMAGE = -76, /* the store is damaged; exit 74 */
	CRM_EPERM = -77, /* permission */
	CRM_ECONFIG = -78 /* bad configuration */
};

#define CRM_ERR_TEXT 640

/*
 * place is "orders.tsv:17" or empty, field a column or option name or
 * empty, text what is wrong, hint a second line or empty.  All are
 * terminated; text that is too long is cut.
 */
struct crm_err {
	int code;
	char place[256];
	char field[72];
	char text[CRM_ERR_TEXT];
	char hint[CRM_ERR_TEXT];
};

/* Sets code and text, clears the rest.  Returns code. */
int crm_err_set(struct crm_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As crm_err_set, with strerror(errnum) after the text: "open x: reason". */
int crm_err_sys(struct crm_err *err, int code, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Names the place of an error that was set: file, and line when > 0. */
void crm_err_place(struct crm_err *err, const char *file, unsigned long line);

/* Names the field of an error that was set; n bytes at name. */
void crm_err_field(struct crm_err *err, const char *name, size_t n);

/* The second line: what to do about it. */
void crm_err_hint(struct crm_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The out-of-memory error.  Returns CRM_ENOMEM. */
int crm_err_nomem(struct crm_err *err);

/* The exit status of a code; stream.md's table, the only place it is in. */
int crm_code_exit(int code);

#endif
