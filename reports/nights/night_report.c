#include "night_report.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "fmt.h"
#include "night_parts.h"

const char *night_metric_label(enum metric m)
{
	static const char *const labels[METRICS] = {
		[METRIC_IOPS] = "IOPS", [METRIC_BYTES_PER_S] = "bandwidth",
		[METRIC_MEAN] = "mean", [METRIC_P50] = "p50",
		[METRIC_P99] = "p99",   [METRIC_P99_9] = "p99.9",
		[METRIC_MAX] = "max",   [METRIC_CPU_PER_IO] = "CPU per I/O",
	};

	return labels[m];
}

void night_figure(enum metric m, double v, struct bl_buf *out)
{
	char text[FMT_MAX];

	switch (m) {
	case METRIC_IOPS:
		bl_buf_adds(out, fmt_sig3(&fmt_plain, text, v));
		break;
	case METRIC_BYTES_PER_S:
		bl_buf_addf(out, "%s MiB/s", fmt_mib(&fmt_plain, text, v));
		break;
	default:
		bl_buf_adds(out, fmt_ns(&fmt_plain, text, v));
	}
}

void night_ratio(double ratio, bool has_interval, double lo, double hi, struct bl_buf *out)
{
	char a[FMT_MAX], b[FMT_MAX];

	bl_buf_adds(out, fmt_change(&fmt_plain, a, ratio));
	if (has_interval)
		bl_buf_addf(out, " (%s to %s)", fmt_change(&fmt_plain, a, lo),
			    fmt_change(&fmt_plain, b, hi));
}

const struct night_change *night_change_of(const struct night *n, const struct night_point *p)
{
	const struct night_change *found = NULL;

	for (size_t i = 0; i < n->n_changes; i++) {
		const struct night_change *c = &n->changes[i];

		if (c->metric == p->metric && !strcmp(c->cell, p->cell) &&
		    !strcmp(c->job, p->job) && (!found || c->at_ms > found->at_ms))
			found = c;
	}
	return found;
}

void night_headline(const struct night *n, struct bl_buf *out)
{
	if (n->is_test)
		bl_buf_adds(out, "blklab: this is a test: ");
	else
		bl_buf_addf(out, "blklab: %s%s: ", night_outcome_names[n->outcome],
			    n->outcome == NIGHT_CHANGED && night_is_worse(n) ? " for the worse"
									     : "");
	fmt_clean(out, n->scenario, 0);
	bl_buf_adds(out, " on ");
	fmt_clean(out, n->host_name[0] ? n->host_name : "a host without a name", 0);
}

void night_id(const struct night *n, struct bl_buf *out)
{
	if (n->run_id[0]) {
		bl_buf_adds(out, n->run_id);
		return;
	}
	fmt_clean(out, n->host_id, 0);
	bl_buf_addc(out, '-');
	fmt_clean(out, n->scenario, 0);
	bl_buf_addf(out, "-%llu", (unsigned long long)n->started_ms);
}

int report_night(const struct night *n, enum night_format f, struct bl_buf *out, struct bl_err *err)
{
	static void (*const writers[NIGHT_FORMATS])(const struct night *, struct bl_buf *) = {
		[NIGHT_TEXT] = night_text,
		[NIGHT_JUNIT] = night_junit,
		[NIGHT_METRICS] = night_metrics,
	};
	int r = 0;

	if (f == NIGHT_JSON)
		r = night_json(n, out);
	else
		writers[f](n, out);
	if (r < 0 || bl_buf_failed(out))
		return bl_fail(err, -ENOMEM, "out of memory for what is told of the night");
	return 0;
}
