#include "irq_matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS_MAX 4096

/* The interrupt's name when @f is one of @side. */
static const char *line_of(const struct fact *f, const char *side)
{
	size_t n = strlen(side);

	if (strncmp(f->key, "irq.", 4) != 0 || strncmp(f->key + 4, side, n) != 0 ||
	    f->key[4 + n] != '.')
		return NULL;
	return f->key + 4 + n + 1;
}

/* "0:1234 3:55", one CPU after the other. false: no more, or no such text. */
static bool next_count(const char **at, unsigned *ret_cpu, uint64_t *ret_n)
{
	char *end;
	unsigned long cpu = strtoul(*at, &end, 10);

	if (end == *at || *end != ':' || cpu >= CPUS_MAX)
		return false;
	*ret_n = strtoull(end + 1, &end, 10);
	*ret_cpu = (unsigned)cpu;
	*at = end + strspn(end, " ");
	return true;
}

static int by_number(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

/* Columns for the CPUs with most interrupts in all. */
static void choose_cpus(const uint64_t per_cpu[CPUS_MAX], struct irq_matrix *m)
{
	bool has_column[CPUS_MAX] = {false};
	size_t n_any = 0;

	for (unsigned c = 0; c < CPUS_MAX; c++)
		n_any += per_cpu[c] > 0;
	while (m->n_cpus < IRQ_COLUMNS && m->n_cpus < n_any) {
		unsigned best = CPUS_MAX;

		for (unsigned c = 0; c < CPUS_MAX; c++)
			if (!has_column[c] && per_cpu[c] &&
			    (best == CPUS_MAX || per_cpu[c] > per_cpu[best]))
				best = c;
		has_column[best] = true;
		m->cpus[m->n_cpus++] = best;
	}
	qsort(m->cpus, m->n_cpus, sizeof(*m->cpus), by_number);
	m->n_others = n_any - m->n_cpus;
}

static void fill_row(const char *text, struct irq_matrix *m, struct irq_row *row)
{
	unsigned cpu;
	uint64_t n;

	while (next_count(&text, &cpu, &n)) {
		const unsigned *col =
			bsearch(&cpu, m->cpus, m->n_cpus, sizeof(*m->cpus), by_number);
		uint64_t *field = col ? &row->counts[col - m->cpus] : &row->others;

		*field += n;
		row->all += n;
		if (*field > m->most)
			m->most = *field;
	}
}

void irq_matrix(const struct job_result *j, const char *side, struct irq_matrix *ret)
{
	uint64_t per_cpu[CPUS_MAX] = {0};

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < j->facts.n; i++) {
		const char *text = j->facts.items[i].value;
		unsigned cpu;
		uint64_t n;

		while (line_of(&j->facts.items[i], side) && next_count(&text, &cpu, &n))
			per_cpu[cpu] += n;
	}
	choose_cpus(per_cpu, ret);
	for (size_t i = 0; i < j->facts.n; i++) {
		const char *name = line_of(&j->facts.items[i], side);

		if (!name)
			continue;
		if (ret->n == IRQ_LINES) {
			ret->n_left_out++;
			continue;
		}
		ret->rows[ret->n].name = name;
		fill_row(j->facts.items[i].value, ret, &ret->rows[ret->n++]);
	}
}
