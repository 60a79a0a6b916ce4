/* nightly.h - one night, from the wait for a quiet host to whom it is told. */
#ifndef NIGHTLY_H
#define NIGHTLY_H

#include "history.h"
#include "night.h"
#include "night_judge.h"
#include "notify_config.h"
#include "run_session.h"

struct nightly {
	struct cli *cli;
	const struct args *args;
	struct args run_args; /* what the session is told: no JSON on standard output */
	/* Read of the options before anything is done. */
	uint64_t wait_ns;
	unsigned confirm; /* events that may be confirmed; 0: no further runs at all */
	struct notify_config notify;
	char host_id[17];
	uint64_t deadline_ns; /* of waiting */
	bool is_waiting;      /* for a quiet host, which was said */
	struct run_session session;
	struct min_effects effects;
	struct history history;
	struct change_record *earlier;
	size_t n_earlier;
	char run_id[BL_UUID_TEXT]; /* tonight's first run; "": none yet */
	char *notes[8];            /* sentences for the night, beside those of its judge */
	size_t n_notes;
	struct night night;
};

/* Wait for another's run and for a quiet host, within wait_ns for both; then the locks are held.
 * -EBUSY: it never was (@err says what was busy); -EINTR. */
int nightly_wait(struct nightly *n, struct bl_err *err);

/* --baseline names one that is in use: said before an hour of measuring, not after. -ENOENT. */
int nightly_check_baseline(struct nightly *n, struct bl_err *err);

/* History, earlier changes and baseline out of the store, and the judgement on them. On failure the
 * judgement of before stands. */
int nightly_judge(struct nightly *n, struct bl_err *err);
/* What was loaded for it. */
void nightly_forget(struct nightly *n);

/* Cells whose figures are far off, once more; then it is judged again. 0: there was nothing to
 * do, or it went as it should. */
int nightly_again(struct nightly *n, struct bl_err *err);
/* Fresh runs for candidates of this night and of those before it that were not confirmed, the
 * newest first, as many events as may be confirmed. */
int nightly_confirm(struct nightly *n, struct bl_err *err);
/* Changes and what became of them. What is told of this night is no news from then on, whoever is
 * reached. */
int nightly_remember(struct nightly *n, struct bl_err *err);

/* Files, the terminal, and targets of notify, also after a stop, for a few seconds. What fails is a
 * note, and < 0 only where the night could not be shown. */
int nightly_tell(struct nightly *n, struct bl_err *err);

/* What goes on, for the terminal; nothing with --quiet. */
void nightly_say(const struct nightly *n, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* What went wrong beside the verdict: a note, and with --quiet for the terminal, too. */
void nightly_fault(struct nightly *n, const char *text);
/* A sentence for the night and the terminal; beyond the room there is, for the terminal only. */
void nightly_note(struct nightly *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
