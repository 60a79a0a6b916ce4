#include "budget_text.h"

#include <math.h>
#include <string.h>

#include "cleanup.h"

const char *const budget_dir_nouns[IO_DIRS] = {"read", "write", "trim", "flush"};
const char *const budget_dir_plurals[IO_DIRS] = {"reads", "writes", "trims", "flushes"};

#define GRAIN_NS   1
#define ROLE_LEAST 0.01 /* of all, or it is not worth its words */
#define WAIT_SAID  0.1  /* of what it ran */

enum budget_part budget_largest(const struct budget_dir *b)
{
	int best = BUDGET_PARTS;

	for (int p = 0; p < BUDGET_PARTS; p++) {
		if (b->part[p].has &&
		    (best == BUDGET_PARTS || b->part[p].own_ns > b->part[best].own_ns))
			best = p;
	}
	return (enum budget_part)best;
}

const char *budget_part_label(const struct budget_dir *b, int part, bool is_host)
{
	if (!is_host)
		return budget_part_names[part];
	if (part == PART_GUEST)
		return "above the block layer";
	return b->part[part].has ? budget_part_names[part] : NULL;
}

bool budget_is_joined(const struct budget_dir *b, int part, bool is_host)
{
	const struct budget_line *l = &b->part[part];

	return !l->has && l->joined_to != (enum budget_part)part &&
	       budget_part_label(b, part, is_host);
}

char *budget_own(const struct fmt_style *st, char out[FMT_MAX], const struct budget_line *l)
{
	return fmt_ns(st, out, l->own_ns < GRAIN_NS ? 0 : l->own_ns);
}

void budget_title(const struct budget_dir *b, int dir, bool is_host, const struct fmt_style *st,
		  struct bl_buf *out)
{
	enum budget_part p = budget_largest(b);
	char total[FMT_MAX];

	fmt_ns(st, total, b->total_ns);
	if (p == BUDGET_PARTS)
		bl_buf_addf(out, "a %s takes %s", budget_dir_nouns[dir], total);
	else
		bl_buf_addf(out, "%.0f%s of a %s's %s: %s", b->part[p].share * 100, st->percent,
			    budget_dir_nouns[dir], total, budget_part_label(b, (int)p, is_host));
}

static const char *role_name(const char *role)
{
	return strcmp(role, "vcpu") == 0 ? "vCPUs" : strcmp(role, "main") == 0 ? "main loop" : role;
}

void budget_cpu(const struct job_analysis *a, const struct fmt_style *st, struct bl_buf *out)
{
	double sum = 0;
	char num[FMT_MAX];
	size_t n = 0;

	for (size_t i = 0; i < a->n_roles; i++)
		sum += a->roles[i].run_ns_per_io;
	if (!(sum > 0))
		return;
	bl_buf_addf(out, "CPU %s per I/O", fmt_ns(st, num, sum));
	for (size_t i = 0; i < a->n_roles; i++) {
		const struct role_cost *r = &a->roles[i];

		if (r->run_ns_per_io < sum * ROLE_LEAST)
			continue;
		bl_buf_addf(out, "%s%s %s", n++ ? ", " : ": ", role_name(r->role),
			    fmt_ns(st, num, r->run_ns_per_io));
		if (isfinite(r->wait_ns_per_io) && r->wait_ns_per_io > r->run_ns_per_io * WAIT_SAID)
			bl_buf_addf(out, " (and %s waiting for a CPU)",
				    fmt_ns(st, num, r->wait_ns_per_io));
	}
}

void budget_counts(const struct budget_dir *b, const struct fmt_style *st, struct bl_buf *out)
{
	char num[FMT_MAX];

	for (int l = 0; l < LAYER_ATS; l++)
		bl_buf_addf(out, "%s%s", l ? " / " : "",
			    isfinite(b->n[l]) ? fmt_sig3(st, num, b->n[l]) : "-");
}

bool budget_is_told(const struct layer_seen *layers)
{
	for (int at = LAYER_AT_ENGINE + 1; at < LAYER_ATS; at++) {
		if (!layers[at].absent[0])
			return true;
	}
	return false;
}
