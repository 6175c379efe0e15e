/*
 * fuzz.h - what a fuzz target defines: it runs n bytes at p through the code
 * and returns 0; whatever is wrong ends the process (abort).
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#endif
