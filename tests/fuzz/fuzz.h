/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FUZZ_H
#define SY_FUZZ_H

/*
 * A fuzz target is one file fuzz_NAME.c with one function, below, and a folder
 * corpus/NAME of inputs to start from, among them each input that once failed.
 * With -Dfuzzers=true (clang) libFuzzer drives it; in every other build
 * replay.c runs it over its corpus, so that old failures stay fixed.
 */
#include <stddef.h>
#include <stdint.h>

/* Feeds one input to the code under test; returns 0.  A fault is a crash, a sanitizer's report or
 * abort().  libFuzzer gives the name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Optional: called once, before the first input.  Returns 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif /* SY_FUZZ_H */
