#include "steady.h"

#include <stdio.h>

static const struct {
	const char *option, *unit, *what;
} modes[JOB_SSES] = {
	[JOB_SS_NONE] = {"", "", ""},
	[JOB_SS_IOPS] = {"iops", "iops", "mean dev"},
	[JOB_SS_IOPS_SLOPE] = {"iops_slope", "iops", "slope"},
	[JOB_SS_BW] = {"bw", "bw", "mean dev"},
	[JOB_SS_BW_SLOPE] = {"bw_slope", "bw", "slope"},
};

static uint64_t mean(const uint64_t *v, uint32_t n)
{
	unsigned __int128 sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += v[i];
	return n ? (uint64_t)(sum / n) : 0;
}

void steady_text(const struct job *j, const struct engine_steady *s, struct steady_text *out)
{
	const char *pct = j->ss_limit_is_pct ? "%" : "";

	*out = (struct steady_text){.bw_mean = mean(s->bw_bytes, s->n),
				    .iops_mean = mean(s->iops, s->n)};
	snprintf(out->asked, sizeof(out->asked), "%s:%f%s", modes[j->steadystate].option,
		 j->ss_limit, pct);
	snprintf(out->criterion, sizeof(out->criterion), "%f%s", s->criterion, pct);
}

void steady_verdict(const struct job *j, const struct engine_steady *s, struct bl_buf *out)
{
	bl_buf_addf(out, "%s %s=%.3f%s", modes[j->steadystate].unit, modes[j->steadystate].what,
		    s->criterion, j->ss_limit_is_pct ? "%" : "");
}
