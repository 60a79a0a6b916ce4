#include "hostcpu.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "fs.h"
#include "units.h"

const char *const cpu_role_names[] = {"vcpu",  "iothread", "main", "worker",
				      "vhost", "job",      "other"};
static_assert(BL_ARRAY_LEN(cpu_role_names) == CPU_ROLES, "a name for every role");

static const struct {
	const char *prefix;
	enum cpu_role role;
} thread_names[] = {
	{"CPU ", CPU_VCPU},
	{"ALL CPUs", CPU_VCPU},
	{"IO mon_iothread", CPU_OTHER}, /* QEMU's own, for its monitor */
	{"IO ", CPU_IOTHREAD},
	{"worker", CPU_WORKER},
	{"pool-", CPU_WORKER}, /* QEMU 8+ names its pool so */
	{"iou-wrk", CPU_WORKER},
	{"iou-sqp", CPU_WORKER},
	{"vhost-", CPU_VHOST}, /* in the process since Linux 6.4 */
};

enum cpu_role cpu_role_of(const char *thread_name, bool is_main_thread)
{
	if (is_main_thread)
		return CPU_MAIN;
	for (size_t i = 0; i < BL_ARRAY_LEN(thread_names); i++) {
		if (strncmp(thread_name, thread_names[i].prefix, strlen(thread_names[i].prefix)) ==
		    0)
			return thread_names[i].role;
	}
	return CPU_OTHER;
}

void cpu_series_init(struct cpu_series *s, pid_t pid, enum cpu_role unnamed)
{
	*s = (struct cpu_series){.pid = pid, .unnamed = unnamed};
}

void cpu_series_done(struct cpu_series *s)
{
	free(s->items);
	free(s->threads);
	*s = (struct cpu_series){0};
}

static struct cpu_thread *thread_of(struct cpu_series *s, pid_t tid)
{
	for (size_t i = 0; i < s->n_threads; i++) {
		if (s->threads[i].tid == tid)
			return &s->threads[i];
	}
	if (s->n_threads == s->cap_threads) {
		size_t cap = s->cap_threads ? s->cap_threads * 2 : 32;
		struct cpu_thread *t = realloc(s->threads, cap * sizeof *t);

		if (!t)
			return NULL;
		s->threads = t;
		s->cap_threads = cap;
	}
	s->threads[s->n_threads] = (struct cpu_thread){.tid = tid, .role = CPU_ROLES};
	return &s->threads[s->n_threads++];
}

static void read_thread(struct cpu_series *s, const char *tid)
{
	char path[128], line[128], name[64];
	struct cpu_thread *t;
	uint64_t run, wait;

	snprintf(path, sizeof path, "/proc/%ld/task/%.20s/comm", (long)s->pid, tid);
	if (bl_read_line(path, name, sizeof name) < 0)
		return;
	snprintf(path, sizeof path, "/proc/%ld/task/%.20s/schedstat", (long)s->pid, tid);
	if (bl_read_line(path, line, sizeof line) < 0 ||
	    sscanf(line, "%" SCNu64 " %" SCNu64, &run, &wait) != 2)
		return;
	t = thread_of(s, (pid_t)atol(tid));
	if (t && run < t->run_ns) { /* the number now belongs to a new thread */
		t->tid = 0;
		t = thread_of(s, (pid_t)atol(tid));
	}
	if (!t)
		return;
	/* Threads are named a moment after they start, so the role follows the name. */
	t->role = cpu_role_of(name, atol(tid) == (long)s->pid);
	if (t->role == CPU_OTHER)
		t->role = s->unnamed;
	t->run_ns = run;
	t->wait_ns = wait;
}

static int read_process(struct cpu_series *s, struct cpu_reading *r)
{
	struct timespec ts;
	char path[64];
	clockid_t id;
	DIR *d;

	*r = (struct cpu_reading){.at_ns = bl_now_ns()};
	/* The kernel's sum for the thread group; it keeps what ended threads used. */
	if (clock_getcpuclockid(s->pid, &id) != 0 || clock_gettime(id, &ts) < 0)
		return -ESRCH;
	r->process_ns = (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
	snprintf(path, sizeof path, "/proc/%ld/task", (long)s->pid);
	d = opendir(path);
	if (!d)
		return -ESRCH;
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (e->d_name[0] != '.')
			read_thread(s, e->d_name);
	}
	closedir(d);
	for (size_t i = 0; i < s->n_threads; i++) {
		r->run_ns[s->threads[i].role] += s->threads[i].run_ns;
		r->wait_ns[s->threads[i].role] += s->threads[i].wait_ns;
	}
	return 0;
}

int cpu_series_read(struct cpu_series *s, uint64_t min_gap_ns)
{
	struct cpu_reading reading;
	int r;

	if (s->pid <= 0)
		return 0;
	if (s->n && bl_now_ns() - s->items[s->n - 1].at_ns < min_gap_ns)
		return 0;
	r = read_process(s, &reading);
	if (r < 0)
		return r;
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 256;
		struct cpu_reading *items = realloc(s->items, cap * sizeof *items);

		if (!items)
			return -ENOMEM;
		s->items = items;
		s->cap = cap;
	}
	s->items[s->n++] = reading;
	return 0;
}

static uint64_t between(uint64_t a, uint64_t b, double part)
{
	return b <= a ? a : a + (uint64_t)((double)(b - a) * part);
}

/* The reading at @at_ns on the straight line between its neighbours. The caller has
 * made sure that the series covers it. */
static struct cpu_reading reading_at(const struct cpu_series *s, uint64_t at_ns)
{
	const struct cpu_reading *a, *b;
	struct cpu_reading r;
	size_t i = 1;
	double part;

	while (i < s->n - 1 && s->items[i].at_ns < at_ns)
		i++;
	a = &s->items[i - 1];
	b = &s->items[i];
	part = b->at_ns > a->at_ns ? (double)(at_ns - a->at_ns) / (double)(b->at_ns - a->at_ns) : 0;
	r = *a;
	r.process_ns = between(a->process_ns, b->process_ns, part);
	for (unsigned role = 0; role < CPU_ROLES; role++) {
		r.run_ns[role] = between(a->run_ns[role], b->run_ns[role], part);
		r.wait_ns[role] = between(a->wait_ns[role], b->wait_ns[role], part);
	}
	return r;
}

static int add_role(const struct cpu_reading *a, const struct cpu_reading *b, unsigned role,
		    struct facts *facts)
{
	char key[64];
	int r;

	/* A role without threads (no iothread, no pool) is absent, as are all when this kernel
	 * has no schedstat. A thread that got its name late moved from one role to another. */
	if (b->run_ns[role] == 0 || b->run_ns[role] < a->run_ns[role])
		return 0;
	snprintf(key, sizeof key, "cpu.%s_ns", cpu_role_names[role]);
	r = facts_addf(facts, key, "%" PRIu64, b->run_ns[role] - a->run_ns[role]);
	if (r < 0 || b->wait_ns[role] < a->wait_ns[role])
		return r;
	snprintf(key, sizeof key, "cpu.%s_wait_ns", cpu_role_names[role]);
	return facts_addf(facts, key, "%" PRIu64, b->wait_ns[role] - a->wait_ns[role]);
}

int cpu_series_window(const struct cpu_series *s, uint64_t from_ns, uint64_t to_ns,
		      uint64_t *ret_process_ns, struct facts *facts)
{
	struct cpu_reading a, b;
	int r = 0;

	if (s->n < 2 || to_ns <= from_ns || from_ns < s->items[0].at_ns ||
	    to_ns > s->items[s->n - 1].at_ns)
		return -ENODATA;
	a = reading_at(s, from_ns);
	b = reading_at(s, to_ns);
	*ret_process_ns = b.process_ns - a.process_ns;
	for (unsigned role = 0; role < CPU_ROLES && r == 0; role++)
		r = add_role(&a, &b, role, facts);
	return r;
}
