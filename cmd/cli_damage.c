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
#include <stdlib.h>
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

/*
 * What the message is made of when it is needed; most runs need none.  The
 * stack, as the usual one may be used up, is had from the heap: in the midst
 * of our other variables it would spread them over more pages.
 */
static const char *program, *folder;
enum { STACK = 32768, SHOWN = 500 };

static void
stopped(int sig)
{
	static const char rest[] =
	    "' is damaged, or this program is wrong: reading it failed\n"
	    "crm-store check tells which\n";
	char text[1024];
	struct crm_buf b = {.p = text, .cap = sizeof text, .max = sizeof text};
	ssize_t put;

	/* It does not grow. */
	crm_buf_puts(&b, program);
	crm_buf_puts(&b, ": the store '");
	for (size_t i = 0; i < SHOWN && folder[i]; i++)
		crm_buf_putc(
		    &b, (unsigned char)folder[i] < ' ' || folder[i] == 0x7f
			    ? '?'
			    : folder[i]);
	crm_buf_puts(&b, rest);
	/* What a failed write could be told to has failed. */
	put = write(STDERR_FILENO, b.p, b.n);
	(void)put;
	(void)sig;
	_exit(crm_code_exit(CRM_EDAMAGE));
}

void
cli_damage_watch(const struct cli *c, const char *path)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE};
	static char *stack;
	struct sigaction sa = {
	    .sa_handler = stopped, .sa_flags = SA_ONSTACK | (int)SA_RESETHAND};
	stack_t alt = {.ss_size = STACK};

	if (!WATCH)
		return;
	program = c->command->name;
	folder = path;
	if (!stack)
		stack = malloc(STACK);
	alt.ss_sp = stack;
	if (!stack || sigaltstack(&alt, NULL) < 0)
		return;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &sa, NULL);
}
