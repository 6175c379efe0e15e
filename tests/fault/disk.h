/*
 * disk.h - a folder of files on a disk that may lose its power.
 *
 * A trace (trace.h) is read once against the folder as it was at its
 * beginning, so that each operation knows which file it was about, whatever
 * that is called later.  Then the disk of any moment can be made: all up to
 * the last sync of each file and of each folder's names, and any of the rest.
 */
#ifndef DISK_H
#define DISK_H

#include <dirent.h>

#include "fault.h"

#include "trace.h"

#define SECTOR 512
#define DISK_NODES 1024
#define DISK_NAMES 128

/* A file, a folder or a link, whatever its name; 0 is the folder itself. */
struct disk_node {
	char kind; /* 'f', 'd', 'l' */
	uint64_t ino; /* when it was made */
	char to[32]; /* of a link */
	char *p;
	size_t n, cap;
	bool written; /* not only given a length */
};
struct disk_name {
	unsigned parent, node;
	char name[32];
};
struct disk {
	struct disk_node *node; /* DISK_NODES */
	unsigned nnode;
	struct disk_name name[DISK_NAMES];
	unsigned nname;
};
struct disk_step {
	struct trace_op op;
	unsigned node, parent, parent2;
	char name[32], name2[32];
	const char *bytes;
};
enum tear { WHOLE, CUT, ANY };

static inline void
disk_new(struct disk *d)
{
	memset(d, 0, sizeof *d);
	d->node = calloc(DISK_NODES, sizeof *d->node);
	if (d->node == NULL)
		fault_die("out of memory");
	d->node[0].kind = 'd';
	d->nnode = 1;
}

static inline void
disk_release(struct disk *d)
{
	for (unsigned i = 0; i < DISK_NODES; i++)
		free(d->node[i].p);
	free(d->node);
}

static inline void
disk_room(struct disk_node *f, size_t n)
{
	if (n > f->cap) {
		size_t cap = n + ((size_t)1 << 18);

		f->p = realloc(f->p, cap);
		if (f->p == NULL)
			fault_die("out of memory");
		memset(f->p + f->cap, 0, cap - f->cap);
		f->cap = cap;
	}
	if (n > f->n)
		f->n = n;
}

static inline unsigned
disk_add(struct disk *d, char kind, uint64_t ino)
{
	if (d->nnode == DISK_NODES)
		fault_die("too many files");
	d->node[d->nnode].kind = kind;
	d->node[d->nnode].ino = ino;
	return d->nnode++;
}

static inline struct disk_name *
disk_find(struct disk *d, unsigned parent, const char *name)
{
	for (unsigned i = 0; i < d->nname; i++)
		if (d->name[i].parent == parent &&
		    strcmp(d->name[i].name, name) == 0)
			return &d->name[i];
	return NULL;
}

static inline void
disk_drop(struct disk *d, struct disk_name *n)
{
	if (n != NULL)
		*n = d->name[--d->nname];
}

static inline void
disk_call(struct disk *d, unsigned parent, const char *name, unsigned node)
{
	struct disk_name *n = disk_find(d, parent, name);

	if (n == NULL) {
		if (d->nname == DISK_NAMES)
			fault_die("too many names");
		n = &d->name[d->nname++];
	}
	n->parent = parent;
	n->node = node;
	snprintf(n->name, sizeof n->name, "%s", name);
}

/* ---- the folder as it is, and the trace ---- */

static inline void
disk_read(struct disk *d, const char *path, unsigned parent)
{
	DIR *list = opendir(path);
	struct dirent *e;
	struct stat st;

	if (list == NULL || stat(path, &st) < 0)
		fault_die("cannot read %s", path);
	d->node[parent].ino = st.st_ino;
	while ((e = readdir(list)) != NULL) {
		char name[900];
		struct fault_text t;
		unsigned node;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof name, "%.600s/%s", path, e->d_name);
		if (strlen(e->d_name) > 31 || lstat(name, &st) < 0)
			fault_die("cannot read %s", name);
		node = disk_add(d,
		    S_ISDIR(st.st_mode)	  ? 'd'
		    : S_ISLNK(st.st_mode) ? 'l'
					  : 'f',
		    st.st_ino);
		disk_call(d, parent, e->d_name, node);
		if (d->node[node].kind == 'd')
			disk_read(d, name, node);
		if (d->node[node].kind == 'l' &&
		    readlink(name, d->node[node].to, 31) < 0)
			fault_die("cannot read %s", name);
		if (d->node[node].kind != 'f')
			continue;
		t = fault_load(name);
		disk_room(&d->node[node], t.n);
		if (t.n > 0)
			memcpy(d->node[node].p, t.p, t.n);
		d->node[node].written = true;
		free(t.p);
	}
	closedir(list);
}

/* "gen-0000000001/data.mdb": the folder's node, and the last part. */
static inline unsigned
disk_split(struct disk *d, const char *path, size_t n, char name[32])
{
	const char *slash = memchr(path, '/', n);
	struct disk_name *folder;
	unsigned parent = 0;

	if (slash != NULL) {
		snprintf(name, 32, "%.*s", (int)(slash - path), path);
		folder = disk_find(d, 0, name);
		if (folder == NULL)
			fault_die("the trace names %.*s", (int)n, path);
		parent = folder->node;
		n -= (size_t)(slash + 1 - path);
		path = slash + 1;
	}
	snprintf(name, 32, "%.*s", (int)n, path);
	return parent;
}

static inline unsigned
disk_of_ino(const struct disk *d, uint64_t ino)
{
	for (unsigned i = d->nnode; i-- > 0;)
		if (d->node[i].ino == ino)
			return i;
	return DISK_NODES;
}

static inline void
disk_do(struct disk *d, const struct disk_step *s)
{
	struct disk_name *n = disk_find(d, s->parent, s->name);

	switch (s->op.what) {
	case TRACE_CREATE:
	case TRACE_MKDIR:
	case TRACE_LINK:
		disk_call(d, s->parent, s->name, s->node);
		break;
	case TRACE_RENAME:
		if (n == NULL || n->node != s->node)
			break; /* it never got this name */
		disk_drop(d, n);
		disk_call(d, s->parent2, s->name2, s->node);
		break;
	case TRACE_UNLINK:
	case TRACE_RMDIR:
		if (n != NULL && n->node == s->node)
			disk_drop(d, n);
		break;
	default:
		break;
	}
}

/* Reads one operation; live is the folder as it is then.  False: it is about
 * a file without a name. */
static inline bool
disk_step(struct disk *live, const char *p, struct disk_step *s, size_t *length)
{
	const char *name = p + sizeof s->op, *other;
	struct disk_name *n;
	unsigned what;

	memset(s, 0, sizeof *s);
	memcpy(&s->op, p, sizeof s->op);
	what = s->op.what;
	other = name + s->op.name;
	s->bytes = other + s->op.other;
	*length = sizeof s->op + s->op.name + s->op.other +
		  (what == TRACE_WRITE ? (size_t)s->op.n : 0);
	if (what == TRACE_DONE)
		return true;
	if (what == TRACE_WRITE || what == TRACE_LENGTH || what == TRACE_SYNC) {
		s->node = disk_of_ino(live, s->op.ino);
		return s->node < DISK_NODES;
	}
	s->parent = disk_split(live, name, s->op.name, s->name);
	n = disk_find(live, s->parent, s->name);
	if (what == TRACE_CREATE || what == TRACE_MKDIR || what == TRACE_LINK)
		s->node = disk_add(live,
		    what == TRACE_CREATE  ? 'f'
		    : what == TRACE_MKDIR ? 'd'
					  : 'l',
		    s->op.ino);
	else if (n == NULL)
		fault_die("the trace has no %s", s->name);
	else
		s->node = n->node;
	if (what == TRACE_LINK)
		snprintf(live->node[s->node].to, 32, "%.*s", (int)s->op.other,
		    other);
	if (what == TRACE_RENAME)
		s->parent2 = disk_split(live, other, s->op.other, s->name2);
	disk_do(live, s);
	/* the number of a folder or file that is gone may be given again */
	if (what == TRACE_UNLINK || what == TRACE_RMDIR)
		live->node[s->node].ino = 0;
	return true;
}

/* ---- the disk of a moment ---- */

/* As it was at the beginning; what is made later is there, empty and without
 * a name. */
static inline void
disk_copy(struct disk *d, const struct disk *from, const struct disk *live)
{
	memcpy(d->name, from->name, sizeof d->name);
	d->nname = from->nname;
	d->nnode = live->nnode;
	for (unsigned i = 0; i < live->nnode; i++) {
		struct disk_node *to = &d->node[i];
		const struct disk_node *was = &from->node[i];

		to->kind = live->node[i].kind;
		memcpy(to->to, live->node[i].to, sizeof to->to);
		if (to->p != NULL)
			memset(to->p, 0, to->cap);
		to->n = 0;
		to->written = false;
		if (i >= from->nnode || was->p == NULL)
			continue;
		disk_room(to, was->n);
		memcpy(to->p, was->p, was->n);
		to->written = true;
	}
}

/* A write or a length, all of it or a part. */
static inline void
disk_put(
    struct fault *f, struct disk *d, const struct disk_step *s, enum tear tear)
{
	struct disk_node *to = &d->node[s->node];
	const struct trace_op *op = &s->op;
	uint64_t first = (uint64_t)op->at / SECTOR;
	uint64_t last = op->n ? ((uint64_t)op->at + op->n - 1) / SECTOR : first;
	uint64_t cut = fault_below(f, last - first + 2);

	if (op->what == TRACE_LENGTH) {
		size_t was = to->n;

		disk_room(to, (size_t)op->at);
		if ((size_t)op->at < was)
			memset(to->p + op->at, 0, was - (size_t)op->at);
		to->n = (size_t)op->at;
		return;
	}
	to->written = true;
	for (uint64_t i = first; i <= last && op->n > 0; i++) {
		uint64_t from = i * SECTOR, end = from + SECTOR;

		if ((tear == CUT && i - first >= cut) ||
		    (tear == ANY && fault_below(f, 2) == 0))
			continue;
		if (from < (uint64_t)op->at)
			from = (uint64_t)op->at;
		if (end > (uint64_t)op->at + op->n)
			end = (uint64_t)op->at + op->n;
		disk_room(to, (size_t)end);
		memcpy(to->p + from, s->bytes + (from - (uint64_t)op->at),
		    end - from);
	}
}

static inline bool
disk_names(const struct disk_step *s)
{
	return s->op.what >= TRACE_CREATE && s->op.what <= TRACE_RMDIR;
}

/* Does a sync of this node keep the step? */
static inline bool
disk_kept(const struct disk_step *s, unsigned node)
{
	return disk_names(s) ? s->parent == node || s->parent2 == node
			     : s->node == node;
}

/* What is open - written and not synced - by the time operation `cut` is under
 * way, onto the disk: none, all, or any.  Names of a folder may be any, or all
 * up to one. */
static inline void
disk_lose(struct fault *f, struct disk *d, const struct disk_step *step,
    size_t *open, size_t n)
{
	int mode = (int)fault_below(f, 4);
	bool order = fault_below(f, 2) == 0;
	size_t upto = (size_t)fault_below(f, n + 1);

	for (size_t j = 0; mode > 0 && j < n; j++) {
		const struct disk_step *s = &step[open[j]];

		if (disk_names(s) &&
		    (mode == 1 || (order ? j < upto : fault_below(f, 2) == 0)))
			disk_do(d, s);
	}
	/* Bytes in any order. */
	for (size_t j = n; mode > 1 && j > 1; j--) {
		size_t k = (size_t)fault_below(f, j), was = open[j - 1];

		open[j - 1] = open[k];
		open[k] = was;
	}
	for (size_t j = 0; mode > 0 && j < n; j++)
		if (!disk_names(&step[open[j]]) &&
		    (mode == 1 || fault_below(f, 2) == 0))
			disk_put(f, d, &step[open[j]],
			    (enum tear)fault_below(f, mode == 1 ? 1 : 3));
}

/* The disk when the power goes while operation `cut` is under way; *acked:
 * commands that had said they were done. */
static inline void
disk_at(struct fault *f, struct disk *d, const struct disk_step *step,
    size_t cut, size_t *acked)
{
	size_t *open = malloc((cut + 1) * sizeof *open), n = 0, k;

	if (open == NULL)
		fault_die("out of memory");
	*acked = 0;
	for (size_t i = 0; i <= cut; i++) {
		const struct disk_step *s = &step[i];

		if (s->op.what == TRACE_DONE) {
			*acked = i < cut ? (size_t)s->op.n : *acked;
			continue;
		}
		if (s->op.what == TRACE_WRITE && s->op.synced && i < cut) {
			disk_put(f, d, s, WHOLE);
			continue;
		}
		if (s->op.what != TRACE_SYNC) {
			open[n++] = i;
			continue;
		}
		k = 0;
		for (size_t j = 0; j < n; j++) {
			const struct disk_step *o = &step[open[j]];

			if (i == cut || !disk_kept(o, s->node))
				open[k++] = open[j];
			else if (disk_names(o))
				disk_do(d, o);
			else
				disk_put(f, d, o, WHOLE);
		}
		n = k;
	}
	disk_lose(f, d, step, open, n);
	free(open);
}

/* ---- onto the real disk ---- */

static inline void
disk_write(const struct disk *d, const char *path, unsigned parent)
{
	char name[900];

	if (mkdir(path, 0700) < 0)
		fault_die("cannot make %s: %s", path, strerror(errno));
	for (unsigned i = 0; i < d->nname; i++) {
		const struct disk_node *n = &d->node[d->name[i].node];

		if (d->name[i].parent != parent)
			continue;
		snprintf(name, sizeof name, "%s/%s", path, d->name[i].name);
		if (n->kind == 'd')
			disk_write(d, name, d->name[i].node);
		else if (n->kind == 'l' && symlink(n->to, name) < 0)
			fault_die("cannot make %s", name);
		else if (n->kind == 'f') {
			fault_save(name, n->p, n->written ? n->n : 0);
			if (!n->written && truncate(name, (off_t)n->n) < 0)
				fault_die("cannot make %s", name);
		}
	}
}

static inline void
disk_clear(const char *path)
{
	DIR *list = opendir(path);
	struct dirent *e;
	char name[900];

	while (list != NULL && (e = readdir(list)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof name, "%.600s/%s", path, e->d_name);
		if (unlink(name) < 0 && errno == EISDIR)
			disk_clear(name);
	}
	if (list != NULL)
		closedir(list);
	rmdir(path);
}

/* Is this text in any file that has a name? */
static inline const char *
disk_has(const struct disk *d, const char *text)
{
	for (unsigned i = 0; i < d->nname; i++) {
		const struct disk_node *n = &d->node[d->name[i].node];
		bool lost = d->name[i].parent != 0;

		for (unsigned j = 0; j < d->nname && lost; j++)
			lost = d->name[j].node != d->name[i].parent;
		if (!lost && n->kind == 'f' && n->n > 0 &&
		    memmem(n->p, n->n, text, strlen(text)) != NULL)
			return d->name[i].name;
	}
	return NULL;
}

#endif
