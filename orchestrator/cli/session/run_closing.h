/* run_closing.h - what `blklab run` shows and writes when the run is in the store. */
#ifndef RUN_CLOSING_H
#define RUN_CLOSING_H

#include "cli.h"
#include "progress.h"
#include "record.h"

/* The page (--report), then the table and where things are, or with --json the event "end", also
 * when there is no page; @d is the stored run, as a later `blklab report` would see it. @code: how
 * the run went. Returns it, or a fault; one of the page alone as cli_verdict(). */
int run_closing(struct cli *cli, const struct args *a, const char *store_path,
		const struct progress *p, const struct run_data *d, int code, struct bl_err *err);

#endif
