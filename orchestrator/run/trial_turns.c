/* trial_turns.c - the trials of a boot, one behind the other, and what becomes of their records. */
#define TRIAL_INTERNAL
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "console.h"
#include "fs.h"
#include "trial_priv.h"
#include "units.h"

#define END_KNOWN_NS (2 * NS_PER_S)
#define ALIVE_NS     (5 * NS_PER_S) /* in which a guest that lives answers a ping */

/* --- what went wrong, in one sentence --- */

enum trial_state trial_state_of(const struct trial *t, int result)
{
	if (result == 0)
		return TRIAL_OK;
	if (result == -EINTR)
		return TRIAL_INTERRUPTED;
	return t->state != TRIAL_OK ? t->state : TRIAL_FAILED;
}

/* A server that ended or complains: what the guest noticed of it is not the reason. */
static void add_server(struct trial *t, struct bl_buf *b)
{
	char text[512];

	if (t->disk->nbd.log && nbd_server_trouble(&t->disk->nbd, text, sizeof text))
		bl_buf_addf(b, "; %s", text);
}

/* A guest that is gone or says nothing leaves its reason on the console and with the
 * hypervisor; a panic there is what happened, whatever was noticed first. */
char *trial_reason(struct trial *t, int result)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	const char *why;
	char line[256];

	bl_buf_adds(&b, bl_err_text(&t->err));
	if (result != -EINTR)
		add_server(t, &b);
	if (!t->vm || result == -EINTR || (result != -EPIPE && result != -ETIMEDOUT))
		return bl_buf_take(&b);
	if (result == -EPIPE) /* the channel closes a moment before the end is known */
		hv_vm_wait_end(t->vm, END_KNOWN_NS);
	why = hv_vm_end_reason(t->vm);
	if (why)
		bl_buf_addf(&b, "; %s", why);
	if (console_panic(t->console, line, sizeof line))
		bl_buf_addf(&b, "; the guest panicked: '%s'", line);
	else if (console_last_line(t->console, line, sizeof line))
		bl_buf_addf(&b, "; its console ends with '%s'", line);
	else
		bl_buf_adds(&b, "; its console is empty");
	return bl_buf_take(&b);
}

/* --- does the rest of the boot go on? --- */

/* After a timeout the agent may still be at the last request, and takes no other. */
static bool ends_all(int result)
{
	return result == -EINTR || result == -EPIPE || result == -ETIMEDOUT || result == -EBADMSG ||
	       result == -ENOSPC || result == -ENOMEM;
}

bool trial_goes_on(struct trial *t, int result)
{
	struct guest_clock clock;
	char line[256];

	if (t->n_turns == 1 || ends_all(result) || trial_is_stopped(t))
		return false;
	if (!t->guest)
		return true;
	if (hv_vm_state(t->vm) != HV_RUNNING || console_panic(t->console, line, sizeof line))
		return false;
	return guest_clock(t->guest, 1, ALIVE_NS, &clock, NULL) == 0;
}

/* The next one finds no trace of what went wrong. */
static void forget_error(struct trial *t)
{
	t->err = (struct bl_err)BL_ERR_INIT;
	t->state = TRIAL_OK;
}

void trial_set_aside(struct trial *t, int result)
{
	t->disk->result = result;
	t->disk->state = trial_state_of(t, result);
	t->disk->reason = trial_reason(t, result);
	forget_error(t);
}

/* --- the turns --- */

static int measure(struct trial *t)
{
	int r = t->guest && t->s->n_cells > 1 ? trial_turn_to(t) : 0;

	if (r == 0)
		r = trial_drop_caches(t);
	if (r < 0)
		return r;
	return t->guest ? trial_jobs_in_guest(t) : trial_jobs_on_host(t);
}

static int run_turn(struct trial *t, struct trial_turn *turn)
{
	struct trial_record *rec = turn->rec;
	int r;

	t->disk = &t->disks[turn->disk];
	if (t->disk->result < 0)
		return 0;
	if (trial_is_stopped(t))
		return bl_fail(&t->err, -EINTR, "stopped by the user");
	t->rec = rec;
	t->n_begun++;
	t->progress.trial = rec->order;
	t->progress.cell = t->disk->cell;
	/* The boot and the fills are the first one's, as they are of a trial that boots alone. */
	rec->started_ms = t->n_begun == 1 ? t->boot.started_ms : bl_wall_ms();
	r = measure(t);
	/* That of a lone one is the boot's, which is not at its end. */
	if (t->n_turns == 1 || (r < 0 && !trial_goes_on(t, r)))
		return r;
	rec->ended_ms = bl_wall_ms();
	rec->state = trial_state_of(t, r);
	rec->reason = r < 0 ? trial_reason(t, r) : NULL;
	turn->was_reached = true;
	forget_error(t);
	return 0;
}

int trial_turns(struct trial *t)
{
	int r = 0;

	for (size_t i = 0; i < t->n_turns && r == 0; i++)
		r = run_turn(t, &t->turns[i]);
	return r;
}

/* --- the records --- */

static int add_missing(struct facts *to, const struct facts *from, const struct facts *unless)
{
	int r = 0;

	for (size_t i = 0; i < from->n && r == 0; i++)
		if (!facts_get(unless, from->items[i].key))
			r = facts_add(to, from->items[i].key, from->items[i].value);
	return r;
}

/* Those of the boot first, then of the disk; the trial's own word counts. */
static int gather_facts(const struct trial *t, const struct trial_disk *d, struct facts *own)
{
	struct facts all = {0};
	int r = add_missing(&all, &t->boot.facts, own);

	if (r == 0)
		r = add_missing(&all, &d->found.facts, own);
	if (r == 0)
		r = facts_copy(&all, own);
	facts_done(own);
	*own = all;
	return r;
}

static int gather_effective(const struct trial_disk *d, struct effectives *own)
{
	struct effectives all = {0};
	const struct effectives *from[] = {&d->found.effective, own};
	int r = 0;

	for (size_t k = 0; k < BL_ARRAY_LEN(from); k++) {
		for (size_t i = 0; i < from[k]->n && r == 0; i++) {
			const struct effective *e = &from[k]->items[i];

			r = effectives_add(&all, e->key, e->asked, e->effective, e->source);
		}
	}
	effectives_done(own);
	*own = all;
	return r;
}

static void fill_in(const struct trial *t, const struct trial_disk *d, struct trial_record *rec)
{
	int r = gather_facts(t, d, &rec->facts);

	if (r == 0)
		r = gather_effective(d, &rec->effective);
	if (t->boot.domain_xml)
		rec->domain_xml = strdup(t->boot.domain_xml);
	if (t->boot.console_tail)
		rec->console_tail = strdup(t->boot.console_tail);
	if (r == 0 || rec->state != TRIAL_OK)
		return;
	rec->state = TRIAL_FAILED;
	rec->reason = strdup("out of memory for what was found out");
}

/* How a trial ended that did not end by itself. */
struct end {
	enum trial_state state;
	const char *reason; /* NULL: well */
};

static void end_turn(const struct trial *t, struct trial_turn *turn, const struct end *end)
{
	struct trial_record *rec = turn->rec;

	turn->was_reached = true;
	rec->ended_ms = bl_wall_ms();
	if (!rec->started_ms) /* it took no time of its own, unless it is all there was */
		rec->started_ms = t->n_begun ? rec->ended_ms : t->boot.started_ms;
	rec->state = end->state;
	rec->reason = end->reason ? strdup(end->reason) : NULL;
}

/* The trial under way ends as the boot does; those behind it were not run. */
static void end_with_boot(const struct trial *t, struct trial_turn *turn, int result,
			  const char *reason, bool is_behind)
{
	struct end end = {trial_state_of(t, result), reason};
	BL_CLEANUP(bl_freep)
	char *text = is_behind ? bl_strf("not run, since its boot had ended: %s", reason) : NULL;

	if (text)
		end = (struct end){TRIAL_FAILED, text};
	end_turn(t, turn, &end);
}

void trial_close_turns(struct trial *t, int result, const char *reason)
{
	bool is_behind = false;

	if (result < 0 && t->n_turns > 1)
		facts_add(&t->boot.facts, "boot.ended_early", reason);
	for (size_t i = 0; i < t->n_turns; i++) {
		struct trial_turn *turn = &t->turns[i];
		const struct trial_disk *d = &t->disks[turn->disk];
		const struct end out = {d->state, d->reason ? d->reason : "out of memory"};

		if (!turn->was_reached && d->result < 0) {
			end_turn(t, turn, &out);
		} else if (!turn->was_reached) {
			if (is_behind && result == -EINTR)
				continue; /* as a trial that was not begun */
			end_with_boot(t, turn, result, reason, is_behind && t->n_begun);
			is_behind = true;
		}
		fill_in(t, d, turn->rec);
	}
}
