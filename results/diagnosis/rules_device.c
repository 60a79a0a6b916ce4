/* What the kernel said of the device during a trial, and what its counters did meanwhile.
 *
 * Counters are those of the SMART / health information log and the error information log (NVMe
 * base specification 1.4, 5.14.1.2 and 5.14.1.1).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "rules.h"
#include "units.h"

#define EVENTS_QUOTED 3

enum event { EVENT_RESET, EVENT_ERROR };

static bool has_word_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

/* The kernel's own words (drivers/nvme/host/{core,pci}.c, pciehp). That it is "set up anew" is said
 * as "2/0/0 default/read/poll queues". What vfio-pci says of every hand-over is not kept (see
 * kernel_log.h), nor what was said outside of the time that the trial had the device: whatever is
 * here is trouble, whoever said it. */
static enum event event_of(const char *text)
{
	static const char *const resets[] = {"reset",     "default/read/poll queues",
					     "removing",  "removed",
					     "removal",   "surprise",
					     "link down", "is down",
					     "went down", "frozen",
					     "disabling", "disable controller",
					     "not ready", "card not present"};

	return has_word_of(text, resets, BL_ARRAY_LEN(resets)) ? EVENT_RESET : EVENT_ERROR;
}

static bool is_event(const struct fact *f)
{
	return !strncmp(f->key, "device.event.", strlen("device.event."));
}

static void quote_events(const struct trial_record *t, enum event kind, struct bl_buf *out)
{
	const char *left_out = facts_get(&t->facts, "device.events_left_out");
	size_t n = 0;

	for (size_t i = 0; i < t->facts.n; i++) {
		const struct fact *f = &t->facts.items[i];

		if (!is_event(f) || event_of(f->value) != kind)
			continue;
		if (n < EVENTS_QUOTED)
			bl_buf_addf(out, "%s'%s'", n ? ", " : "the kernel said ", f->value);
		n++;
	}
	if (n > EVENTS_QUOTED)
		bl_buf_addf(out, " and %zu more", n - EVENTS_QUOTED);
	if (n && left_out)
		bl_buf_addf(out, ", and %s of the kernel's lines were not kept", left_out);
}

void rules_of_events(struct diagnosis *g, size_t trial)
{
	const struct trial_record *t = &g->d->trials[trial];
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct where at = {.cell = t->cell, .trial = trial};

	quote_events(t, EVENT_RESET, &said);
	diagnosis_add(
		g, "device-reset", CONFIDENCE_CERTAIN, at, &said,
		"leave this trial out of what you conclude; look at the PCIe link (AER messages, "
		"slot, cable), the power supply and for newer firmware, and plan for it: with "
		"passthrough the guest sees every reset");
}

/* A counter of 128 bits in decimal. false: absent or no number. */
static bool number_of(const char *s, unsigned __int128 *ret)
{
	if (!s || !*s || strspn(s, "0123456789") != strlen(s) || strlen(s) > 38)
		return false;
	for (*ret = 0; *s; s++)
		*ret = *ret * 10 + (unsigned)(*s - '0');
	return true;
}

static bool counter(const struct trial_record *t, const char *when, const char *name,
		    unsigned __int128 *ret)
{
	return number_of(trial_reading(t, when, name), ret);
}

/* @before and @after are NULL or a number in decimal, borrowed from the trial. */
struct change {
	const char *before, *after;
};

static struct change change_of(const struct trial_record *t, const char *name)
{
	return (struct change){trial_reading(t, "before", name), trial_reading(t, "after", name)};
}

static bool has_grown(const struct change *c)
{
	unsigned __int128 before, after;

	return number_of(c->before, &before) && number_of(c->after, &after) && after > before;
}

static bool is_grown(const struct trial_record *t, const char *name)
{
	struct change c = change_of(t, name);

	return has_grown(&c);
}

struct counter_row {
	const char *name, *says;
};

static void say_change(const struct change *c, const char *says, struct bl_buf *out)
{
	bl_buf_addf(out, "%s%s went from %s to %s", out->len ? "; " : "", says, c->before,
		    c->after);
}

/* "media and data integrity errors went from 5 to 7" for each that grew. */
static void say_growth(const struct trial_record *t, const struct counter_row *rows, size_t n,
		       struct bl_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		struct change c = change_of(t, rows[i].name);

		if (has_grown(&c))
			say_change(&c, rows[i].says, out);
	}
}

/* ", and in 2 more trials" of a cell, of which the first was said. */
static void say_more_trials(size_t n, struct bl_buf *out)
{
	if (n > 1)
		bl_buf_addf(out, ", and in %zu more trial%s", n - 1, n > 2 ? "s" : "");
}

/* What leaves no doubt; "": nothing. */
static void say_errors(const struct trial_record *t, struct bl_buf *out)
{
	static const struct counter_row row[] = {
		{"smart.media_errors", "media and data integrity errors"}};

	quote_events(t, EVENT_ERROR, out);
	say_growth(t, row, BL_ARRAY_LEN(row), out);
}

/* Of the error log: while the guest had the device, where it was asked both times. What the host
 * read lies further apart, and the drivers of both set the device up in between: each may ask for
 * what the controller does not have, which adds an entry. */
static struct change log_change(const struct trial_record *t)
{
	struct change c = {facts_get(&t->facts, "device.guest_before.smart.error_log_entries"),
			   facts_get(&t->facts, "device.guest_after.smart.error_log_entries")};

	return c.before && c.after ? c : change_of(t, "smart.error_log_entries");
}

static void say_log(const struct trial_record *t, struct bl_buf *out)
{
	struct change c = log_change(t);
	const char *status = trial_reading(t, "after", "errors.last_status");

	if (!has_grown(&c))
		return;
	say_change(&c, "the number of error log entries", out);
	if (status)
		bl_buf_addf(out, " (status of the newest: %s)", status);
}

static void rule_of_errors(struct diagnosis *g, size_t trial)
{
	const struct trial_record *t = &g->d->trials[trial];
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct where at = {.cell = t->cell, .trial = trial};

	say_errors(t, &said);
	if (said.len)
		say_log(t, &said);
	diagnosis_add(g, "device-errors", CONFIDENCE_CERTAIN, at, &said,
		      "leave this trial out of what you conclude; read the device's error "
		      "log (`nvme error-log`) and back up what is on it");
}

static void say_temperature(const struct trial_record *t, struct bl_buf *out)
{
	const char *before = trial_reading(t, "before", "smart.temperature_c");
	const char *after = trial_reading(t, "after", "smart.temperature_c");

	if (out->len && before && after)
		bl_buf_addf(out, " (%s C before, %s C after)", before, after);
}

static unsigned warning_bits(const struct trial_record *t)
{
	const char *s = trial_reading(t, "after", "smart.critical_warning");

	if (!s)
		s = trial_reading(t, "before", "smart.critical_warning");
	return s ? (unsigned)strtoul(s, NULL, 16) & 0xff : 0;
}

#define BIT_TEMPERATURE 1u /* its number; it has a rule of its own */

static void rule_of_heat(struct diagnosis *g, size_t trial)
{
	static const struct counter_row rows[] = {
		{"smart.warning_temp_min", "minutes above the warning temperature"},
		{"smart.critical_temp_min", "minutes above the critical temperature"},
		{"smart.thermal_1_transitions", "throttling by thermal management temperature 1"},
		{"smart.thermal_2_transitions",
		 "heavy throttling by thermal management temperature 2"},
		{"smart.thermal_1_s", "seconds throttled lightly"},
		{"smart.thermal_2_s", "seconds throttled heavily"}};
	const struct trial_record *t = &g->d->trials[trial];
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct where at = {.cell = t->cell, .trial = trial};

	say_growth(t, rows, BL_ARRAY_LEN(rows), &said);
	if (warning_bits(t) & 1u << BIT_TEMPERATURE)
		bl_buf_addf(&said,
			    "%sits temperature is beyond a threshold (critical warning, bit 1)",
			    said.len ? "; " : "");
	say_temperature(t, &said);
	diagnosis_add(g, "device-thermal", CONFIDENCE_CERTAIN, at, &said,
		      "cool the device (air over the slot, a heat sink) and run again; figures of "
		      "this trial may be those of a throttled controller");
}

void rules_of_counters(struct diagnosis *g, size_t trial)
{
	rule_of_errors(g, trial);
	rule_of_heat(g, trial);
}

/* ---- health: a state, not an event, so said once a cell; what may be harmless likewise ---- */

/* NVMe base specification 1.4, 5.14.1.2, byte 0: critical warning. */
static const char *const warning_names[] = {
	"available spare capacity has fallen below the threshold",
	"temperature beyond a threshold",
	"NVM subsystem reliability is degraded by media errors or an internal error",
	"the media is in read-only mode",
	"the volatile memory backup device has failed",
	"the persistent memory region is read-only or unreliable",
	"reserved bit 6",
	"reserved bit 7",
};

static void say_warnings(const struct trial_record *t, struct bl_buf *out)
{
	unsigned bits = warning_bits(t);

	if (!(bits & ~(1u << BIT_TEMPERATURE)))
		return;
	bl_buf_addf(out, "critical warning 0x%02x: ", bits);
	for (unsigned b = 0, n = 0; b < BL_ARRAY_LEN(warning_names); b++)
		if (bits & 1u << b)
			bl_buf_addf(out, "%s%s", n++ ? ", " : "", warning_names[b]);
}

static void say_wear(const struct trial_record *t, struct bl_buf *out)
{
	unsigned __int128 spare, threshold, used;

	if (counter(t, "after", "smart.available_spare_pct", &spare) &&
	    counter(t, "after", "smart.spare_threshold_pct", &threshold) && spare < threshold)
		bl_buf_addf(out,
			    "%s%u %% of its spare blocks are left, below its threshold of %u %%",
			    out->len ? "; " : "", (unsigned)spare, (unsigned)threshold);
	if (counter(t, "after", "smart.used_pct", &used) && used >= 100)
		bl_buf_addf(out, "%s%u %% of its rated life is used", out->len ? "; " : "",
			    (unsigned)used);
}

static void rule_of_state(struct diagnosis *g, uint32_t cell)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;

	for (size_t i = 0; i < g->d->n_trials; i++) {
		const struct trial_record *t = &g->d->trials[i];

		if (t->cell != cell)
			continue;
		say_warnings(t, &said);
		say_wear(t, &said);
		if (!said.len)
			continue;
		diagnosis_add(
			g, "device-health", CONFIDENCE_CERTAIN,
			(struct where){.cell = cell, .trial = i}, &said,
			"do not put data that you need on it; measure on a healthy device: its "
			"figures would not be those of this one");
		return;
	}
}

/* Only the error log grew. Drivers do that at each set-up, so it is said once a cell. */
static void rule_of_log(struct diagnosis *g, uint32_t cell)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	size_t first = 0, n = 0;

	for (size_t i = 0; i < g->d->n_trials; i++) {
		const struct trial_record *t = &g->d->trials[i];
		BL_CLEANUP(bl_buf_done) struct bl_buf errors = BL_BUF_INIT;
		struct change c = log_change(t);

		if (t->cell != cell || !has_grown(&c))
			continue;
		say_errors(t, &errors);
		if (errors.len || n++) /* errors: it is said with them */
			continue;
		first = i;
		say_log(t, &said);
	}
	say_more_trials(n, &said);
	diagnosis_add(g, "device-errors", CONFIDENCE_POSSIBLE,
		      (struct where){.cell = cell, .trial = first}, &said,
		      "read the error log (`nvme error-log`): a command that the controller "
		      "does not know, asked for at set-up, is harmless; anything of reads "
		      "and writes is not");
}

static void rule_of_power(struct diagnosis *g, uint32_t cell)
{
	static const struct counter_row row[] = {{"smart.unsafe_shutdowns", "unsafe shutdowns"}};
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	size_t first = 0, n = 0;

	for (size_t i = 0; i < g->d->n_trials; i++) {
		const struct trial_record *t = &g->d->trials[i];

		if (t->cell != cell || !is_grown(t, row[0].name))
			continue;
		if (!n++) {
			first = i;
			say_growth(t, row, 1, &said);
		}
	}
	say_more_trials(n, &said);
	diagnosis_add(
		g, "device-health", CONFIDENCE_POSSIBLE,
		(struct where){.cell = cell, .trial = first}, &said,
		is_handed_out(g->d, cell)
			? "harmless when the VM was ended before it had shut the controller "
			  "down, which resets it under the guest; otherwise the device lost "
			  "power during the trial"
			: "the device lost power, or was reset, without being told to shut down "
			  "first: look at its power supply");
}

void rules_of_health(struct diagnosis *g, uint32_t cell)
{
	rule_of_log(g, cell);
	rule_of_state(g, cell);
	rule_of_power(g, cell);
}
