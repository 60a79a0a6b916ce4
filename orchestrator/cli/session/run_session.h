/* run_session.h - runs as verbs make them: scenario, places, store and runner, from the command
 * line to the stored record.
 *
 * A verb prepares, locks, opens, and then makes one run or several with the same runner, one after
 * the other; each is a run of its own in the store. What goes on is shown as --json, --quiet and
 * the terminal ask for.
 */
#ifndef RUN_SESSION_H
#define RUN_SESSION_H

#include "cli.h"
#include "progress.h"
#include "record.h"
#include "run_enough.h"
#include "run_lock.h"
#include "runner.h"
#include "scenario_load.h"
#include "store.h"

struct run_session {
	struct cli *cli;
	const struct args *args;
	struct loaded plan; /* what the command line asks for */
	char *work_dir, *cache_dir, *store_path, *agent, *wrapper, *fetcher;
	struct run_lock lock; /* -1 in it: not locked */
	struct store *store;  /* NULL until run_session_open() when there was none */
	struct handover_record *open_handovers; /* of this host, in this store */
	size_t n_open_handovers;
	struct runner_options options; /* borrowed by the runner while it lives */
	struct runner *runner;
	/* Of the run that was made last. */
	const struct loaded *what;
	struct progress progress;
	struct run_enough enough;
	struct run_record run;
	struct cell_record *cells;
	size_t n_cells;
	size_t n_runs;
	bool is_stored; /* it is in the store, however it ended */
};

#define RUN_SESSION_INIT                                                                           \
	{                                                                                          \
		.lock = RUN_LOCK_INIT                                                              \
	}

/* Read the scenario, find the places, open the store for writing if there is one. The host is not
 * touched yet. On failure, too, end it with run_session_done(). Uses of @a: scenario and what
 * chooses its cells, work_dir, cache_dir, store, agent, kernel, accel, uri, json, quiet. */
int run_session_prepare(struct run_session *s, struct cli *cli, const struct args *a,
			struct bl_err *err);

/* Work folder and host are this process's until run_session_done(): run_lock_take(), with notes
 * where progress goes. */
int run_session_lock(struct run_session *s, const char *verb, uint64_t wait_ns, struct bl_err *err);

/* The runner for s->plan: VMs and devices of killed runs first, then the proof of the acceleration.
 * Progress begins with @what (NULL: s->plan; borrowed), the first that run_session_run() gets.
 * cli_catch_stop() comes before. Then the store, if there was none. As runner_open() and
 * store_open(). */
int run_session_open(struct run_session *s, const struct loaded *what, struct bl_err *err);

/* Make a run of @what (NULL: s->plan; borrowed until the next run) and store it. @declared (NULL:
 * nothing) is added to what the run declares. 0: the plan was gone through, though trials may have
 * failed (s->progress.n_ok of n_trials have not); -EINTR: a person stopped it; other negative
 * values: the host or the store could not go on. In all three it is ended in the store when
 * s->is_stored, by the id s->run.id. */
int run_session_run(struct run_session *s, const struct loaded *what, const struct facts *declared,
		    struct bl_err *err);

void run_session_done(struct run_session *s);

#endif
