/*
 * cli_damage.c - an end with a message where a damaged store kills us.
 *
 * The store is read through a memory map.  Pages are looked at before they
 * are used as far as that is cheap, and checksums tell a wrong value; but a
 * pointer between pages that was bent, or a file that is cut off while it is
 * read, ends in SIGBUS or SIGSEGV, and a page LMDB does not understand in
 * SIGABRT.  Nothing can be saved then: a transaction that was not committed is
 * gone as after a kill.  All that is done here is to say so, with the status
 * of a damaged store, where a shell would say `Bus error'.  A mistake of
 * ours ends in the same way, so the message does not rule that out; it names
 * the check, which tells the two apart.
 */
#include <signal.h>
#include <unistd.h>

#include "cli_parts.h"

#if defined(__SANITIZE_ADDRESS__)
#define WATCH 0 /* it tells more than we could */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCH 0
#endif
#endif
#ifndef WATCH
#define WATCH 1
#endif

static char message[1024];
static size_t length;
static char stack[32768]; /* the usual one may be used up */

static void
stopped(int sig)
{
	/* What a failed write could be told to has failed. */
	ssize_t put = write(STDERR_FILENO, message, length);

	(void)put;
	(void)sig;
	_exit(crm_code_exit(CRM_EDAMAGE));
}

void
cli_damage_watch(const struct cli *c, const char *path)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE};
	struct sigaction sa = {
	    .sa_handler = stopped, .sa_flags = SA_ONSTACK | (int)SA_RESETHAND};
	stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack};
	struct crm_buf b = {.max = sizeof message};

	if (!WATCH)
		return;
	crm_buf_putf(&b,
	    "%s: the store '%.500s' is damaged, or this program is wrong: "
	    "reading it failed\ncrm-store check tells which\n",
	    c->command->name, path);
	if (b.fail || sigaltstack(&alt, NULL) < 0) {
		crm_buf_release(&b);
		return;
	}
	length = b.n;
	memcpy(message, b.p, b.n);
	crm_buf_release(&b);
	for (size_t i = 0; i < length; i++)
		if (message[i] != '\n' &&
		    ((unsigned char)message[i] < ' ' || message[i] == 0x7f))
			message[i] = '?';
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &sa, NULL);
}
