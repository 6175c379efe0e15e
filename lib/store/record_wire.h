/*
 * record_wire.h - how an item's bytes are to be read, beside its tag.
 */
#ifndef RECORD_WIRE_H
#define RECORD_WIRE_H

#include "store/store_internal.h"

enum { EASY = 32 }; /* tags that are a byte with their wire */

enum wire { WIRE_NUMBER, WIRE_BYTES, WIRE_DECIMAL };

#endif
