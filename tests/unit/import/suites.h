/* suites.h - the cases of the import of fio's documents. */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

TCase *document_cases(void);
TCase *run_cases(void);

#endif
