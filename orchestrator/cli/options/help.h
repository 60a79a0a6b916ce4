/* help.h - a verb's table as help text, man page, Markdown and bash completion. Same table, same
 * bytes. */
#ifndef HELP_H
#define HELP_H

#include "options.h"

#define HELP_COLUMNS 80 /* help is at most this wide */

void help_overview(struct bl_buf *out); /* blklab --help */
void help_verb(const struct verb *v, struct bl_buf *out);

/* "baseline-record": how its man page is called behind "blklab-". Returns @out. */
const char *verb_page_name(const struct verb *v, char *out, size_t len);

/* roff, man(7) macros. @v NULL: blklab(1) itself. */
void man_page(const struct verb *v, struct bl_buf *out);
/* docs/cli.md: every verb. */
void man_markdown(struct bl_buf *out);

/* A script for bash to source. */
void completion_bash(struct bl_buf *out);

/* Places and variables that the pages explain, one row each. */
struct help_place {
	const char *name, *says;
};
extern const struct help_place help_files[], help_variables[];
extern const size_t n_help_files, n_help_variables;

/* Add @text in lines of at most @columns, the first beginning at column @at, the others indented by
 * @indent. An empty line in it stays one. Ends with a newline. */
void help_wrap(struct bl_buf *out, const char *text, size_t at, size_t indent, size_t columns);

/* "one of auto, kvm, tcg; default auto": what a row says beside its help. "" when nothing. */
void help_row_extra(const struct option_row *row, struct bl_buf *out);

#endif
