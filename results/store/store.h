/* store.h - the SQLite store: runs, cells, trials, samples, intervals; baselines, changes.
 *
 * The one door to SQLite. WAL mode, foreign keys on, schema in versioned steps: a store of
 * any older version opens and is brought up to date; a newer one is refused. One transaction a
 * trial: what was committed stays, whatever happens next. schema.md describes tables and the views
 * `percentiles` and `cells` for people with sqlite3.
 */
#ifndef STORE_H
#define STORE_H

#include "record.h"

struct store;

enum store_mode { STORE_READ, STORE_WRITE /* made when missing */ };

/* -ENOENT (no such file to read, no such folder to write in), -EINVAL (not a store, newer schema),
 * -EACCES, -EROFS, -EBUSY (another writer for 10 s), -ENOSPC, -EIO, -ENOMEM. A store in a folder
 * that can't be written is readable when no writer left its log beside it. */
int store_open(const char *path, enum store_mode mode, struct store **ret_store,
	       struct bl_err *err);
struct store *store_close(struct store *s);
void store_closep(struct store **s);

/* All functions that put: on failure nothing of the call is in the store, what was there before is,
 * and the same call may be made again (say, once there is space). A text that record.h
 * says is never NULL is refused with -EINVAL when it is, a slice that contradicts itself too. */

/* Begin a run: the run, its environment and its cells, one transaction. -EEXIST. */
int store_put_run(struct store *s, const struct run_record *run, const struct cell_record *cells,
		  size_t n_cells, struct bl_err *err);
/* One trial with everything in it, one transaction, on the disk when it returns. A duplicate id is
 * refused (-EEXIST), a run or cell that was not put too (-EINVAL). */
int store_put_trial(struct store *s, const struct trial_record *t, struct bl_err *err);
/* Set ended_ms and replace the notes. -ENOENT. */
int store_end_run(struct store *s, const char *run_id, uint64_t ended_ms, const struct facts *notes,
		  struct bl_err *err);

/* What a trial is about to take from the host. Committed and on the disk when it returns: only then
 * may the device be touched. -EEXIST; -EINVAL: a run that was not put. */
int store_put_handover(struct store *s, const struct handover_record *h, struct bl_err *err);
/* How giving it back went, by its id: returned_ms, is_back, is_ended, outcome; may be called again
 * after a failure. On the disk when it returns. -ENOENT. */
int store_end_handover(struct store *s, const struct handover_record *h, struct bl_err *err);
/* Those of @host_id that are not back (never tried, or tried in vain) nor ended, oldest first, of
 * all runs. *ret_list is new: end each with handover_record_done(), then free(). */
int store_open_handovers(struct store *s, const char *host_id, struct handover_record **ret_list,
			 size_t *ret_n, struct bl_err *err);

/* A run and how it went, for lists. */
struct store_run_info {
	char id[BL_UUID_TEXT];
	char scenario[128], host[128], host_id[64], accel[16];
	uint64_t started_ms, ended_ms;
	uint32_t n_cells, n_trials, n_ok, n_interrupted;
	uint64_t n_planned; /* trials: cells x repeats x rounds; of a run that had enough: those
			     * it has */
};
/* Newest first; *ret_list is new (free()). */
int store_list_runs(struct store *s, struct store_run_info **ret_list, size_t *ret_n,
		    struct bl_err *err);

/* Does the run @id declare @key (run_record.declared)? 1; 0: it does not, or is not there. */
int store_run_declares(struct store *s, const char *id, const char *key, struct bl_err *err);

/* The newest run that has a cell of that name. 1; 0: there is none. */
int store_run_of_cell(struct store *s, const char *cell, char id[BL_UUID_TEXT], struct bl_err *err);

/* Load a whole run as it was put, at one moment of the store; latency blocks with n == 0 come back
 * as NULL. Signals that can't be read (a damaged blob, or one made to take all memory) are left
 * out, and a note "watched" of the run names the first such trial and job; all else is there. End
 * it with run_data_done(). @run: an id, a unique beginning of one, or NULL for the newest. -ENOENT
 * (names the runs there are), -EINVAL (the beginning is not unique). */
int store_load_run(struct store *s, const char *run, struct run_data *ret_data, struct bl_err *err);
/* As store_load_run(), for histories of many runs: without what only a report of one run shows, so
 * that there are no slices, no signals, and domain_xml and console_tail are NULL. */
int store_load_figures(struct store *s, const char *run, struct run_data *ret_data,
		       struct bl_err *err);
/* The whole id for what a person wrote, as store_load_run() takes it. -ENOENT, -EINVAL. */
int store_resolve(struct store *s, const char *run, char id[BL_UUID_TEXT], struct bl_err *err);

/* A baseline with its runs. -EEXIST: one of that name is in use for the host and scenario (or the
 * id is there); -EINVAL: no runs, one that is not in the store, or one of another host or
 * scenario. From then on its runs can't be deleted. */
int store_put_baseline(struct store *s, const struct baseline_record *b, struct bl_err *err);
/* One more run at its end. -ENOENT: no such baseline; -EEXIST: has the run already; -EINVAL: as
 * above, or the baseline is retired. */
int store_add_baseline_run(struct store *s, const char *id, const char *run, struct bl_err *err);
/* @why may be NULL. Retiring a retired one is -EEXIST; -ENOENT. */
int store_retire_baseline(struct store *s, const char *id, uint64_t retired_ms, const char *why,
			  struct bl_err *err);
/* Of the host with that id (NULL: of all), oldest first. *ret_list is new: end each with
 * baseline_record_done(), then free(). */
int store_list_baselines(struct store *s, const char *host_id, bool with_retired,
			 struct baseline_record **ret_list, size_t *ret_n, struct bl_err *err);

/* Insert, or by its id replace, all of it. */
int store_put_change(struct store *s, const struct change_record *c, struct bl_err *err);
/* Every change of @event of that host and scenario (NULL: of all) gets @state, or none does.
 * -ENOENT: there is none. */
int store_set_event_state(struct store *s, const char *event, const char *host_id,
			  const char *scenario, const char *state, struct bl_err *err);
/* Of a host and a scenario, NULL: of all; in the order of their ids, which is that of time.
 * *ret_list is new: end each with change_record_done(), then free(). */
int store_list_changes(struct store *s, const char *host_id, const char *scenario,
		       struct change_record **ret_list, size_t *ret_n, struct bl_err *err);

/* What merging did. Runs are counted once each: new, more of it, or all of it was here. */
struct store_merge_report {
	uint32_t n_runs;      /* that were not here */
	uint32_t n_completed; /* that were here, and got trials, their end or a hand-over's outcome
			       */
	uint32_t n_same;      /* that were here with all that the other has */
	uint32_t n_trials;    /* put */
	uint32_t n_baselines, n_changes; /* put, or brought up to date */
	char **conflicts; /* sentences: what is another thing here, and was left as it is here */
	size_t n_conflicts;
};
void store_merge_report_done(struct store_merge_report *m);

/* Bring all that the store in @other_path has into @s. Keys are UUIDs, so that stores of any hosts
 * go together; what is here is never overwritten, but for what was open and is closed there: a run
 * that had not ended, a hand-over not given back, a baseline in use, a candidate of a change.
 * Merging both ways gives the same content when there are no conflicts; merging again changes
 * nothing. The other file is only read: an older schema is brought up to date in a copy that SQLite
 * keeps in its folder for temporary files. One transaction a run: after a failure whole runs are
 * here, or not; merging again goes on. *ret is filled, and to be ended, also on failure. -EINVAL:
 * not a store, damaged, a newer schema, @s itself; all of them before anything is put. Others as
 * store_open() and the functions that put. */
int store_merge(struct store *s, const char *other_path, struct store_merge_report *ret,
		struct bl_err *err);
/* Is there a store at @other_path that can be merged? As store_merge(), of the file alone. */
int store_merge_check(const char *other_path, struct bl_err *err);

/* One run (as store_load_run() takes it) as a file of its own: a store with just that, complete in
 * itself, without a log beside it. Made under a temporary name beside it. -EEXIST: something of
 * that name is there, which is left alone. To import it: store_merge(). */
int store_export_run(struct store *s, const char *run, const char *path, struct bl_err *err);

#endif
