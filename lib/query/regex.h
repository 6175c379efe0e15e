/*
 * regex.h - inside the regular expressions: the program and its automaton.
 *
 * regparse.c reads a pattern, regwrite.c makes a program of few instructions,
 * regex.c runs it.
 */
#ifndef CRM_LIB_REGEX_H
#define CRM_LIB_REGEX_H

#include <crm/expr.h>

enum {
	REGEX_TEXT_MAX = 4096,
	REGEX_DEPTH_MAX = 100,
	REGEX_PROG_MAX = 4096,
	REGEX_COUNT_MAX = 1000 /* of {m,n} */
};

enum regex_op {
	RX_SET, /* takes one code point of set a */
	RX_SPLIT, /* a or b */
	RX_JUMP, /* a */
	RX_BEGIN,
	RX_END,
	RX_EDGE, /* \b */
	RX_INNER, /* \B */
	RX_MATCH
};
struct regex_inst {
	uint8_t op;
	uint16_t a, b;
};

/* Not: what \D \W \S stand for inside brackets. */
enum { RX_NOT_DIGIT = 1, RX_NOT_WORD = 2, RX_NOT_SPACE = 4 };
struct regex_range {
	int32_t lo, hi;
};
struct regex_set {
	uint32_t range, nrange; /* in regex_prog.range */
	uint8_t class; /* CRM_CP_..., any of */
	uint8_t not ; /* RX_NOT_... */
	bool negate;
};

struct regex_prog {
	struct regex_inst *inst;
	size_t ninst, capinst;
	struct regex_set *set;
	size_t nset, capset;
	struct regex_range *range;
	size_t nrange, caprange;
	bool fold;
	bool edges; /* \b or \B occur: set `word` is \w */
	bool anchored; /* can only match at the beginning */
	bool literal; /* nothing but `prefix`, and ^ $ as below */
	bool begin, end;
	uint16_t word;
	struct crm_buf prefix; /* every match begins with these bytes */
};

/* ---- while it is read ---- */

enum regex_node {
	RN_EMPTY,
	RN_CHAR,
	RN_SET,
	RN_CAT,
	RN_ALT,
	RN_REPEAT,
	RN_ASSERT
};
struct regex_tree {
	uint8_t kind;
	uint8_t op; /* of RN_ASSERT */
	uint16_t set; /* of RN_CHAR, RN_SET */
	int32_t cp; /* of RN_CHAR */
	int min, max; /* of RN_REPEAT; max -1: no end */
	uint32_t first; /* kid */
	uint32_t next; /* sibling */
};
#define RN_NIL UINT32_MAX

struct regex_parser {
	struct regex_prog *g;
	struct crm_str s; /* what is left */
	struct crm_str all;
	struct regex_tree *t;
	size_t n, cap;
	unsigned depth;
	size_t work;
	struct crm_err *err;
};

int crm_regex_parse(
    struct regex_prog *g, struct crm_str pattern, struct crm_err *err);
/* Writes the program of the tree at root. */
int crm_regex_write(struct regex_parser *p, uint32_t root);
void crm_regex_prog_release(struct regex_prog *g);
bool crm_regex_in_set(
    const struct regex_prog *g, const struct regex_set *s, int32_t cp);

#endif
