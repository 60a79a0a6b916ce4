/* verb_recover.c - blklab recover: put right what a killed run left. */
#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "cli.h"
#include "fs.h"
#include "handovers.h"
#include "rows.h"
#include "runner.h"

struct recovery {
	struct cli *cli;
	char *work_dir, *cache_dir, *store_path;
	struct store *store;
	struct handover_record *open_handovers;
	size_t n_open_handovers;
};

static void recovery_done(struct recovery *r)
{
	open_handovers_done(r->open_handovers, r->n_open_handovers);
	store_closep(&r->store);
	free(r->work_dir);
	free(r->cache_dir);
	free(r->store_path);
}

static void on_note(void *ctx, const char *text)
{
	struct recovery *r = ctx;

	cli_note(r->cli, "%s", text);
}

static int on_handover(void *ctx, const struct handover_record *h, struct bl_err *err)
{
	struct recovery *r = ctx;

	return handover_to_store(r->store, h, err);
}

static int on_is_open(void *ctx, const struct handover_record *h, struct bl_err *err)
{
	struct recovery *r = ctx;

	return handover_is_open(r->store, h, err);
}

/* A store that was never made remembers nothing. */
static int read_store(struct recovery *r, struct bl_err *err)
{
	int e;

	if (!bl_exists(r->store_path))
		return 0;
	e = store_open(r->store_path, STORE_WRITE, &r->store, err);
	return e < 0 ? e
		     : open_handovers_read(r->store, r->work_dir, &r->open_handovers,
					   &r->n_open_handovers, err);
}

static int run_recover(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(recovery_done) struct recovery r = {.cli = cli};
	struct runner_events ev = {
		.ctx = &r, .note = on_note, .handover = on_handover, .is_open = on_is_open};
	struct runner_options opt = {.uri = a->uri};
	size_t n = 0;
	int e = path_work_dir(a, &r.work_dir, err);

	if (e == 0)
		e = path_cache_dir(a, &r.cache_dir, err);
	if (e == 0)
		e = path_store(a, &r.store_path, err);
	if (e == 0)
		e = read_store(&r, err);
	if (e < 0)
		return e;
	opt.work_dir = r.work_dir;
	opt.cache_dir = r.cache_dir;
	opt.forget = a->forget;
	opt.open_handovers = r.open_handovers;
	opt.n_open_handovers = r.n_open_handovers;
	e = runner_recover(&opt, &ev, &n, err);
	if (e == 0 && n == 0)
		cli_note(cli, "nothing was left");
	if (e == 0 && !r.store)
		cli_note(cli,
			 "there is no store '%s', so nothing is known of devices that a run had: "
			 "when one is not back, give the --store of that run",
			 r.store_path);
	return e;
}

static const struct option_row options[] = {
	ROW_STORE,
	{.name = "forget",
	 .kind = OPTION_TEXT,
	 .arg = "SERIAL",
	 .at = AT(forget),
	 .help = "close what is remembered of this disk when it can't be given back, because it "
		 "was pulled or moved"},
	ROW_URI,
	ROW_WORK_DIR,
	ROW_CACHE_DIR,
};

static const struct example examples[] = {
	{"blklab recover", "after a run was killed, when no other is to follow now"},
	{"blklab recover --forget S5XXNX0T123456",
	 "that disk was pulled after the run was killed, and won't come back"},
};

const struct verb verb_recover = {
	.name = "recover",
	.summary = "put right what a killed run left",
	.about =
		"End the VMs whose run is gone, give devices that it had handed to a guest back to "
		"their driver, unmount what it had mounted, and remove its files. The next `blklab "
		"run` does the same before it begins; this is for when there is none to follow.\n\n"
		"The store says which driver a device had: give the same --store and --work-dir "
		"as the run that was killed. What belongs to a run that goes on is left alone.\n\n"
		"A device that can't be given back is tried again each time, and its run can't be "
		"deleted from the store. --forget ends that and says what it forgets; a device "
		"that is still at vfio-pci is not forgotten.",
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_recover,
};
