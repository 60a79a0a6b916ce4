/* compare_files.h - blklab compare --csv: values that somebody measured, in files. */
#ifndef COMPARE_FILES_H
#define COMPARE_FILES_H

#include "cli.h"

/* The operands are files. -EINVAL: an option that needs a stored run, and what files can be wrong
 * in. */
int compare_files(struct cli *cli, const struct args *a, struct bl_err *err);

#endif
