/*
 * trace.h - the records of a trace: pre_record.c writes, run_power.c reads.
 *
 * Each is a struct trace_op, the name it is about, another name where there are
 * two, and what was written.  Names are below the folder that is watched.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdint.h>

enum trace_what {
	TRACE_WRITE, /* n bytes at `at` */
	TRACE_LENGTH, /* the file is `at` bytes long */
	TRACE_SYNC, /* all before is on the disk: of a file, or of names in a
		       folder */
	TRACE_CREATE, /* an empty file */
	TRACE_MKDIR,
	TRACE_LINK, /* symbolic, to the other name */
	TRACE_RENAME, /* to the other name */
	TRACE_UNLINK,
	TRACE_RMDIR,
	TRACE_DONE /* a command has said that it is done: n is which */
};
struct trace_op {
	uint32_t what;
	uint32_t synced; /* the write itself is on the disk when it returns */
	uint32_t name, other; /* lengths */
	int64_t at;
	uint64_t n;
	uint64_t ino; /* of the file or folder */
};

#endif
