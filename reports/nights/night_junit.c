/* A night as JUnit XML, in the shape that Jenkins, GitLab and others read: no schema of its own
 * was ever published, so this keeps to what the schemas in use (Ant's, Jenkins' xUnit) have in
 * common. */
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "fmt.h"
#include "night_parts.h"

/* What a testcase ends as. */
enum end { END_PASSED, END_FAILED, END_SKIPPED, END_ERROR, ENDS };

/* XML 1.0 has no way to write controls, and fmt_html() has replaced them. */
static void add_attribute(struct bl_buf *out, const char *name, const char *value)
{
	bl_buf_addf(out, " %s=\"", name);
	fmt_html(out, value);
	bl_buf_addc(out, '"');
}

static void add_case(const struct night *n, const char *cell, const char *name, struct bl_buf *out)
{
	struct bl_buf class = BL_BUF_INIT;

	bl_buf_addf(&class, "%s.%s", n->scenario, cell);
	bl_buf_adds(out, "    <testcase");
	add_attribute(out, "name", name);
	add_attribute(out, "classname", fmt_part(out, &class));
	bl_buf_adds(out, " time=\"0\"");
	bl_buf_done(&class);
}

static void end_case(enum end end, const char *type, const char *message, const char *text,
		     struct bl_buf *out)
{
	static const char *const elements[ENDS] = {NULL, "failure", "skipped", "error"};

	if (end == END_PASSED) {
		bl_buf_adds(out, "/>\n");
		return;
	}
	bl_buf_addf(out, ">\n      <%s", elements[end]);
	if (end != END_SKIPPED) /* Ant's has nothing on it */
		add_attribute(out, "type", type);
	add_attribute(out, "message", message);
	bl_buf_addc(out, '>');
	if (end != END_SKIPPED)
		fmt_html(out, text);
	bl_buf_addf(out, "</%s>\n    </testcase>\n", elements[end]);
}

/* Off for one night is no failure: the text of the suite says it. */
static enum end end_of_point(const struct night *n, const struct night_point *p)
{
	const struct night_change *c = night_change_of(n, p);

	if (c && night_change_alarms(n, c))
		return END_FAILED;
	return p->verdict == PROFILE_CANNOT_TELL ? END_SKIPPED : END_PASSED;
}

/* "p99 412 us -> 623 us, +51 % (...)": what a list of failed cases shows. */
static void say_change(const struct night_change *c, struct bl_buf *out)
{
	bl_buf_addf(out, "%s ", night_metric_label(c->metric));
	night_figure(c->metric, c->before, out);
	bl_buf_adds(out, " -> ");
	night_figure(c->metric, c->after, out);
	bl_buf_adds(out, ", ");
	night_ratio(c->ratio, c->lo > 0 && c->hi > 0, c->lo, c->hi, out);
}

static void say_cause(const struct night_change *c, struct bl_buf *out)
{
	char when[32];

	bl_buf_addf(out, "since %s, %s", bl_format_utc(when, c->at_ms),
		    change_state_names[c->state]);
	if (c->cause)
		bl_buf_addf(out, "; on that night: %s", c->cause);
	if (c->confirmation)
		bl_buf_addf(out, "; %s", c->confirmation);
}

static void add_metric_case(const struct night *n, const char *cell, const char *job, enum metric m,
			    struct bl_buf *out)
{
	struct bl_buf name = BL_BUF_INIT;

	bl_buf_addf(&name, "%s %s", job, metric_names[m]);
	add_case(n, cell, fmt_part(out, &name), out);
	bl_buf_done(&name);
}

static void add_point(const struct night *n, const struct night_point *p, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf message = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const struct night_change *c = night_change_of(n, p);
	enum end end = end_of_point(n, p);

	if (end == END_SKIPPED) {
		bl_buf_adds(&message, p->why[0] ? p->why : "cannot tell");
	} else if (end == END_FAILED) {
		say_change(c, &message);
		say_cause(c, &text);
	}
	add_metric_case(n, p->cell, p->job, p->metric, out);
	end_case(end, "changed", fmt_part(out, &message), fmt_part(out, &text), out);
}

/* Changes of what was not measured this night. */
static bool has_point(const struct night *n, const struct night_change *c)
{
	for (size_t i = 0; i < n->n_points; i++) {
		if (night_change_of(n, &n->points[i]) == c)
			return true;
	}
	return false;
}

static void add_change(const struct night *n, const struct night_change *c, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf message = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	say_change(c, &message);
	say_cause(c, &text);
	add_metric_case(n, c->cell, c->job, c->metric, out);
	end_case(END_FAILED, "changed", fmt_part(out, &message), fmt_part(out, &text), out);
}

static void add_failure(const struct night *n, const struct night_failure *f, struct bl_buf *out)
{
	char name[32];

	snprintf(name, sizeof name, "trial %u", f->repeat + 1);
	add_case(n, f->cell, name, out);
	end_case(END_ERROR, "trial", f->reason, f->reason, out);
}

/* A night without figures is one case, so that it is not taken for a success. */
static enum end end_of_empty(const struct night *n)
{
	if (n->n_points || n->n_failures || n->outcome == NIGHT_OK)
		return END_PASSED;
	return n->outcome == NIGHT_NOT_MEASURED ? END_ERROR : END_SKIPPED;
}

static void count(const struct night *n, size_t by[ENDS])
{
	enum end empty = end_of_empty(n);

	for (size_t i = 0; i < n->n_points; i++)
		by[end_of_point(n, &n->points[i])]++;
	for (size_t i = 0; i < n->n_changes; i++)
		by[END_FAILED] +=
			night_change_alarms(n, &n->changes[i]) && !has_point(n, &n->changes[i]);
	by[END_ERROR] += n->n_failures;
	if (empty != END_PASSED)
		by[empty]++;
}

static void add_counts(const size_t by[ENDS], const struct night *n, struct bl_buf *out)
{
	double s = n->ended_ms > n->started_ms ? (double)(n->ended_ms - n->started_ms) / 1000 : 0;

	bl_buf_addf(out,
		    " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
		    by[END_PASSED] + by[END_FAILED] + by[END_SKIPPED] + by[END_ERROR],
		    by[END_FAILED], by[END_ERROR], by[END_SKIPPED], s);
}

static void add_property(const char *name, const char *value, struct bl_buf *out)
{
	if (!value || !value[0])
		return;
	bl_buf_adds(out, "      <property");
	add_attribute(out, "name", name);
	add_attribute(out, "value", value);
	bl_buf_adds(out, "/>\n");
}

static void add_properties(const struct night *n, struct bl_buf *out)
{
	bl_buf_adds(out, "    <properties>\n");
	add_property("outcome", night_outcome_names[n->outcome], out);
	add_property("run", n->run_id, out);
	add_property("version", n->version, out);
	add_property("accel", n->accel, out);
	add_property("baseline", n->baseline, out);
	for (size_t i = 0; i < n->n_environment; i++)
		add_property("environment", n->environment[i], out);
	bl_buf_adds(out, "    </properties>\n");
}

void night_junit(const struct night *n, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	enum end empty = end_of_empty(n);
	size_t by[ENDS] = {0};
	char when[32];

	count(n, by);
	bl_buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
			 "  <testsuite id=\"0\" package=\"blklab\"");
	add_attribute(out, "name", n->scenario);
	add_counts(by, n, out);
	/* Ant's schema has no zone: it is UTC. */
	bl_buf_addf(out, " timestamp=\"%.19s\"", bl_format_utc(when, n->started_ms));
	add_attribute(out, "hostname", n->host_name);
	bl_buf_adds(out, ">\n");
	add_properties(n, out);
	if (empty != END_PASSED) {
		add_case(n, "night", "measured", out);
		end_case(empty, "night", n->reason, n->reason, out);
	}
	for (size_t i = 0; i < n->n_points; i++)
		add_point(n, &n->points[i], out);
	for (size_t i = 0; i < n->n_changes; i++) {
		if (night_change_alarms(n, &n->changes[i]) && !has_point(n, &n->changes[i]))
			add_change(n, &n->changes[i], out);
	}
	for (size_t i = 0; i < n->n_failures; i++)
		add_failure(n, &n->failures[i], out);
	night_text(n, &text);
	/* A case that passed has no text in Ant's schema: all that is off goes here. */
	night_text_points(n, &text);
	bl_buf_adds(out, "    <system-out>");
	fmt_html(out, fmt_part(out, &text));
	bl_buf_adds(out, "</system-out>\n    <system-err></system-err>\n"
			 "  </testsuite>\n</testsuites>\n");
}
