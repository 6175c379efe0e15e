/*
 * trace.h - the records of a trace: pre_record.c writes, run_power.c reads.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdint.h>

enum trace_what {
	TRACE_WRITE, /* n bytes at `at`, which follow */
	TRACE_LENGTH, /* the file is `at` bytes long */
	TRACE_SYNC, /* all before is on the disk */
	TRACE_DONE /* a command has said that it is done: n is which */
};
struct trace_op {
	uint32_t what;
	uint32_t synced; /* the write itself is on the disk when it returns */
	int64_t at;
	uint64_t n;
};

#endif
