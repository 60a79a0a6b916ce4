#include "watch_system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "kept_file.h"
#include "process_stat.h"
#include "units.h"
#include "watch_irqs.h"

#define SECTOR_BYTES      512 /* of /proc/diskstats, whatever the disk's block is */
#define DISK_FIELDS       17  /* Documentation/admin-guide/iostats.rst */
#define DISK_FIELDS_LEAST 11  /* before discards (4.18) and flushes (5.5) were counted */

enum pressure_file { PRESSURE_CPU, PRESSURE_IO, PRESSURE_MEMORY, PRESSURES };
static const char *const pressure_names[PRESSURES] = {"cpu", "io", "memory"};

struct watched_disk {
	char name[64];
	struct kept_file stat;
	uint64_t last[DISK_FIELDS], wrapped[DISK_FIELDS];
};

struct system_watch {
	char *root;
	struct kept_text text;
	struct kept_file cpu, meminfo, vmstat, pressure[PRESSURES];
	struct irq_watch irqs;
	struct watched_disk *disks;
	size_t n_disks;
	uint64_t tick_ns;
};

struct system_watch *system_watch_new(const char *root)
{
	struct system_watch *w = calloc(1, sizeof *w);
	int r = 0;

	if (!w)
		return NULL;
	w->root = strdup(root ? root : "");
	w->tick_ns = process_tick_ns();
	r |= w->root ? 0 : -1;
	r |= kept_file_init(&w->cpu, root, "/proc/stat");
	r |= kept_file_init(&w->meminfo, root, "/proc/meminfo");
	r |= kept_file_init(&w->vmstat, root, "/proc/vmstat");
	for (size_t i = 0; i < PRESSURES; i++)
		r |= kept_file_init(&w->pressure[i], root, "/proc/pressure/%s", pressure_names[i]);
	return r ? system_watch_free(w) : w;
}

struct system_watch *system_watch_free(struct system_watch *w)
{
	if (!w)
		return NULL;
	for (size_t i = 0; i < w->n_disks; i++)
		kept_file_done(&w->disks[i].stat);
	for (size_t i = 0; i < PRESSURES; i++)
		kept_file_done(&w->pressure[i]);
	kept_file_done(&w->cpu);
	kept_file_done(&w->meminfo);
	kept_file_done(&w->vmstat);
	irq_watch_done(&w->irqs);
	free(w->disks);
	free(w->text.data);
	free(w->root);
	free(w);
	return NULL;
}

/* @prefix @name: joined without printf, which would be most of what a reading costs. */
static void put(struct series_set *set, enum series_kind kind, const char *prefix, const char *name,
		uint64_t value)
{
	size_t n = strlen(prefix), m = strlen(name);
	char full[SERIES_NAME_MAX];

	if (n + m >= sizeof full)
		return;
	memcpy(full, prefix, n);
	memcpy(full + n, name, m + 1);
	series_put(set, full, kind, value);
}

static const char *next_line(const char *s)
{
	s = strchr(s, '\n');
	return s ? s + 1 : NULL;
}

/* --- CPUs: proc_stat(5) --- */

enum cpu_field { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, CPU_FIELDS };

/* Kernels before 2.6.11 have fewer. */
static bool read_cpu(const char *s, uint64_t tick_ns, uint64_t out[CPU_FIELDS])
{
	for (size_t i = 0; i < CPU_FIELDS; i++) {
		if (!kept_next_u64(&s, &out[i]))
			return false;
		out[i] *= tick_ns;
	}
	return true;
}

static void put_cpu(struct series_set *set, const char *prefix, const uint64_t f[CPU_FIELDS])
{
	put(set, SERIES_COUNTER, prefix, "user_ns", f[USER] + f[NICE]);
	put(set, SERIES_COUNTER, prefix, "system_ns", f[SYSTEM]);
	put(set, SERIES_COUNTER, prefix, "iowait_ns", f[IOWAIT]);
	put(set, SERIES_COUNTER, prefix, "irq_ns", f[IRQ]);
	put(set, SERIES_COUNTER, prefix, "softirq_ns", f[SOFTIRQ]);
	put(set, SERIES_COUNTER, prefix, "steal_ns", f[STEAL]);
	put(set, SERIES_COUNTER, prefix, "idle_ns", f[IDLE]);
}

void system_watch_cpus(struct system_watch *w, struct series_set *set)
{
	uint64_t f[CPU_FIELDS];
	const char *s;

	if (kept_file_read(&w->cpu, &w->text) < 0)
		return;
	for (s = w->text.data; s && !strncmp(s, "cpu", 3); s = next_line(s)) {
		size_t n = strcspn(s, " \n");
		char prefix[24];

		if (n == strlen("cpu") || n > sizeof prefix - 2) /* the first is their sum */
			continue;
		memcpy(prefix, s, n);
		memcpy(prefix + n, ".", 2);
		if (read_cpu(s + n, w->tick_ns, f))
			put_cpu(set, prefix, f);
	}
}

void system_watch_cpu_sum(struct system_watch *w, struct series_set *set)
{
	uint64_t f[CPU_FIELDS];

	if (kept_file_read(&w->cpu, &w->text) < 0 || strncmp(w->text.data, "cpu ", 4) != 0 ||
	    !read_cpu(w->text.data + 4, w->tick_ns, f))
		return;
	put(set, SERIES_COUNTER, "cpu.", "busy_ns",
	    f[USER] + f[NICE] + f[SYSTEM] + f[IRQ] + f[SOFTIRQ]);
	put(set, SERIES_COUNTER, "cpu.", "idle_ns", f[IDLE]);
	put(set, SERIES_COUNTER, "cpu.", "iowait_ns", f[IOWAIT]);
	put(set, SERIES_COUNTER, "cpu.", "steal_ns", f[STEAL]);
	put(set, SERIES_COUNTER, "cpu.", "irq_ns", f[IRQ]);
	put(set, SERIES_COUNTER, "cpu.", "softirq_ns", f[SOFTIRQ]);
}

/* --- disks --- */

enum disk_field { /* their places in /sys/class/block/X/stat */
		  READS,
		  READ_MERGES,
		  READ_SECTORS,
		  READ_MS,
		  WRITES,
		  WRITE_MERGES,
		  WRITE_SECTORS,
		  WRITE_MS,
		  IN_FLIGHT,
		  BUSY_MS,
		  QUEUE_MS,
		  DISCARDS,
		  DISCARD_MERGES,
		  DISCARD_SECTORS,
		  DISCARD_MS,
		  FLUSHES,
		  FLUSH_MS,
};

static const struct {
	const char *name;
	enum disk_field field;
	uint64_t unit;
	enum series_kind kind;
} disk_signals[] = {
	{"reads", READS, 1, SERIES_COUNTER},
	{"read_bytes", READ_SECTORS, SECTOR_BYTES, SERIES_COUNTER},
	{"read_ns", READ_MS, NS_PER_MS, SERIES_COUNTER},
	{"writes", WRITES, 1, SERIES_COUNTER},
	{"write_bytes", WRITE_SECTORS, SECTOR_BYTES, SERIES_COUNTER},
	{"write_ns", WRITE_MS, NS_PER_MS, SERIES_COUNTER},
	{"discards", DISCARDS, 1, SERIES_COUNTER},
	{"discard_bytes", DISCARD_SECTORS, SECTOR_BYTES, SERIES_COUNTER},
	{"discard_ns", DISCARD_MS, NS_PER_MS, SERIES_COUNTER},
	{"flushes", FLUSHES, 1, SERIES_COUNTER},
	{"flush_ns", FLUSH_MS, NS_PER_MS, SERIES_COUNTER},
	{"busy_ns", BUSY_MS, NS_PER_MS, SERIES_COUNTER},
	{"queue_ns", QUEUE_MS, NS_PER_MS, SERIES_COUNTER},
	{"in_flight", IN_FLIGHT, 1, SERIES_GAUGE},
};

static struct watched_disk *disk_of(struct system_watch *w, const char *name)
{
	struct watched_disk *more;

	for (size_t i = 0; i < w->n_disks; i++)
		if (!strcmp(w->disks[i].name, name))
			return &w->disks[i];
	if (strlen(name) >= sizeof more->name)
		return NULL;
	more = reallocarray(w->disks, w->n_disks + 1, sizeof *more);
	if (!more)
		return NULL;
	w->disks = more;
	more += w->n_disks;
	*more = (struct watched_disk){0};
	strcpy(more->name, name);
	if (kept_file_init(&more->stat, w->root, "/sys/class/block/%s/stat", name) < 0)
		return NULL;
	w->n_disks++;
	return more;
}

static bool is_ms(size_t field)
{
	return field == READ_MS || field == WRITE_MS || field == BUSY_MS || field == QUEUE_MS ||
	       field == DISCARD_MS || field == FLUSH_MS;
}

/* The kernel keeps ns in 64 bits and prints ms as an unsigned int (part_stat_show() in
 * block/genhd.c). A small step back is another disk under the name, not a wrap. */
static void unwrap(struct watched_disk *d, size_t field, uint64_t *value)
{
	uint64_t now = *value;

	if (d->last[field] > now && d->last[field] - now > UINT32_MAX / 2)
		d->wrapped[field] += (uint64_t)UINT32_MAX + 1;
	d->last[field] = now;
	*value = now + d->wrapped[field];
}

/* How many fields; none: it can't be read. */
static size_t read_disk(struct system_watch *w, struct watched_disk *d, uint64_t f[DISK_FIELDS])
{
	const char *s;
	size_t n = 0;

	if (kept_file_read(&d->stat, &w->text) < 0)
		return 0;
	for (s = w->text.data; n < DISK_FIELDS && kept_next_u64(&s, &f[n]); n++)
		if (is_ms(n))
			unwrap(d, n, &f[n]);
	return n;
}

void system_watch_disk(struct system_watch *w, const char *name, const char *prefix,
		       struct series_set *set)
{
	struct watched_disk *d = disk_of(w, name);
	char start[SERIES_NAME_MAX];
	uint64_t f[DISK_FIELDS] = {0};
	size_t n = d ? read_disk(w, d, f) : 0;

	if (n < DISK_FIELDS_LEAST ||
	    (size_t)snprintf(start, sizeof start, "%s.", prefix) >= sizeof start)
		return;
	for (size_t i = 0; i < BL_ARRAY_LEN(disk_signals); i++)
		if (disk_signals[i].field < n)
			put(set, disk_signals[i].kind, start, disk_signals[i].name,
			    f[disk_signals[i].field] * disk_signals[i].unit);
	put(set, SERIES_COUNTER, start, "merges",
	    f[READ_MERGES] + f[WRITE_MERGES] + f[DISCARD_MERGES]);
}

/* --- pressure: Documentation/accounting/psi.rst --- */

static void put_pressure(struct series_set *set, const char *name, const char *text)
{
	for (const char *s = text; s; s = next_line(s)) {
		const char *total = strstr(s, "total=");
		bool is_full = !strncmp(s, "full ", 5);
		char prefix[32];
		uint64_t us;

		if (!total || (!is_full && strncmp(s, "some ", 5) != 0))
			return;
		total += strlen("total=");
		snprintf(prefix, sizeof prefix, "pressure.%s.", name);
		if (kept_next_u64(&total, &us))
			put(set, SERIES_COUNTER, prefix, is_full ? "full_ns" : "some_ns",
			    us * NS_PER_US);
	}
}

void system_watch_pressure(struct system_watch *w, struct series_set *set)
{
	for (size_t i = 0; i < PRESSURES; i++)
		if (kept_file_read(&w->pressure[i], &w->text) == 0)
			put_pressure(set, pressure_names[i], w->text.data);
}

/* --- memory --- */

struct memory_row {
	const char *key; /* as the file has it, with what ends it */
	const char *name;
	uint64_t unit;
	enum series_kind kind;
};
static const struct memory_row meminfo_rows[] = {
	{"MemAvailable:", "memory.available_bytes", KiB, SERIES_GAUGE},
	{"Cached:", "memory.cached_bytes", KiB, SERIES_GAUGE},
	{"Dirty:", "memory.dirty_bytes", KiB, SERIES_GAUGE},
	{"Writeback:", "memory.writeback_bytes", KiB, SERIES_GAUGE},
};
static const struct memory_row vmstat_rows[] = {
	{"pswpin ", "swap.in_pages", 1, SERIES_COUNTER},
	{"pswpout ", "swap.out_pages", 1, SERIES_COUNTER},
	{"pgmajfault ", "memory.major_faults", 1, SERIES_COUNTER},
	{"pgsteal_direct ", "memory.direct_reclaim_pages", 1, SERIES_COUNTER},
};

/* Each line is tried with the row that is due first: the rows are in the files' order. */
static void put_rows(struct series_set *set, const char *text, const struct memory_row *rows,
		     size_t n)
{
	size_t due = 0;

	for (const char *s = text; s && *s; s = next_line(s)) {
		for (size_t i = 0; i < n; i++) {
			const struct memory_row *row = &rows[(due + i) % n];
			size_t len = strlen(row->key);
			uint64_t value;
			const char *at = s + len;

			if (strncmp(s, row->key, len) != 0)
				continue;
			if (kept_next_u64(&at, &value))
				put(set, row->kind, "", row->name, value * row->unit);
			due = (due + i + 1) % n;
			break;
		}
	}
}

void system_watch_memory_now(struct system_watch *w, struct series_set *set)
{
	if (kept_file_read(&w->meminfo, &w->text) == 0)
		put_rows(set, w->text.data, meminfo_rows, BL_ARRAY_LEN(meminfo_rows));
}

void system_watch_memory(struct system_watch *w, struct series_set *set)
{
	system_watch_memory_now(w, set);
	if (kept_file_read(&w->vmstat, &w->text) == 0)
		put_rows(set, w->text.data, vmstat_rows, BL_ARRAY_LEN(vmstat_rows));
}

void system_watch_irqs(struct system_watch *w, const char *pci, struct series_set *set)
{
	irq_watch_put(&w->irqs, w->root, pci, &w->text, set);
}
