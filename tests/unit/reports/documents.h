/* documents.h - what the tests of documents share. */
#ifndef DOCUMENTS_H
#define DOCUMENTS_H

#include "report.h"
#include "synthetic.h"

/* The document of the run that @how makes; new, fails the test when it can't be written. */
char *document(const struct synthetic *how, enum report_format format,
	       const struct report_options *opt);
char *terminal_table(const struct synthetic *how, unsigned columns, bool color);

/* @text equals expected/@file. With BLKLAB_REGEN=1 the file is rewritten instead. The first line
 * that differs is in the message. */
void expect_file(const char *file, const char *text);

/* No line of @text is wider than @columns, and none ends in a blank. */
void expect_fits(const char *text, size_t columns);

/* Every element is closed in order, ids are unique, and what is referred to is there. */
void expect_well_formed(const char *page);

/* Text of a hostile run (is_hostile) stays text: nothing of it opens a tag, ends the script, or is
 * a control of a terminal. @page alone has its one script. */
void expect_only_text(const char *page, const char *md, const char *json, const char *term);

/* strstr() for walks over a whole document: the sanitizers' own measures all that is left of it at
 * each call. */
const char *next_of(const char *text, const char *what);
size_t count_of(const char *text, const char *what);

#endif
