#include "interrupts_priv.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cleanup.h"
#include "fs.h"
#include "nvme_info.h"
#include "tame.h"
#include "tree.h"
#include "units.h"

#define FILE_MAX (64 * MiB) /* 1024 CPUs with 4096 interrupts have 46 MiB */

/* --- which interrupts --- */

struct listing {
	struct irq_numbers found;
	bool is_short; /* of memory */
};

void irq_numbers_done(struct irq_numbers *s)
{
	free(s->at);
	*s = (struct irq_numbers){0};
}

static int add_number(struct irq_numbers *s, unsigned irq)
{
	unsigned *more = reallocarray(s->at, s->n + 1, sizeof *more);

	if (!more)
		return -ENOMEM;
	s->at = more;
	s->at[s->n++] = irq;
	return 0;
}

static bool has_number(const struct irq_numbers *s, unsigned irq)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i] == irq)
			return true;
	return false;
}

static void keep_number(void *ctx, const char *name)
{
	struct listing *l = ctx;

	if (isdigit((unsigned char)name[0]) &&
	    add_number(&l->found, (unsigned)strtoul(name, NULL, 10)) < 0)
		l->is_short = true;
}

#define MSI_DIR "/sys/bus/pci/devices/%s/msi_irqs"

int irq_numbers_of(const char *root, const char *pci, struct irq_numbers *ret)
{
	BL_CLEANUP(bl_freep) char *dir = bl_strf(MSI_DIR, pci);
	struct listing l = {0};
	uint64_t irq;
	int r = 0;

	if (!dir || tree_names(root, dir, keep_number, &l) == -ENOMEM || l.is_short)
		r = -ENOMEM;
	else if (!l.found.n && (tree_u64(root, &irq, "/sys/bus/pci/devices/%s/irq", pci) < 0 ||
				irq == 0 || irq > UINT_MAX))
		r = -ENOENT;
	else if (!l.found.n)
		r = add_number(&l.found, (unsigned)irq);
	if (r < 0)
		irq_numbers_done(&l.found);
	else
		*ret = l.found;
	return r;
}

struct vector_count {
	const char *root, *pci;
	unsigned n;
};

static void count_msix(void *ctx, const char *irq)
{
	struct vector_count *c = ctx;
	char mode[16];

	if (tree_line(c->root, mode, sizeof mode, MSI_DIR "/%s", c->pci, irq) == 0)
		c->n += !strcmp(mode, "msix");
}

unsigned irq_msix_vectors(const char *root, const char *pci)
{
	BL_CLEANUP(bl_freep) char *dir = bl_strf(MSI_DIR, pci);
	struct vector_count c = {root, pci, 0};

	if (dir)
		tree_names(root, dir, count_msix, &c);
	return c.n;
}

/* --- the table --- */

void irq_table_done(struct irq_table *t)
{
	for (size_t i = 0; i < t->n_lines; i++)
		free(t->lines[i].counts);
	free(t->lines);
	free(t->cpus);
	*t = (struct irq_table){0};
}

/* "           CPU0       CPU1" */
static int read_head(char *line, struct irq_table *t)
{
	char *rest, *word;

	for (word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		unsigned *more;
		char *end;
		unsigned long cpu;

		if (strncmp(word, "CPU", 3) || !isdigit((unsigned char)word[3]))
			return -EIO;
		cpu = strtoul(word + 3, &end, 10);
		if (*end)
			return -EIO;
		more = reallocarray(t->cpus, t->n_cpus + 1, sizeof *more);
		if (!more)
			return -ENOMEM;
		t->cpus = more;
		t->cpus[t->n_cpus++] = (unsigned)cpu;
	}
	return t->n_cpus ? 0 : -EIO;
}

static const char *skip_word(const char *s)
{
	s += strspn(s, " ");
	return s + strcspn(s, " ");
}

/* Behind the counts: chip, number at the chip ("5-edge"), on some machines "Level" or "Edge", then
 * who asked for it, which may have blanks ("PCIe PME, aerdrv"). */
static void read_name(const char *s, struct irq_line *l)
{
	s = skip_word(skip_word(s));
	s += strspn(s, " ");
	if (!strncmp(s, "Level ", 6) || !strncmp(s, "Edge ", 5))
		s = skip_word(s);
	s += strspn(s, " ");
	bl_tame(l->name, sizeof l->name, s, SIZE_MAX);
	if (!bl_trim(l->name))
		snprintf(l->name, sizeof l->name, "irq %u", l->irq);
}

static int add_line(const char *s, unsigned irq, struct irq_table *t)
{
	struct irq_line *more = reallocarray(t->lines, t->n_lines + 1, sizeof *more), *l;

	if (!more)
		return -ENOMEM;
	t->lines = more;
	l = &more[t->n_lines];
	*l = (struct irq_line){.irq = irq, .counts = calloc(t->n_cpus, sizeof *l->counts)};
	if (!l->counts)
		return -ENOMEM;
	t->n_lines++;
	for (size_t i = 0; i < t->n_cpus; i++) {
		char *end;

		s += strspn(s, " ");
		if (!isdigit((unsigned char)*s))
			return -EIO;
		l->counts[i] = strtoull(s, &end, 10);
		if (*end && *end != ' ')
			return -EIO;
		s = end;
	}
	read_name(s, l);
	return 0;
}

static int read_table(char *text, const struct irq_numbers *wanted, struct irq_table *t)
{
	char *rest, *line = strtok_r(text, "\n", &rest), *end;
	int r = line ? read_head(line, t) : -EIO;

	while (r == 0 && (line = strtok_r(NULL, "\n", &rest))) {
		unsigned long irq;

		line += strspn(line, " ");
		irq = strtoul(line, &end, 10);
		if (isdigit((unsigned char)*line) && *end == ':' && irq <= UINT_MAX &&
		    has_number(wanted, (unsigned)irq))
			r = add_line(end + 1, (unsigned)irq, t);
	}
	return r == 0 && !t->n_lines ? -ENOENT : r;
}

int irq_read_pci(const char *root, const char *pci, struct irq_table *ret)
{
	BL_CLEANUP(irq_numbers_done) struct irq_numbers wanted = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/proc/interrupts", root);
	struct irq_table t = {0};
	int r = path ? irq_numbers_of(root, pci, &wanted) : -ENOMEM;

	if (r < 0)
		return r;
	r = bl_read_file(path, FILE_MAX, &text, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : -EIO;
	if (!text.len)
		return -EIO;
	r = read_table(text.data, &wanted, &t);
	if (r < 0)
		irq_table_done(&t);
	else
		*ret = t;
	return r;
}

/* --- the difference --- */

static uint64_t count_of(const struct irq_table *t, const struct irq_line *like, unsigned cpu)
{
	for (size_t i = 0; i < t->n_lines; i++) {
		const struct irq_line *l = &t->lines[i];

		if (l->irq != like->irq || strcmp(l->name, like->name))
			continue;
		for (size_t c = 0; c < t->n_cpus; c++)
			if (t->cpus[c] == cpu)
				return l->counts[c];
	}
	return 0;
}

/* Of column @c of @after, over all lines that are called @name. */
static uint64_t delta_of(const struct irq_table *before, const struct irq_table *after,
			 const char *name, size_t c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < after->n_lines; i++) {
		const struct irq_line *l = &after->lines[i];
		uint64_t was;

		if (strcmp(l->name, name))
			continue;
		was = count_of(before, l, after->cpus[c]);
		sum += l->counts[c] - (was <= l->counts[c] ? was : 0);
	}
	return sum;
}

static bool came_before(const struct irq_table *t, size_t line)
{
	for (size_t i = 0; i < line; i++)
		if (!strcmp(t->lines[i].name, t->lines[line].name))
			return true;
	return false;
}

int irq_each_delta(const struct irq_table *before, const struct irq_table *after,
		   void (*each)(void *ctx, const char *name, const char *counts), void *ctx)
{
	for (size_t i = 0; i < after->n_lines; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
		const char *name = after->lines[i].name;

		if (came_before(after, i))
			continue;
		for (size_t c = 0; c < after->n_cpus; c++) {
			uint64_t n = delta_of(before, after, name, c);

			if (n)
				bl_buf_addf(&text, "%s%u:%llu", text.len ? " " : "", after->cpus[c],
					    (unsigned long long)n);
		}
		if (bl_buf_failed(&text))
			return -ENOMEM;
		if (text.len)
			each(ctx, name, bl_buf_str(&text));
	}
	return 0;
}

/* --- whose --- */

void irq_pci_of_block(const char *root, const char *block, char *out, size_t len)
{
	char controller[32], pci[BL_PCI_TEXT_MAX];

	if (tree_pci(root, pci, "/sys/class/block/%s", block) < 0) {
		nvme_controller_of(root, block, controller, sizeof controller);
		if (controller[0])
			tree_pci(root, pci, "/sys/class/nvme/%s/device", controller);
	}
	snprintf(out, len, "%s", pci);
}
