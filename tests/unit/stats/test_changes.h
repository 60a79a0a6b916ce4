#ifndef TEST_CHANGES_H
#define TEST_CHANGES_H

#include <check.h>

TCase *changes_cases(void);
TCase *gesd_cases(void);
TCase *edivisive_cases(void);
TCase *value_lines_cases(void);
TCase *value_pairs_cases(void);

#endif
