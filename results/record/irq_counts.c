#include "irq_counts.h"

#include <stdlib.h>
#include <string.h>

const char *irq_line_name(const struct fact *f, const char *side)
{
	size_t n = strlen(side);

	if (strncmp(f->key, "irq.", 4) || strncmp(f->key + 4, side, n) || f->key[4 + n] != '.')
		return NULL;
	return f->key + 4 + n + 1;
}

bool irq_next_count(const char **at, unsigned *ret_cpu, uint64_t *ret_n)
{
	char *end;
	unsigned long cpu = strtoul(*at, &end, 10);

	if (end == *at || *end != ':' || cpu >= IRQ_CPUS_MAX)
		return false;
	*ret_n = strtoull(end + 1, &end, 10);
	*ret_cpu = (unsigned)cpu;
	*at = end + strspn(end, " ");
	return true;
}

void irq_add_counts(const char *text, uint64_t *per_cpu)
{
	unsigned cpu;
	uint64_t n;

	while (irq_next_count(&text, &cpu, &n))
		per_cpu[cpu] += n;
}
