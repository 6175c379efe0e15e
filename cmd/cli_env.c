/*
 * cli_env.c - the process and what its environment says.
 *
 * Everything the library is not to look at is read here, once.  No name
 * service is asked who the user is: a static program cannot, and it would
 * cost more than the rest of a look-up.  TZ is not read: days are the
 * store's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli_parts.h"

enum { WAIT_MS = 60000, WIDTH = 80, WIDTH_MAX = 10000 };

const char *
cli_env(const char *name)
{
	const char *v = getenv(name);

	return v && v[0] ? v : NULL;
}

/*
 * A descriptor that is closed would be given to the store's file next, and
 * be read or written as if it were stdin or stdout.  stdout becomes one that
 * cannot be written, so that records nobody takes are an error, as they
 * would have been.
 */
static void
open_standard(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		int got;

		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		got = open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY);
		/* The lowest free number is the one just seen to be free. */
		if (got >= 0 && got != fd)
			close(got);
	}
}

void
cli_env_process(void)
{
	sigset_t pipe;

	open_standard();
	/* Some parents (Python, cron wrappers) leave it ignored; a closed
	 * pipe is to end us silently all the same. */
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigprocmask(SIG_UNBLOCK, &pipe, NULL);
}

static int
read_actor(struct cli *c, struct crm_err *err)
{
	const char *from = "CRM_ACTOR", *v = cli_env(from);
	struct crm_buf b = {0};
	struct crm_str s;

	if (!v)
		v = cli_env(from = "LOGNAME");
	if (v &&
	    (!crm_text_plain(crm_str(v)) && !crm_utf8_valid(crm_str(v), NULL)))
		return crm_err_set(err, CRM_ECONFIG, "%s is not UTF-8", from);
	for (const char *p = v; p && *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return crm_err_set(err, CRM_ECONFIG,
			    "%s has a control character in it", from);
	if (v) {
		c->actor = v;
		return CRM_OK;
	}
	crm_buf_putu(&b, (uint64_t)getuid());
	s = crm_arena_str(&c->arena, crm_buf_str(&b));
	crm_buf_release(&b);
	c->actor = s.p;
	return s.p ? CRM_OK : crm_err_nomem(err);
}

static int
read_wait(struct cli *c, struct crm_err *err)
{
	const char *text = cli_opt.wait;
	struct crm_span span = {0};
	int64_t secs;

	c->wait_ms = WAIT_MS;
	if (!text)
		return CRM_OK;
	if (crm_int_parse(crm_str(text), &secs) < 0) {
		if (crm_span_parse(crm_str(text), &span) < 0 || span.months)
			secs = -1;
		else
			secs = span.secs;
	}
	if (secs < 0) {
		crm_err_set(err, CRM_EUSAGE,
		    "'%s' is not a length of time: 30s, 5m, 0", text);
		crm_err_field(err, "--wait", 6);
		return CRM_EUSAGE;
	}
	/* A day is for ever here. */
	c->wait_ms = (unsigned)(secs > CRM_DAY ? CRM_DAY : secs) * 1000;
	return CRM_OK;
}

static void
read_terminal(struct cli *c)
{
	const char *columns = cli_env("COLUMNS");
	struct winsize ws;
	int64_t n;

	c->tty_out = isatty(STDOUT_FILENO);
	c->tty_err = isatty(STDERR_FILENO);
	if (!c->tty_out)
		return;
	c->width = WIDTH;
	if (columns && crm_int_parse(crm_str(columns), &n) == CRM_OK && n > 0)
		c->width = (unsigned)(n > WIDTH_MAX ? WIDTH_MAX : n);
	else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		c->width = ws.ws_col;
}

static int
read_clock(struct cli *c, struct crm_err *err)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return crm_err_sys(err, CRM_EBUG, errno, "read the clock");
	c->real_now = (int64_t)now.tv_sec;
	return CRM_OK;
}

int
cli_env_tick(struct cli *c, struct crm_err *err)
{
	int code = read_clock(c, err);

	if (code == CRM_OK && !cli_env("CRM_NOW"))
		c->now = c->real_now;
	return code;
}

int
cli_env_read(struct cli *c, struct crm_err *err)
{
	struct crm_buf b = {.max = sizeof c->program};
	int code;

	crm_buf_puts(&b, c->command->name);
	if (c->verb && c->verb->name[0]) {
		crm_buf_putc(&b, ' ');
		crm_buf_puts(&b, c->verb->name);
	}
	if (!b.fail && b.n < sizeof c->program)
		memcpy(c->program, b.p, b.n);
	crm_buf_release(&b);
	read_terminal(c);
	code = read_clock(c, err);
	c->now = c->real_now;
	if (code == CRM_OK)
		code = read_actor(c, err);
	return code < 0 ? code : read_wait(c, err);
}

static void
set_spill(struct cli *c)
{
	const char *tmp = cli_env("TMPDIR");

	c->spill_dir = tmp ? tmp : "/tmp";
	/* Data stays where it is as well guarded as the store. */
	if (c->store && access(crm_store_path(c->store), W_OK) == 0)
		c->spill_dir = crm_store_path(c->store);
}

int
cli_env_clock(struct cli *c, struct crm_err *err)
{
	const char *now = cli_env("CRM_NOW");
	int code = cli_past_lay(c, err);

	if (code < 0)
		return code;
	set_spill(c);
	c->at = INT64_MAX;
	if (now &&
	    crm_time_parse(crm_str(now), &c->schema->calendar, &c->now) < 0) {
		crm_err_set(err, CRM_ECONFIG, "'%s' is not a time", now);
		crm_err_field(err, "CRM_NOW", 7);
		crm_err_hint(err, "write 2026-06-01T10:00:00Z or 2026-06-01");
		return CRM_ECONFIG;
	}
	/* what happens in that very second is done by the script itself */
	if (now)
		c->at = c->now + 1;
	return cli_opt.at ? cli_moment(c, "--at", cli_opt.at, &c->at, err)
			  : CRM_OK;
}

static int
store_path_of(struct cli *c, const char *base, const char *rest,
    const char **out, struct crm_err *err)
{
	struct crm_buf b = {0};
	struct crm_str s = {0};

	crm_buf_puts(&b, base);
	crm_buf_puts(&b, rest);
	if (!b.fail)
		s = crm_arena_str(&c->arena, crm_buf_str(&b));
	crm_buf_release(&b);
	*out = s.p;
	return s.p ? CRM_OK : crm_err_nomem(err);
}

int
cli_store_path(struct cli *c, const char **out, struct crm_err *err)
{
	const char *v;

	if (cli_opt.store) {
		if (!cli_opt.store[0])
			return crm_err_set(err, CRM_EUSAGE,
			    "option --store wants a folder after it");
		*out = cli_opt.store;
		return CRM_OK;
	}
	*out = cli_env("CRM_STORE");
	if (*out)
		return CRM_OK;
	v = cli_env("XDG_DATA_HOME");
	/* The XDG rules: a relative path is to be passed over. */
	if (v && v[0] == '/')
		return store_path_of(c, v, "/crm-tools/store", out, err);
	v = cli_env("HOME");
	if (v)
		return store_path_of(
		    c, v, "/.local/share/crm-tools/store", out, err);
	crm_err_set(err, CRM_ECONFIG, "no store is named");
	crm_err_hint(err, "set CRM_STORE, or give --store DIR");
	return CRM_ECONFIG;
}

int
cli_moment(struct cli *c, const char *option, const char *text, int64_t *out,
    struct crm_err *err)
{
	/* 7d before the day that is asked about, as today is that day. */
	int64_t now =
	    cli_opt.at && strcmp(option, "--at") != 0 ? c->at : c->now;

	if (crm_moment_parse(crm_str(text), &c->schema->calendar, now, out) ==
	    CRM_OK)
		return CRM_OK;
	crm_err_set(err, CRM_EUSAGE, "'%s' is not a time", text);
	crm_err_field(err, option, strlen(option));
	crm_err_hint(err, "write 2024-05-01, 2024-05-01T09:58:12Z, today, "
			  "yesterday, now, or a time before now: 12h, 7d, 3mo");
	return CRM_EUSAGE;
}

struct crm_origin
cli_origin(const struct cli *c)
{
	return (struct crm_origin){
	    .now = c->real_now,
	    .actor = crm_str(c->actor),
	    .program = crm_str(c->program),
	    .why = crm_str(cli_opt.why),
	};
}
