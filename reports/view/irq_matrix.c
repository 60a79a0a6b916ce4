#include "irq_matrix.h"

#include <stdlib.h>
#include <string.h>

#include "irq_counts.h"

static int by_number(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

/* Columns for the CPUs with most interrupts in all. */
static void choose_cpus(const uint64_t per_cpu[IRQ_CPUS_MAX], struct irq_matrix *m)
{
	bool has_column[IRQ_CPUS_MAX] = {false};
	size_t n_any = 0;

	for (unsigned c = 0; c < IRQ_CPUS_MAX; c++)
		n_any += per_cpu[c] > 0;
	while (m->n_cpus < IRQ_COLUMNS && m->n_cpus < n_any) {
		unsigned best = IRQ_CPUS_MAX;

		for (unsigned c = 0; c < IRQ_CPUS_MAX; c++)
			if (!has_column[c] && per_cpu[c] &&
			    (best == IRQ_CPUS_MAX || per_cpu[c] > per_cpu[best]))
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

	while (irq_next_count(&text, &cpu, &n)) {
		const unsigned *col =
			bsearch(&cpu, m->cpus, m->n_cpus, sizeof(*m->cpus), by_number);
		uint64_t *field = col ? &row->counts[col - m->cpus] : &row->others;

		*field += n;
		if (*field > m->most)
			m->most = *field;
	}
}

void irq_matrix(const struct job_result *j, const char *side, struct irq_matrix *ret)
{
	uint64_t per_cpu[IRQ_CPUS_MAX] = {0};

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < j->facts.n; i++) {
		if (irq_line_name(&j->facts.items[i], side))
			irq_add_counts(j->facts.items[i].value, per_cpu);
	}
	choose_cpus(per_cpu, ret);
	for (size_t i = 0; i < j->facts.n; i++) {
		const char *name = irq_line_name(&j->facts.items[i], side);

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
