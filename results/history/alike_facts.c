#include "alike_facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"

#define VERSION_KEY "environment.version"

static const struct facts *facts_of(const struct alike_host *h)
{
	const struct run_figures *newest = h->runs[0];

	for (size_t i = 1; i < h->n_runs; i++)
		if (h->runs[i]->started_ms > newest->started_ms)
			newest = h->runs[i];
	return &newest->fingerprint.facts;
}

enum match { DIFFERS, SAME, UNKNOWN /* one of them was not asked for it */ };

/* enum match, or -ENOMEM. */
static int match(const struct alike_host *a, const struct alike_host *b, const char *key)
{
	const char *x = facts_get(facts_of(a), key), *y = facts_get(facts_of(b), key);
	const char *vx = facts_get(facts_of(a), VERSION_KEY);
	const char *vy = facts_get(facts_of(b), VERSION_KEY);

	if (x && y)
		return fingerprint_same(key, x, y);
	if (!vx || !vy || strcmp(vx, vy) != 0)
		return UNKNOWN;
	return x == y ? SAME : DIFFERS;
}

/* What most of the others have, and how many of them. */
static int others_have(const struct alike_host *hosts, size_t n, size_t host, const char *key,
		       struct alike_fact *f)
{
	for (size_t i = 0; i < n; i++) {
		size_t same = 0;

		for (size_t k = 0; i != host && k < n; k++) {
			int r = k == host ? DIFFERS : match(&hosts[i], &hosts[k], key);

			if (r < 0)
				return r;
			same += r == SAME;
		}
		if (same <= f->n_others)
			continue;
		f->others = facts_get(facts_of(&hosts[i]), key);
		f->n_others = same;
	}
	return 0;
}

static int add_fact(struct alike *a, const struct alike_fact *f)
{
	struct alike_fact *more = reallocarray(a->facts, a->n_facts + 1, sizeof *more);

	if (!more)
		return -ENOMEM;
	a->facts = more;
	more[a->n_facts++] = *f;
	return 0;
}

static int look_at(const struct alike_host *hosts, size_t n, size_t host, const char *key,
		   struct alike *a)
{
	struct alike_fact f = {
		.host = host, .key = key, .value = facts_get(facts_of(&hosts[host]), key)};
	size_t n_known = 0;
	int r;

	if (fingerprint_is_of_one_host(key) || !strcmp(key, VERSION_KEY))
		return 0;
	for (size_t k = 0; k < n; k++) {
		r = k == host ? UNKNOWN : match(&hosts[host], &hosts[k], key);
		if (r < 0 || r == SAME) /* then another one has it, too */
			return r < 0 ? r : 0;
		n_known += r == DIFFERS;
	}
	r = others_have(hosts, n, host, key, &f);
	/* When all differ from each other it says nothing of this one. */
	if (r < 0 || !n_known || 2 * f.n_others < n_known || (n > 2 && f.n_others < 2))
		return r;
	return add_fact(a, &f);
}

int alike_add_facts(const struct alike_host *hosts, size_t n, struct alike *a)
{
	int r = 0;

	for (size_t h = 0; h < n; h++) {
		const struct facts *mine = facts_of(&hosts[h]);
		const struct facts *others = facts_of(&hosts[h == 0]);

		for (size_t i = 0; r == 0 && i < mine->n; i++)
			r = look_at(hosts, n, h, mine->items[i].key, a);
		for (size_t i = 0; r == 0 && i < others->n; i++) /* that only this one lacks */
			if (!facts_get(mine, others->items[i].key))
				r = look_at(hosts, n, h, others->items[i].key, a);
	}
	return r;
}
