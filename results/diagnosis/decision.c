#include "decision.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "figure.h"
#include "fs.h"
#include "measured.h"
#include "rules.h"

const char *const decision_names[] = {
	"not-asked", "passthrough", "conditional", "virtio", "not-yet", "cannot-tell",
};
const char *const decision_answers[] = {
	"Not asked", "Yes", "Yes, if", "No, virtio", "Not yet", "Cannot tell",
};

_Static_assert(BL_ARRAY_LEN(decision_names) == DECISIONS, "a name for each decision");
_Static_assert(BL_ARRAY_LEN(decision_answers) == DECISIONS, "an answer for each decision");

#define IN_SENTENCE 2 /* jobs; the lines have them all */

static const enum metric of_tail[] = {METRIC_P99, METRIC_P99_9, METRICS};
static const enum metric of_cpu[] = {METRIC_CPU_PER_IO, METRICS};
static const enum metric of_both[] = {METRIC_P99, METRIC_P99_9, METRIC_CPU_PER_IO, METRICS};

/* What the scenario declares. */
struct need_row {
	const char *name, *question;
	const char *against; /* the answer that speaks against passthrough */
	enum decision then;
	const char *why;       /* the sentence when it decides */
	const char *condition; /* "yes, if ...", when it is unsaid */
};

static const struct need_row needs_first[] = {
	{"live_migration", "Must it migrate live?", "yes", DECISION_VIRTIO,
	 "the VM must migrate live, and one that holds a device of the host cannot be moved while "
	 "it runs",
	 "it need not migrate live"},
	{"snapshots", "Must the host take snapshots of its disk?", "yes", DECISION_VIRTIO,
	 "snapshots of its disk are needed, and what is on a device that was handed over only the "
	 "guest can read",
	 "the host need not take snapshots of its disk"},
	{"shared_device", "Must others share the device?", "yes", DECISION_VIRTIO,
	 "the device must be shared, and a controller that was handed over is one VM's alone",
	 "it can have the device to itself"},
	{"latency_critical", "Is its workload critical at p99 or p99.9?", "no", DECISION_VIRTIO,
	 "its workload is said not to be critical at p99 or p99.9, so that there is nothing to pay "
	 "with migration, snapshots and sharing for",
	 "its workload is critical at p99 or p99.9"},
};
static const struct need_row need_last = {
	"device_faults_handled",
	"Is it designed for resets and errors of the device?",
	"no",
	DECISION_NOT_YET,
	"the scenario says that resets and errors of the device are not handled, and with "
	"passthrough the guest has them first hand: design for that first (replication, failover, "
	"alerts on the error counters)",
	"it survives a reset of its disk",
};

#define CONDITIONS_MAX 9 /* five needs, CPU or tail, the jobs, an open tail, an emulated CPU */

struct deciding {
	const struct run_data *d;
	struct measured m;
	const struct findings *found;
	struct passthrough_decision *out;
	char *conditions[CONDITIONS_MAX]; /* of a yes */
	size_t n_conditions;
	bool is_decided, failed;
};

/* One more line of the checklist; both texts are emptied. NULL: no memory. */
static struct decision_line *add_line(struct deciding *x, const char *question,
				      struct bl_buf *answer, struct bl_buf *evidence,
				      int speaks_for)
{
	struct passthrough_decision *p = x->out;
	struct decision_line *more = reallocarray(p->lines, p->n + 1, sizeof *more), *l;

	if (!more) {
		x->failed = true;
		return NULL;
	}
	p->lines = more;
	l = &more[p->n++];
	*l = (struct decision_line){.question = question,
				    .answer = bl_buf_take(answer),
				    .marked = bl_buf_take(evidence),
				    .speaks_for = speaks_for};
	l->evidence = figure_unmarked(l->marked);
	if (!l->answer || !l->evidence)
		x->failed = true;
	return l;
}

/* @text is its own from here on; NULL: no memory. */
static void add_condition(struct deciding *x, char *text)
{
	assert(x->n_conditions < CONDITIONS_MAX);
	x->failed |= !text;
	if (text)
		x->conditions[x->n_conditions++] = text;
}

/* " a, b and c" */
static void say_conditions(const struct deciding *x, struct bl_buf *out)
{
	for (size_t i = 0; i < x->n_conditions; i++)
		bl_buf_addf(out, "%s%s",
			    !i                        ? " "
			    : i + 1 < x->n_conditions ? ", "
						      : " and ",
			    x->conditions[i]);
}

/* "Yes, if a and b" and "Yes, if a and b: @why." */
static void say_decision(struct deciding *x, enum decision is, const struct bl_buf *why)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf answer = BL_BUF_INIT;
	struct passthrough_decision *p = x->out;

	bl_buf_adds(&answer, decision_answers[is]);
	if (is == DECISION_CONDITIONAL)
		say_conditions(x, &answer);
	p->decision = is;
	p->marked = bl_strf("%s: %s.", bl_buf_str(&answer), bl_buf_str(why));
	p->sentence = figure_unmarked(p->marked);
	p->answer = bl_buf_take(&answer);
	x->failed |= !p->sentence || !p->answer || bl_buf_failed(why);
}

/* @l, if nothing before it did. */
static void decide(struct deciding *x, struct decision_line *l, enum decision is,
		   const struct bl_buf *why)
{
	if (x->is_decided || !l)
		return;
	x->is_decided = l->decided = true;
	say_decision(x, is, why);
}

static const char *opposite(const char *answer)
{
	return !strcmp(answer, "yes") ? "no" : "yes";
}

/* How many findings of resets and errors there are of cells with the device in the guest or in
 * QEMU. */
static void say_faults(const struct deciding *x, struct bl_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < x->found->n; i++) {
		const struct finding *f = &x->found->items[i];

		n += is_handed_out(x->d, f->cell) &&
		     (!strcmp(f->cause, "device-reset") || !strcmp(f->cause, "device-errors"));
	}
	if (n)
		bl_buf_addf(out, "; this run has %zu finding%s of resets or errors", n,
			    n > 1 ? "s" : "");
	else
		bl_buf_adds(out, "; none was seen in this run, which is short");
}

static void ask_need(struct deciding *x, const struct need_row *need)
{
	BL_CLEANUP(bl_buf_done)
	struct bl_buf answer = BL_BUF_INIT, evidence = BL_BUF_INIT, why = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf key = BL_BUF_INIT;
	struct decision_line *l;
	const char *said;
	int speaks = 0;

	bl_buf_addf(&key, "needs.%s", need->name);
	x->failed |= bl_buf_failed(&key); /* it would read as "not said" */
	said = facts_get(&x->d->run.declared, bl_buf_str(&key));
	if (said) {
		speaks = strcmp(said, need->against) ? 1 : -1;
		bl_buf_adds(&answer, said);
		bl_buf_addf(&evidence, "the scenario says %s: %s", need->name, said);
	} else {
		bl_buf_adds(&answer, "not said");
		bl_buf_addf(&evidence,
			    "the scenario does not say; 'needs: { %s: %s }' would speak for "
			    "passthrough",
			    need->name, opposite(need->against));
		add_condition(x, strdup(need->condition));
	}
	if (need == &need_last)
		say_faults(x, &evidence);
	l = add_line(x, need->question, &answer, &evidence, speaks);
	if (speaks >= 0)
		return;
	bl_buf_adds(&why, need->why);
	decide(x, l, need->then, &why);
}

/* ---- what was measured ---- */

/* What somebody must know of the VM where a gain has its price, or is not one of every job. */
static void weigh(struct deciding *x)
{
	const struct tally *t = &x->m.tail, *c = &x->m.cpu;
	bool is_better = t->better || t->mixed, is_worse = t->worse || t->mixed;

	if (is_worse && !is_better)
		add_condition(x, strdup("CPU time matters more to it than the tail"));
	if (is_better && !is_worse && c->worse && !c->better)
		add_condition(x, strdup("the tail matters more to it than CPU time"));
	if ((is_better && is_worse) || (c->better && c->worse))
		add_condition(x, strdup("the jobs that are better are those that matter"));
	if (t->open)
		add_condition(x, bl_strf("its tail is not worse in the %zu of %zu jobs of which it "
					 "can't be told",
					 t->open, t->n));
}

static const char *cell_name(const struct deciding *x, uint32_t cell)
{
	return x->d->cells[cell].name;
}

/* Why there is nothing to compare. */
static void say_unknown(const struct deciding *x, struct bl_buf *out)
{
	if (x->m.cell == NO_CELL)
		bl_buf_adds(out, "no cell with bus vfio has figures of every job");
	else if (x->m.best_virtio == NO_CELL)
		bl_buf_adds(out, "the run has no virtio cell with figures of every job to compare "
				 "with: add bus virtio-blk with storage device");
	else
		bl_buf_adds(out, "no job has a p99 on both sides: give it a longer runtime");
}

/* All jobs, a line each; or the first ones in a sentence. */
static void say_pair(const struct deciding *x, const enum metric *which, size_t most,
		     struct bl_buf *out)
{
	const char *sep = most == SIZE_MAX ? ";\n" : "; ";

	bl_buf_addf(out, "'%s' against '%s':%s", cell_name(x, x->m.cell),
		    cell_name(x, x->m.best_virtio), most == SIZE_MAX ? "\n" : " ");
	say_jobs(&x->m, x->m.best_virtio, x->m.cell, which, most, sep, out);
	if (!x->m.is_as_good)
		bl_buf_adds(out, "; no virtio cell is on the same device past the host's page "
				 "cache with the same vCPUs, kernel and emulator, this one is the "
				 "nearest");
}

static void ask_measured(struct deciding *x, const char *question, const struct tally *t,
			 const enum metric *which)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf answer = BL_BUF_INIT, evidence = BL_BUF_INIT;

	say_tally(t, &answer);
	if (gain_of(&x->m) == GAIN_UNKNOWN)
		say_unknown(x, &evidence);
	else
		say_pair(x, which, SIZE_MAX, &evidence);
	add_line(x, question, &answer, &evidence, speaks_of(t));
}

/* Rule 5. Returns where its line is, unless memory ran out. */
static size_t ask_gain(struct deciding *x)
{
	size_t at = x->out->n;

	ask_measured(x, "Is its tail better than the best virtio cell's?", &x->m.tail, of_tail);
	ask_measured(x, "Does an I/O cost less CPU time?", &x->m.cpu, of_cpu);
	if (gain_of(&x->m) == GAIN_NONE && !run_is_emulated(&x->d->run) && !x->failed) {
		BL_CLEANUP(bl_buf_done) struct bl_buf why = BL_BUF_INIT;

		bl_buf_adds(&why, "the layer it would remove costs nothing here; ");
		say_pair(x, of_both, IN_SENTENCE, &why);
		decide(x, &x->out->lines[at], DECISION_VIRTIO, &why);
	}
	return at;
}

/* ---- hand-over ---- */

struct handed {
	size_t n_trials, n_ok, n_given, n_back;
	const struct trial_record *first_bad;
	const char *group; /* IOMMU group; NULL: not known */
};

static struct handed count_handed(const struct run_data *d)
{
	struct handed h = {0};

	for (size_t i = 0; i < d->n_trials; i++) {
		const struct trial_record *t = &d->trials[i];

		/* QEMU's own driver may fail where the guest's works */
		if (strcmp(axis_of(d, t->cell, "bus"), "vfio") || t->state == TRIAL_INTERRUPTED)
			continue;
		h.n_trials++;
		h.n_ok += t->state == TRIAL_OK;
		if (t->state != TRIAL_OK && !h.first_bad)
			h.first_bad = t;
		if (!h.group)
			h.group = facts_get(&t->facts, "device.iommu_group");
	}
	for (size_t i = 0; i < d->n_handovers; i++) {
		if (d->handovers[i].kind != HANDOVER_VFIO)
			continue;
		h.n_given++;
		h.n_back += d->handovers[i].is_back;
	}
	return h;
}

/* Rule 6. */
static void ask_handover(struct deciding *x)
{
	BL_CLEANUP(bl_buf_done)
	struct bl_buf answer = BL_BUF_INIT, evidence = BL_BUF_INIT, why = BL_BUF_INIT;
	struct handed h = count_handed(x->d);
	bool is_bad = h.first_bad || h.n_back < h.n_given;
	struct decision_line *l;

	bl_buf_adds(&answer, is_bad ? "no" : h.n_trials ? "yes" : "not tried");
	bl_buf_addf(&evidence, "%zu of %zu trials with bus vfio ran", h.n_ok, h.n_trials);
	if (h.n_given)
		bl_buf_addf(&evidence, ", the device came back from %zu of %zu hand-overs",
			    h.n_back, h.n_given);
	if (h.group)
		bl_buf_addf(&evidence, ", IOMMU group %s", h.group);
	if (h.first_bad)
		bl_buf_addf(&evidence, "; '%s' %s: %s", cell_name(x, h.first_bad->cell),
			    trial_state_names[h.first_bad->state],
			    h.first_bad->reason ? h.first_bad->reason : "no reason was kept");
	bl_buf_addf(&why, "%s: %s",
		    h.n_ok || h.n_given ? "the hand-over did not work without a fault"
					: "nothing was handed over",
		    bl_buf_str(&evidence));
	l = add_line(x, "Did the IOMMU and the hand-over work?", &answer, &evidence,
		     is_bad       ? -1
		     : h.n_trials ? 1
				  : 0);
	if (is_bad)
		decide(x, l, DECISION_NOT_YET, &why);
}

/* For the reader, not a rule: the same device without its driver of the host. */
static void tell_userspace(struct deciding *x)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf answer = BL_BUF_INIT, evidence = BL_BUF_INIT;
	const struct measured *m = &x->m;

	if (m->userspace == NO_CELL || m->best_virtio == NO_CELL)
		return;
	bl_buf_adds(&answer, "compare");
	bl_buf_addf(&evidence, "'%s' against '%s':\n", cell_name(x, m->userspace),
		    cell_name(x, m->best_virtio));
	say_jobs(m, m->best_virtio, m->userspace, of_both, SIZE_MAX, ";\n", &evidence);
	bl_buf_adds(&evidence,
		    ";\nthe device is the VM's alone as well, but the guest sees virtio");
	add_line(x, "Would QEMU's own NVMe driver do?", &answer, &evidence, 0);
}

/* ---- nothing stood in the way ---- */

static void conclude(struct deciding *x, struct decision_line *measured)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf why = BL_BUF_INIT;
	enum gain gain = gain_of(&x->m);

	if (gain == GAIN_UNKNOWN) {
		say_unknown(x, &why);
		decide(x, measured, DECISION_CANNOT_TELL, &why);
		return;
	}
	if (gain == GAIN_OPEN || gain == GAIN_NONE) {
		bl_buf_adds(&why, "no better tail is proved (");
		if (gain == GAIN_OPEN)
			say_why_open(&x->m, &why);
		else
			bl_buf_adds(&why, "and the CPU was emulated, which hides what layers cost");
		bl_buf_adds(&why, "); ");
		say_pair(x, of_both, IN_SENTENCE, &why);
		decide(x, measured, DECISION_CANNOT_TELL, &why);
		return;
	}
	weigh(x);
	if (run_is_emulated(&x->d->run))
		add_condition(x,
			      strdup("the gain shows on a real CPU too (this one was emulated)"));
	say_pair(x, of_both, IN_SENTENCE, &why);
	decide(x, measured, x->n_conditions ? DECISION_CONDITIONAL : DECISION_PASSTHROUGH, &why);
}

static void ask_all(struct deciding *x)
{
	size_t measured;

	for (size_t i = 0; i < BL_ARRAY_LEN(needs_first); i++)
		ask_need(x, &needs_first[i]);
	measured = ask_gain(x);
	ask_handover(x);
	ask_need(x, &need_last);
	tell_userspace(x);
	if (!x->failed)
		conclude(x, &x->out->lines[measured]);
}

static bool has_vfio(const struct run_data *d)
{
	for (uint32_t c = 0; c < d->n_cells; c++)
		if (!strcmp(axis_of(d, c, "bus"), "vfio"))
			return true;
	return false;
}

/* Whom QEMU's own driver has the device for may ask; of others' runs nothing is said. */
static void tell_not_asked(struct deciding *x)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf why = BL_BUF_INIT;
	uint32_t c = 0;

	while (c < x->d->n_cells && !is_handed_out(x->d, c))
		c++;
	if (c == x->d->n_cells)
		return;
	bl_buf_adds(&why, "the run has no cell with bus vfio");
	say_decision(x, DECISION_NOT_ASKED, &why);
}

int decide_passthrough(const struct run_data *d, const struct summaries *sums,
		       const struct findings *found, struct passthrough_decision *ret,
		       struct bl_err *err)
{
	struct passthrough_decision p = {.cell = NO_CELL, .best_virtio = NO_CELL};
	struct deciding x = {.d = d, .found = found, .out = &p};

	if (has_vfio(d)) {
		measure(d, sums, &x.m);
		p.cell = x.m.cell;
		p.best_virtio = x.m.best_virtio;
		ask_all(&x);
	} else {
		tell_not_asked(&x);
	}
	for (size_t i = 0; i < x.n_conditions; i++)
		free(x.conditions[i]);
	if (x.failed) {
		passthrough_decision_done(&p);
		return bl_fail(err, -ENOMEM, "no memory for a decision");
	}
	*ret = p;
	return 0;
}

const char *decision_speaks(int speaks_for)
{
	return speaks_for > 0 ? "for it" : speaks_for < 0 ? "against" : "open";
}

void passthrough_decision_done(struct passthrough_decision *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->lines[i].answer);
		free(p->lines[i].evidence);
		free(p->lines[i].marked);
	}
	free(p->lines);
	free(p->answer);
	free(p->sentence);
	free(p->marked);
	*p = (struct passthrough_decision){0};
}
