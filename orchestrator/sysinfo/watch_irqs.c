#include "watch_irqs.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "interrupts_priv.h"
#include "tree.h"

#define FIND_EVERY 10

struct watched_irq {
	unsigned irq;
	char name[SERIES_NAME_MAX]; /* "irq.nvme0q1"; "": nobody has asked for it */
	struct kept_file counts;    /* "0,123": per possible CPU */
	bool has_sum;               /* it is the first of its name, and was read */
	uint64_t sum;
};

void irq_watch_done(struct irq_watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		kept_file_done(&w->irqs[i].counts);
	free(w->irqs);
	*w = (struct irq_watch){0};
}

/* A signal's name has no blanks. */
static void name_irq(struct watched_irq *one, const char *root)
{
	char actions[IRQ_NAME_MAX];

	if (tree_line(root, actions, sizeof actions, "/sys/kernel/irq/%u/actions", one->irq) < 0 ||
	    !actions[0] ||
	    (size_t)snprintf(one->name, sizeof one->name, "irq.%s", actions) >= sizeof one->name) {
		one->name[0] = '\0';
		return;
	}
	for (char *s = one->name; *s; s++)
		if (*s <= ' ' || *s > '~')
			*s = *s == ' ' ? '_' : '?';
}

static bool is_same(const struct irq_watch *w, const struct irq_numbers *found)
{
	for (size_t i = 0; i < w->n; i++)
		if (i >= found->n || w->irqs[i].irq != found->at[i] || !w->irqs[i].name[0])
			return false;
	return w->n == found->n;
}

/* Drivers ask for interrupts when they start: a look now and then finds them. */
static void find(struct irq_watch *w, const char *root)
{
	BL_CLEANUP(irq_numbers_done) struct irq_numbers found = {0};

	irq_numbers_of(root, w->pci, &found);
	if (is_same(w, &found))
		return;
	for (size_t i = 0; i < w->n; i++)
		kept_file_done(&w->irqs[i].counts);
	free(w->irqs);
	w->irqs = calloc(found.n + 1, sizeof *w->irqs);
	w->n = w->irqs ? found.n : 0;
	for (size_t i = 0; i < w->n; i++) {
		struct watched_irq *one = &w->irqs[i];

		one->irq = found.at[i];
		name_irq(one, root);
		if (one->name[0]) /* without memory it is never read */
			kept_file_init(&one->counts, root, "/sys/kernel/irq/%u/per_cpu_count",
				       one->irq);
	}
}

/* Added to the first one of its name. */
static void count(struct irq_watch *w, struct watched_irq *one, struct kept_text *text)
{
	struct watched_irq *first = w->irqs;
	uint64_t on_cpu;
	const char *s;

	if (!one->name[0] || kept_file_read(&one->counts, text) < 0)
		return;
	while (strcmp(first->name, one->name) != 0)
		first++;
	for (s = text->data; kept_next_u64(&s, &on_cpu); s += *s == ',')
		first->sum += on_cpu;
	first->has_sum |= s != text->data;
}

void irq_watch_put(struct irq_watch *w, const char *root, const char *pci, struct kept_text *text,
		   struct series_set *set)
{
	if (strncmp(w->pci, pci, sizeof w->pci - 1) != 0) {
		irq_watch_done(w);
		snprintf(w->pci, sizeof w->pci, "%s", pci);
	}
	if (w->turn++ % FIND_EVERY == 0)
		find(w, root);
	for (size_t i = 0; i < w->n; i++) {
		w->irqs[i].has_sum = false;
		w->irqs[i].sum = 0;
	}
	for (size_t i = 0; i < w->n; i++)
		count(w, &w->irqs[i], text);
	for (size_t i = 0; i < w->n; i++)
		if (w->irqs[i].has_sum)
			series_put(set, w->irqs[i].name, SERIES_COUNTER, w->irqs[i].sum);
}
