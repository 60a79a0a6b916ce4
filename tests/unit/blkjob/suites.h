/* suites.h - the cases of the program test_blkjob_documents, a file each. */
#ifndef TEST_SUITES_H
#define TEST_SUITES_H

#include <check.h>

TCase *documents_tests(void);
TCase *entry_tests(void);
TCase *numbers_tests(void);
TCase *logs_tests(void);
TCase *hgrm_tests(void);
TCase *disk_tests(void);

#endif
