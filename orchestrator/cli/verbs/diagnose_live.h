/* diagnose_live.h - blklab diagnose --live: a VM that runs, looked at for a while. */
#ifndef DIAGNOSE_LIVE_H
#define DIAGNOSE_LIVE_H

#include "cli.h"

/* Watch a->live and print what was seen and found. As a verb's run(). */
int diagnose_live(struct cli *cli, const struct args *a, struct bl_err *err);

#endif
