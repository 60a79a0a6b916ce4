#include "boots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_of(const struct trial_record *t, const struct trial_record *other)
{
	return t->cell == other->cell && t->repeat == other->repeat;
}

/* Is trial @i the first of its cell and repeat, or the first ok one? */
static bool is_first(const struct run_data *d, size_t i, bool of_ok)
{
	for (size_t k = 0; k < i; k++)
		if (is_of(&d->trials[k], &d->trials[i]) &&
		    (!of_ok || d->trials[k].state == TRIAL_OK))
			return false;
	return true;
}

static uint32_t count_rounds(const struct run_data *d, size_t i)
{
	uint32_t n = 0;

	for (size_t k = 0; k < d->n_trials; k++)
		n += is_of(&d->trials[k], &d->trials[i]);
	return n;
}

/* A boot has the id of one of its trials; a record that was never stored may have none. */
static bool shares_boot(const struct run_data *d, const struct trial_record *t)
{
	for (size_t k = 0; k < d->n_trials; k++) {
		const struct trial_record *other = &d->trials[k];

		if (other->repeat == t->repeat && other->cell != t->cell && t->boot[0] &&
		    strcmp(other->boot, t->boot) == 0)
			return true;
	}
	return false;
}

struct cell_boots boots_of(const struct run_data *d, uint32_t cell)
{
	struct cell_boots b = {0};

	for (size_t i = 0; i < d->n_trials; i++) {
		const struct trial_record *t = &d->trials[i];
		uint32_t rounds;

		if (t->cell != cell)
			continue;
		b.n_ok += t->state == TRIAL_OK && is_first(d, i, true);
		if (!is_first(d, i, false))
			continue;
		b.n++;
		rounds = count_rounds(d, i);
		if (rounds > b.n_rounds)
			b.n_rounds = rounds;
		b.shares = b.shares || shares_boot(d, t);
	}
	return b;
}

static int by_repeat(const void *a, const void *b)
{
	const struct boot_value *x = a, *y = b;

	if (x->repeat != y->repeat)
		return x->repeat < y->repeat ? -1 : 1;
	return (x->rounds > y->rounds) - (x->rounds < y->rounds);
}

/* v[n], the rounds of one boot, as one: the geometric mean, or the arithmetic one where a logarithm
 * would not exist. A lone one stays bit for bit. */
static struct boot_value mean_of_rounds(const struct boot_value *v, size_t n)
{
	struct boot_value mean = v[0];
	double logs = 0, sum = 0;
	bool has_logs = true;

	for (size_t i = 0; i < n; i++) {
		has_logs = has_logs && v[i].value > 0;
		logs += has_logs ? log(v[i].value) : 0;
		sum += v[i].value;
		mean.rounds |= v[i].rounds;
	}
	if (n > 1)
		mean.value = has_logs ? exp(logs / (double)n) : sum / (double)n;
	return mean;
}

size_t boots_merge(struct boot_value *v, size_t n, size_t *ret_most)
{
	size_t out = 0;

	qsort(v, n, sizeof *v, by_repeat);
	*ret_most = 0;
	for (size_t i = 0, len; i < n; i += len) {
		len = 1;
		while (i + len < n && v[i + len].repeat == v[i].repeat)
			len++;
		*ret_most = len > *ret_most ? len : *ret_most;
		v[out++] = mean_of_rounds(v + i, len);
	}
	return out;
}

void boots_text(const struct cell_boots *b, size_t n_boots, struct bl_buf *out)
{
	const char *s = n_boots == 1 ? "" : "s";

	if (b->n_rounds > 1)
		bl_buf_addf(out, "%zu boot%s x %u rounds", n_boots, s, b->n_rounds);
	else
		bl_buf_addf(out, "%zu trial%s", n_boots, s);
}
