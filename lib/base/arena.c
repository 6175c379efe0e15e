/*
 * arena.c - memory that is released all at once.
 *
 * Blocks double up to 1 MiB.  A request larger than half a block gets a
 * block of its own behind the head, so that the head's rest is not lost.
 * Strings are packed without alignment: map keys are most of what is kept.
 */
#include <stdlib.h>

#include <crm/buf.h>

enum { FIRST_BLOCK = 1024, LAST_BLOCK = 1 << 20, ALIGN = 16 };

struct crm_arena_block {
	struct crm_arena_block *next;
	size_t size; /* of data */
	_Alignas(16) char data[];
};

static struct crm_arena_block *
block_new(size_t size)
{
	struct crm_arena_block *b;

	if (size > SIZE_MAX / 2)
		return NULL;
	b = malloc(sizeof *b + size);
	if (b) {
		b->next = NULL;
		b->size = size;
	}
	return b;
}

/* Of a block that is not the head, or is new and becomes it. */
static void *
take_new(struct crm_arena *a, size_t n)
{
	struct crm_arena_block *b;
	size_t size = FIRST_BLOCK;

#ifndef CRM_ARENA_DEBUG
	if (a->head && a->head->size >= FIRST_BLOCK)
		size =
		    a->head->size < LAST_BLOCK ? a->head->size * 2 : LAST_BLOCK;
#else
	size = 0;
#endif
	b = block_new(n > size / 2 ? n : size);
	if (!b)
		return NULL;
	if (a->head && b->size == n) {
		b->next = a->head->next;
		a->head->next = b;
	} else {
		b->next = a->head;
		a->head = b;
		a->used = n;
	}
	return b->data;
}

static inline void *
take(struct crm_arena *a, size_t n, size_t align)
{
#ifndef CRM_ARENA_DEBUG
	size_t at = (a->used + align - 1) & ~(align - 1);

	if (a->head && at <= a->head->size && n <= a->head->size - at) {
		a->used = at + n;
		return a->head->data + at;
	}
#else
	(void)align;
#endif
	return take_new(a, n);
}

void *
crm_arena_alloc(struct crm_arena *a, size_t n)
{
	return take(a, n, ALIGN);
}

void *
crm_arena_zalloc(struct crm_arena *a, size_t n)
{
	void *p = take(a, n, ALIGN);

	if (p)
		memset(p, 0, n);
	return p;
}

struct crm_str
crm_arena_str(struct crm_arena *a, struct crm_str s)
{
	char *p = s.n < SIZE_MAX ? take(a, s.n + 1, 1) : NULL;

	if (!p)
		return (struct crm_str){NULL, 0};
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct crm_str){p, s.n};
}

int
crm_buf_keep(const struct crm_buf *b, struct crm_arena *a, struct crm_str *out,
    struct crm_err *err)
{
	int r = crm_buf_check(b, err);

	*out = (struct crm_str){"", 0};
	if (r < 0)
		return r;
	*out = crm_arena_str(a, crm_buf_str(b));
	return out->p ? CRM_OK : crm_err_nomem(err);
}

void
crm_arena_reset(struct crm_arena *a)
{
	struct crm_arena_block *keep = NULL;

#ifndef CRM_ARENA_DEBUG
	for (struct crm_arena_block *b = a->head; b; b = b->next)
		if (!keep || b->size > keep->size)
			keep = b;
#endif
	for (struct crm_arena_block *b = a->head, *next; b; b = next) {
		next = b->next;
		if (b != keep)
			free(b);
	}
	if (keep)
		keep->next = NULL;
	a->head = keep;
	a->used = 0;
}

void
crm_arena_release(struct crm_arena *a)
{
	for (struct crm_arena_block *b = a->head, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct crm_arena){0};
}
