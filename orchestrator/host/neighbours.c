#include "neighbours.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "kept_file.h"
#include "known_programs.h"
#include "process_stat.h"
#include "room.h"
#include "timers.h"
#include "tree.h"
#include "units.h"

#define TOP_MAX   5
#define TOP_SHARE .05 /* of a CPU */

struct process {
	struct process_stat stat;
	bool has_io;
	uint64_t read_bytes, write_bytes;
};

struct processes {
	struct process *items;
	size_t n, cap;
};

struct neighbours {
	char *root;
	struct processes before, after;
	uint64_t began_ns, ended_ns;
	int64_t wall_offset_us; /* wall clock - CLOCK_MONOTONIC */
	struct known_programs *programs;
	struct bl_buf timers;
};

/* --- all processes --- */

static void read_io(const char *root, struct process *p)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const char *read, *write;

	if (p->stat.is_kernel || tree_file(root, &text, "/proc/%ld/io", (long)p->stat.pid) < 0)
		return;
	read = strstr(bl_buf_str(&text), "\nread_bytes:");
	write = strstr(bl_buf_str(&text), "\nwrite_bytes:");
	if (!read || !write)
		return;
	read = strchr(read, ':') + 1;
	write = strchr(write, ':') + 1;
	p->has_io = kept_next_u64(&read, &p->read_bytes) && kept_next_u64(&write, &p->write_bytes);
}

struct scan {
	const char *root;
	struct processes *to;
};

static void scan_one(void *ctx, const char *name)
{
	struct scan *s = ctx;
	struct process p = {0};
	pid_t pid = (pid_t)atol(name);

	if (pid <= 0 || process_stat_read(s->root, pid, 0, &p.stat) < 0)
		return;
	read_io(s->root, &p);
	if (BL_HAVE_ROOM(s->to->items, s->to->n, s->to->cap))
		s->to->items[s->to->n++] = p;
}

static void scan(const struct neighbours *n, struct processes *to)
{
	struct scan s = {.root = n->root, .to = to};

	to->n = 0;
	tree_names(n->root, "/proc", scan_one, &s);
}

/* --- before, between, after --- */

struct neighbours *neighbours_new(const char *root, uint64_t now_ns)
{
	struct neighbours *n = calloc(1, sizeof *n);

	if (!n)
		return NULL;
	n->root = strdup(root ? root : "");
	n->programs = n->root ? known_programs_new(n->root, now_ns) : NULL;
	if (!n->programs)
		return neighbours_free(n);
	n->began_ns = n->ended_ns = now_ns;
	scan(n, &n->before);
	return n;
}

struct neighbours *neighbours_free(struct neighbours *n)
{
	if (!n)
		return NULL;
	free(n->before.items);
	free(n->after.items);
	known_programs_free(n->programs);
	bl_buf_done(&n->timers);
	free(n->root);
	free(n);
	return NULL;
}

void neighbours_look(struct neighbours *n, uint64_t now_ns)
{
	known_programs_look(n->programs, now_ns);
}

void neighbours_end(struct neighbours *n, pid_t pid, uint64_t now_ns)
{
	size_t kept = 0;

	neighbours_look(n, now_ns);
	n->ended_ns = now_ns;
	scan(n, &n->after);
	for (size_t i = 0; i < n->after.n; i++) {
		pid_t one = n->after.items[i].stat.pid;

		if (one != pid && (n->root[0] || one != getpid()))
			n->after.items[kept++] = n->after.items[i];
	}
	n->after.n = kept;
	n->wall_offset_us = (int64_t)(bl_wall_ms() * 1000) - (int64_t)(bl_now_ns() / NS_PER_US);
	bl_buf_done(&n->timers);
	timers_ask(n->root, &n->timers);
}

/* --- what is told --- */

/* What it had used before; one that is new, nothing. */
static struct process earlier(const struct neighbours *n, const struct process *p)
{
	for (size_t i = 0; i < n->before.n; i++) {
		const struct process *b = &n->before.items[i];

		if (b->stat.pid == p->stat.pid && b->stat.start_ticks == p->stat.start_ticks)
			return *b;
	}
	return (struct process){.has_io = p->has_io};
}

struct top {
	const struct process *p;
	double cpus, read_s, write_s;
	bool has_io;
};

static int by_cpus(const void *a, const void *b)
{
	const struct top *x = a, *y = b;

	return (x->cpus < y->cpus) - (x->cpus > y->cpus);
}

static double rise(uint64_t from, uint64_t to)
{
	return to > from ? (double)(to - from) : 0;
}

static size_t find_top(const struct neighbours *n, struct top *top)
{
	double span_s = (double)(n->ended_ns - n->began_ns) / NS_PER_S;
	double tick_s = (double)process_tick_ns() / NS_PER_S;
	size_t n_top = 0;

	if (span_s <= 0)
		return 0;
	for (size_t i = 0; i < n->after.n; i++) {
		const struct process *p = &n->after.items[i];
		struct process b = earlier(n, p);
		struct top t = {.p = p,
				.cpus = rise(b.stat.cpu_ticks, p->stat.cpu_ticks) * tick_s / span_s,
				.read_s = rise(b.read_bytes, p->read_bytes) / span_s,
				.write_s = rise(b.write_bytes, p->write_bytes) / span_s,
				.has_io = p->has_io && b.has_io};

		if (t.cpus > TOP_SHARE)
			top[n_top++] = t;
	}
	if (n_top)
		qsort(top, n_top, sizeof *top, by_cpus);
	return n_top < TOP_MAX ? n_top : TOP_MAX;
}

static void add_rate(struct bl_buf *out, double bytes_s, const char *what)
{
	char text[BL_UNIT_TEXT_MAX];

	if (bytes_s >= (double)MiB)
		bl_buf_addf(out, ", %s/s %s",
			    bl_format_size(text, (uint64_t)(bytes_s / (double)MiB + .5) * MiB),
			    what);
}

static int add_top(const struct neighbours *n, struct facts *facts)
{
	BL_CLEANUP(bl_freep) struct top *top = calloc(n->after.n + 1, sizeof *top);
	size_t n_top = top ? find_top(n, top) : 0;
	int r = top ? 0 : -ENOMEM;

	for (size_t i = 0; i < n_top && r == 0; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
		const struct process *p = top[i].p;
		char key[32];

		bl_buf_addf(&text,
			    p->stat.is_kernel ? "[%s] (pid %ld): %.2f CPUs"
					      : "%s (pid %ld): %.2f CPUs",
			    p->stat.comm, (long)p->stat.pid, top[i].cpus);
		add_rate(&text, top[i].has_io ? top[i].read_s : 0, "read");
		add_rate(&text, top[i].has_io ? top[i].write_s : 0, "written");
		snprintf(key, sizeof key, "host.top.%zu", i + 1);
		r = bl_buf_failed(&text) ? -ENOMEM : facts_add(facts, key, bl_buf_str(&text));
	}
	return r;
}

int neighbours_facts(const struct neighbours *n, uint64_t from_ns, uint64_t to_ns,
		     struct facts *facts)
{
	int r = add_top(n, facts);

	if (r == 0)
		r = known_programs_facts(n->programs, from_ns, to_ns, facts);
	if (r < 0 || !n->timers.len)
		return r;
	return timers_fired(n->timers.data, n->timers.len,
			    (uint64_t)((int64_t)(from_ns / NS_PER_US) + n->wall_offset_us),
			    (uint64_t)((int64_t)(to_ns / NS_PER_US) + n->wall_offset_us), facts);
}
