/* support.h - scratch files and jobs for the engine's tests. */
#ifndef ENGINE_TEST_SUPPORT_H
#define ENGINE_TEST_SUPPORT_H

#include <check.h>

#include "engine.h"

/* A new file of @bytes zeros (a hole) in the build's scratch folder; ends with the test's
 * process. The path is borrowed. */
const char *scratch_file(const char *name, uint64_t bytes);

/* The jobs of @text, which may hold %s for @target; fails the test when it is refused. */
struct jobs jobs_of(const char *text);

/* Run all jobs of @text together on @target; fails the test when nothing was started.
 * The samples are the caller's. */
void run_text(const char *text, const char *target, struct sample **ret_samples);
struct sample *run_one(const char *text, const char *target);

/* Each block of @bs bytes of the file that holds anything but zeros; the caller's. */
bool *written_blocks(const char *path, uint64_t bs, size_t *ret_n);
size_t count_true(const bool *b, size_t n);

TCase *blocks_cases(void);
TCase *slices_cases(void);
TCase *counts_cases(void);
TCase *failures_cases(void);
TCase *pace_cases(void);
TCase *fill_cases(void);
TCase *limit_cases(void);
TCase *rich_cases(void);

#endif
