/* suite.h - a test program that boots VMs through the lab, and what a run of it that died left.
 *
 * A case that fails, is killed at its limit or by a signal leaves its VM, its folder and perhaps a
 * short link to it. All of that is below suite_dir(), which belongs to one program of one build:
 * whatever is there before the first case and after the last is ended and removed, nothing else.
 */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>

/* Run it. The exit status of main(): a VM that is left after the last case is a failure; so is
 * another run of the same program at the same time, which is told and left alone. */
int suite_run(Suite *s);

/* Where each case makes its folder; without links. */
const char *suite_dir(void);

/* In a case: end with the program, also when that is killed. */
void suite_end_with_parent(void);

#endif
