/* cli.h - what every verb is handed: where to write, and how wide. */
#ifndef CLI_H
#define CLI_H

#include <signal.h>
#include <stdio.h>

#include "options.h"

struct cli {
	FILE *out;           /* results: tables, documents, JSON */
	FILE *err;           /* progress, notes, faults */
	FILE *in;            /* answers of a person */
	const char *program; /* how a command to copy begins: cli_program() */
	unsigned columns;    /* of out; 100 when it is no terminal and COLUMNS is not set */
	bool in_is_tty, out_is_tty, err_is_tty;
	bool color;                  /* of out: a terminal, NO_COLOR not set */
	volatile sig_atomic_t *stop; /* set by Ctrl-C while a run goes on */
	bool is_host_noted;          /* that this host has no id was said */
};

/* How wide tables and sentences are: lines longer than 100 columns are hard to read on any screen.
 */
static inline unsigned cli_text_columns(const struct cli *cli)
{
	return cli->columns < 100 ? cli->columns : 100;
}

/* The folders and files that belong to this installation and user. Each function returns a new
 * string (free()) or a negative errno with @err. */

/* --work-dir, else $XDG_STATE_HOME/blklab, else /var/lib/blklab for root, else
 * ~/.local/state/blklab. */
int path_work_dir(const struct args *a, char **ret, struct bl_err *err);
/* --cache-dir, else $XDG_CACHE_HOME/blklab, else /var/cache/blklab, else ~/.cache/blklab. */
int path_cache_dir(const struct args *a, char **ret, struct bl_err *err);
/* --store, else WORK/store.db. */
int path_store(const struct args *a, char **ret, struct bl_err *err);
/* A helper program (blklab-agent, blklab-qemu): beside the binary in a build tree, in libexec when
 * installed. -ENOENT: both places are named. */
int path_helper(const char *name, char **ret, struct bl_err *err);
/* The same, where only some cells need it and say so: NULL when it is not there. */
char *path_helper_or_null(const char *name);
/* A scenario: the file; or a bare word, for library/WORD.yaml of this installation. -ENOENT: says
 * which there are. */
int path_scenario(const char *given, char **ret, struct bl_err *err);

/* How the next command is to call this program: @argv0 as it was typed where that is a path (in a
 * build tree nothing is in PATH), else, and where a shell would not take it for one word,
 * "blklab". Reports, which are read elsewhere, say "blklab". */
const char *cli_program(const char *argv0);

/* Print a JSON text or a buffer to cli->out; -EIO when that fails (disk full, closed pipe). */
int cli_print(struct cli *cli, const struct bl_buf *text, struct bl_err *err);
/* What a verb returns that judged, and told its verdict: @code, also where something beside it went
 * wrong (@r < 0, in @err: a page that can't be written, say), which is only noted; what was found
 * weighs more. Where all is fine the fault is what there is to return. */
int cli_verdict(struct cli *cli, int code, int r, const struct bl_err *err);
/* A note to the person, on cli->err. */
void cli_note(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define CLI_STOP_AGAIN                                                                             \
	"already stopping; this takes a few seconds (once more: leave at once, the next run "      \
	"cleans up)"
/* From SIGINT, SIGTERM or SIGHUP on: cli->stop is set and @says said at once, @again at the second
 * one; the third ends the program. Both texts live as long as it. A SIGHUP that was ignored before
 * (nohup) stays so. */
void cli_catch_stop(struct cli *cli, const char *says, const char *again);

/* The exit code of a fault: bad input is what another command line or file would cure, everything
 * else is the host's. */
int cli_exit_code(int r);

#endif
