/*
 * cli_parts.h - what the cli_*.c files tell each other; not for commands.
 */
#ifndef CRM_CLI_PARTS_H
#define CRM_CLI_PARTS_H

#include "cli.h"

/* What the command line asks for instead of a run. */
struct cli_ask {
	bool help, version, spec;
};
extern struct cli_ask cli_ask;

/* A shared table. */
struct cli_shared {
	unsigned group;
	const char *title;
	const struct cli_option *options;
};
extern const struct cli_shared cli_shared[];

/* Tags of known options beside the bits of cli_group. */
enum {
	CLI_ALWAYS = 0,
	CLI_OWN = 1 << 16,
	CLI_TIMES = 1 << 17 /* the part of CLI_LIST that CLI_NOTIME lacks */
};

/* An option a verb takes: a row of a table, or one made of a field. */
struct cli_known {
	struct cli_option opt;
	unsigned group;
};
#define CLI_KNOWN_MAX 320
struct cli_knowns {
	struct cli_known v[CLI_KNOWN_MAX];
	size_t n;
};

/* The verbs of a command, common ones first; at most max.  Their number. */
#define CLI_VERBS_MAX 64
size_t cli_verbs(
    const struct cli_command *command, const struct cli_verb **out, size_t max);
/* All options of a verb, each name and letter once: its own before shared
 * ones before fields.  verb NULL: only those that are always there. */
int cli_know(struct crm_arena *a, const struct cli_verb *verb,
    const struct crm_kind *kind, struct cli_knowns *out, struct crm_err *err);
/* The field an option's name (without --) stands for: -1 none. */
int cli_field_option(const struct crm_kind *kind, struct crm_str name);

/* Fills operand, set, verb, cli_opt and cli_ask. */
int cli_parse(struct cli *c, int argc, char **argv, struct crm_err *err);
/* The fields given as options are fields of c->kind; their names become the
 * fields'.  CRM_EUSAGE. */
int cli_set_check(struct cli *c, struct crm_err *err);

int cli_help_print(struct cli *c, struct crm_err *err);
int cli_spec_print(struct cli *c, struct crm_err *err);
/* What the last of the words may become, for the completion of shells. */
int cli_complete_print(
    struct cli *c, int nword, char **word, struct crm_err *err);
int cli_version_print(struct cli *c, struct crm_err *err);

/* Descriptors 0 to 2 are open, SIGPIPE ends the program. */
void cli_env_process(void);
/* actor, clock, terminal, --wait: what needs no store. */
int cli_env_read(struct cli *c, struct crm_err *err);
/* cli_damage.c: from here on a signal that comes of a damaged store ends us
 * with a message. */
void cli_damage_watch(const struct cli *c, const char *path);
/* cli_past.c: lays what --as-of asks for over the store that is open; the
 * schema is that of then. */
int cli_past_lay(struct cli *c, struct crm_err *err);
/* now, by the schema's zone, and spill_dir; after --as-of. */
int cli_env_clock(struct cli *c, struct crm_err *err);
/* The value of a variable; NULL when unset or empty. */
const char *cli_env(const char *name);

/* The index of a column an option names, else CRM_EUSAGE with the nearest. */
int cli_column(struct cli *c, const struct crm_field *fields, size_t n,
    const char *option, struct crm_str name, struct crm_err *err);

/* Compiles c->also, as cli_where does -w. */
int cli_also(struct cli *c, const struct crm_field *fields, size_t n,
    struct crm_expr **out, struct crm_err *err);

/*
 * cli_segments.c: in(NAME) and consent(CHANNEL, PURPOSE) in conditions on rows
 * that name a customer.  env before the condition is compiled; load after
 * it, as it reads who they are; release at the end of the run.
 */
int cli_segments_env(struct cli *c, const struct crm_field *fields, size_t n,
    struct crm_expr_env *env, struct crm_err *err);
int cli_segments_load(struct cli *c, const struct crm_expr_env *env,
    struct crm_expr *e, struct crm_err *err);
void cli_segments_release(struct cli *c);

/* Takes what progress shows off the terminal's line. */
void cli_progress_end(void);
/* `NAME: place: field: text` and the hint's lines, on stderr. */
void cli_error_print(const struct cli *c, const struct crm_err *err);

/* As crm_write_all, between cli_held_begin and cli_held_end. */
int cli_held_write(
    int fd, const char *p, size_t n, const char *name, struct crm_err *err);
/* As close(2), after what is held for it. */
int cli_held_close(int fd);
/* Appends a text as one line for a terminal: controls as ?; LF stays when
 * lines. */
void cli_safe_put(struct crm_buf *b, const char *s, bool lines);

#endif
