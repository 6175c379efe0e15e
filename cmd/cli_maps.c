/*
 * cli_maps.c - where import maps are found.
 *
 * The user's own come first, so that one of ours can be replaced; then those
 * beside the program, which makes a build tree and a moved installation work
 * without a variable; then those of the prefix it was built for.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli_maps.h"

#ifndef CRM_DATADIR
#define CRM_DATADIR "/usr/local/share/crm-tools"
#endif

enum { PLACES = 5, MAP_MAX = 1 << 20 };

struct places {
	const char *dir[PLACES];
	size_t n;
};

static int
add_place(struct cli *c, struct places *p, const char *base, size_t n,
    const char *rest, struct crm_err *err)
{
	struct crm_buf b = {0};
	struct crm_str s = {0};

	crm_buf_put(&b, base, n);
	crm_buf_puts(&b, rest);
	if (!b.fail)
		s = crm_arena_str(&c->arena, crm_buf_str(&b));
	crm_buf_release(&b);
	if (!s.p)
		return crm_err_nomem(err);
	p->dir[p->n++] = s.p;
	return CRM_OK;
}

static int
find_places(struct cli *c, struct places *p, struct crm_err *err)
{
	const char *home = getenv("XDG_DATA_HOME"), *slash;
	char self[4096];
	ssize_t n;
	int r = CRM_OK;

	p->n = 0;
	if (home && home[0] == '/')
		r = add_place(c, p, home, strlen(home), "/crm-tools/maps", err);
	else if ((home = getenv("HOME")) && home[0])
		r = add_place(c, p, home, strlen(home),
		    "/.local/share/crm-tools/maps", err);
	n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (r == CRM_OK && n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		n = slash ? slash - self : 0;
		/* bin/crm-import, then build/bin/crm-import */
		r = add_place(
		    c, p, self, (size_t)n, "/../share/crm-tools/maps", err);
		if (r == CRM_OK)
			r = add_place(
			    c, p, self, (size_t)n, "/../../share/maps", err);
	}
	if (r == CRM_OK)
		r = add_place(
		    c, p, CRM_DATADIR, strlen(CRM_DATADIR), "/maps", err);
	return r;
}

static int
load_file(const char *file, const struct crm_schema *schema,
    struct crm_import_map **out, struct crm_err *err)
{
	struct crm_buf text = {0};
	int r = crm_read_file(file, MAP_MAX, &text, err);

	if (r == CRM_OK)
		r = crm_import_map_read(
		    out, crm_buf_str(&text), file, schema, NULL, err);
	crm_buf_release(&text);
	return r;
}

static int
not_found(struct cli *c, const char *name, const struct places *p,
    struct crm_err *err)
{
	struct crm_buf b = {0};

	(void)c;
	for (size_t i = 0; i < p->n; i++) {
		crm_buf_puts(&b, i ? ", " : "looked in ");
		crm_buf_puts(&b, p->dir[i]);
	}
	crm_err_set(err, CRM_ENOINPUT, "there is no map '%s'", name);
	crm_err_field(err, "--map", 5);
	if (crm_buf_cstr(&b))
		crm_err_hint(err, "%s; crm-import --list lists them", b.p);
	crm_buf_release(&b);
	return CRM_ENOINPUT;
}

int
cli_map_load(struct cli *c, const char *name, const struct crm_schema *schema,
    struct crm_import_map **out, struct crm_err *err)
{
	struct crm_buf b = {0};
	struct places p;
	int r;

	if (strchr(name, '/') || strstr(name, ".yaml"))
		return load_file(name, schema, out, err);
	r = find_places(c, &p, err);
	for (size_t i = 0; r == CRM_OK && i < p.n; i++) {
		crm_buf_clear(&b);
		crm_buf_putf(&b, "%s/%s.yaml", p.dir[i], name);
		if (!crm_buf_cstr(&b))
			r = crm_err_nomem(err);
		else if (access(b.p, F_OK) == 0) {
			r = load_file(b.p, schema, out, err);
			crm_buf_release(&b);
			return r;
		}
	}
	crm_buf_release(&b);
	return r < 0 ? r : not_found(c, name, &p, err);
}

/* ---- all of them ---- */

struct names {
	char **v;
	size_t n, cap;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_map(const char *name, size_t *n)
{
	size_t len = strlen(name);

	*n = len > 5 ? len - 5 : 0;
	return *n > 0 && name[0] != '.' && strcmp(name + *n, ".yaml") == 0;
}

static int
read_dir(const char *dir, struct names *l, struct crm_err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = CRM_OK;
	size_t n;

	if (!d)
		return CRM_OK;
	while (r == CRM_OK && (e = readdir(d))) {
		char *s;
		size_t i = 0;

		if (!is_map(e->d_name, &n))
			continue;
		while (i < l->n && (strncmp(l->v[i], e->d_name, n) != 0 ||
				       l->v[i][n] != '\0'))
			i++;
		if (i < l->n)
			continue;
		s = strndup(e->d_name, n);
		if (!s || !crm_grow(&l->v, &l->cap, l->n, sizeof *l->v)) {
			free(s);
			r = crm_err_nomem(err);
		} else {
			l->v[l->n++] = s;
		}
	}
	closedir(d);
	return r;
}

static int
one_map(struct cli *c, const struct places *p, const char *name, cli_map_fn *fn,
    void *ctx, struct crm_err *err)
{
	struct crm_import_map *m = NULL;
	struct crm_err why = {0};
	struct crm_buf b = {0};
	int r = CRM_OK;
	size_t i;

	for (i = 0; i < p->n; i++) {
		crm_buf_clear(&b);
		crm_buf_putf(&b, "%s/%s.yaml", p->dir[i], name);
		if (!crm_buf_cstr(&b))
			return crm_err_nomem(err);
		if (access(b.p, F_OK) == 0)
			break;
	}
	if (i < p->n) {
		r = load_file(b.p, NULL, &m, &why);
		if (r == CRM_OK)
			r = fn(ctx, m, b.p, err);
		else {
			cli_note(
			    c, "%s: %s: %s", why.place, why.field, why.text);
			r = CRM_OK;
		}
		crm_import_map_release(m);
	}
	crm_buf_release(&b);
	return r;
}

int
cli_map_each(struct cli *c, cli_map_fn *fn, void *ctx, struct crm_err *err)
{
	struct names l = {0};
	struct places p;
	int r = find_places(c, &p, err);

	for (size_t i = 0; r == CRM_OK && i < p.n; i++)
		r = read_dir(p.dir[i], &l, err);
	if (l.n > 0)
		qsort(l.v, l.n, sizeof *l.v, by_name);
	for (size_t i = 0; r == CRM_OK && i < l.n; i++)
		r = one_map(c, &p, l.v[i], fn, ctx, err);
	for (size_t i = 0; i < l.n; i++)
		free(l.v[i]);
	free(l.v);
	return r;
}
