#include "thread_watch.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fs.h"
#include "kept_file.h"
#include "process_stat.h"
#include "room.h"
#include "tree.h"
#include "units.h"

#define THREADS_MAX 4096
#define SLOTS_MAX   1024
#define KEPT_MAX                                                                                   \
	256 /* descriptors that stay open; of further threads files are opened each time           \
	     */
#define LOOK_NS NS_PER_S
#define YOUNG   20 /* readings: a thread is named when it first runs, and may end soon */

enum thread_file { FILE_SCHEDSTAT, FILE_STATUS, FILES };
static const char *const file_names[FILES] = {"schedstat", "status"};

struct used {
	uint64_t run_ns, wait_ns, preempted;
};

/* The sum of what has one name. */
struct slot {
	char role[40];
	enum cpu_role kind;
	bool has_preempted;
	struct used ended, now; /* of threads that are gone or were renamed; with those that live */
	bool told[3];           /* its signals are in the set */
};

struct thread {
	pid_t tid;
	size_t slot;
	int fd[FILES];          /* -1: not kept open */
	struct used last, from; /* now; when it got into its slot */
	bool is_listed;
	unsigned n_readings; /* while it is young */
};

struct thread_watch {
	char *root;
	pid_t pid;
	enum cpu_role unnamed;
	struct slot *slots;
	size_t n_slots, cap_slots;
	struct thread *threads;
	size_t n_threads, cap_threads;
	char dir[64]; /* "/proc/PID/task" */
	char *task_path;
	nlink_t n_links;
	uint64_t looked_ns;
	uint64_t listed_ticks; /* since boot: when the list of threads was last read; 0: never */
	uint64_t started;      /* the process, in ticks since boot; 0: not told */
	uint64_t cpu_ns;       /* of the whole process, as last read */
	unsigned n_kept;
	bool has_cpu, is_first_done, with_preempted, is_gone;
};

/* --- names --- */

void thread_role_name(enum cpu_role role, const char *thread_name, char out[40])
{
	const char *name = cpu_role_names[role];
	size_t n;

	snprintf(out, 40, "%s", name);
	if (role == CPU_VCPU && !strncmp(thread_name, "CPU ", 4) &&
	    isdigit((unsigned char)thread_name[4]))
		snprintf(out, 40, "vcpu%lu", strtoul(thread_name + 4, NULL, 10));
	else if (role == CPU_VCPU)
		snprintf(out, 40, "vcpus"); /* one thread for all: TCG without multi-threading */
	else if (role == CPU_IOTHREAD && strlen(thread_name) > 3)
		snprintf(out, 40, "%s%.24s",
			 strncmp(thread_name + 3, name, strlen(name)) ? "iothread-" : "",
			 thread_name + 3);
	/* A signal's name is in words joined by dots. */
	for (n = strlen(out); n-- > 0;)
		if (!isalnum((unsigned char)out[n]) && out[n] != '-')
			out[n] = '_';
}

enum cpu_role thread_role_of(const char *name, size_t len)
{
	for (unsigned role = 0; role < CPU_ROLES; role++) {
		size_t n = strlen(cpu_role_names[role]);
		bool is_numbered = role == CPU_VCPU || role == CPU_IOTHREAD;

		if (n <= len && !strncmp(name, cpu_role_names[role], n) &&
		    (n == len || is_numbered))
			return (enum cpu_role)role;
	}
	return CPU_ROLES;
}

/* --- when they began: numbers are used again --- */

/* In ticks since boot; 0: not told. */
static uint64_t start_of(const struct thread_watch *w, pid_t tid)
{
	struct process_stat st;

	return process_stat_read(w->root, w->pid, tid, &st) < 0 ? 0 : st.start_ticks;
}

static uint64_t ticks_now(void)
{
	struct timespec ts = {0};

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ((uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec) / process_tick_ns();
}

/* Whether it was there already when threads were listed before: then what it used until now either
 * is in the sums, or can't be known any more. A tick that could be either is taken for new. */
static bool is_old(const struct thread_watch *w, pid_t tid)
{
	uint64_t start = w->listed_ticks ? start_of(w, tid) : 0;

	return start && start + 1 < w->listed_ticks;
}

/* --- begin, end --- */

struct thread_watch *thread_watch_new(const char *root, pid_t pid, enum cpu_role unnamed)
{
	struct thread_watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->root = strdup(root ? root : "");
	w->pid = pid;
	w->unnamed = unnamed;
	snprintf(w->dir, sizeof w->dir, "/proc/%ld/task", (long)pid);
	w->task_path = w->root ? bl_strf("%s%s", w->root, w->dir) : NULL;
	if (!w->task_path)
		return thread_watch_free(w);
	w->started = start_of(w, 0);
	return w;
}

static void shut(struct thread_watch *w, struct thread *t)
{
	for (unsigned f = 0; f < FILES; f++) {
		if (t->fd[f] < 0)
			continue;
		close(t->fd[f]);
		t->fd[f] = -1;
		w->n_kept--;
	}
}

struct thread_watch *thread_watch_free(struct thread_watch *w)
{
	if (!w)
		return NULL;
	for (size_t i = 0; i < w->n_threads; i++)
		shut(w, &w->threads[i]);
	free(w->threads);
	free(w->slots);
	free(w->task_path);
	free(w->root);
	free(w);
	return NULL;
}

/* --- one thread --- */

/* One pread: what these files say fits. -ENOENT, -ESRCH: the thread is gone; any other negative
 * errno (no descriptor is left, a signal came) says nothing of it. */
static ssize_t read_file(struct thread_watch *w, struct thread *t, enum thread_file f, char *out,
			 size_t len)
{
	int fd = t->fd[f];
	char path[PATH_MAX];
	ssize_t n;

	if (fd < 0) {
		snprintf(path, sizeof path, "%s/%ld/%s", w->task_path, (long)t->tid, file_names[f]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	n = pread(fd, out, len - 1, 0);
	n = n < 0 ? -errno : n;
	if (fd != t->fd[f] && n >= 0 && w->n_kept < KEPT_MAX) {
		t->fd[f] = fd;
		w->n_kept++;
	} else if (fd != t->fd[f]) {
		close(fd);
	}
	out[n < 0 ? 0 : n] = '\0';
	return n < 0 ? n : n == 0 ? -EIO : n;
}

static void fold(struct slot *s, const struct thread *t)
{
	s->ended.run_ns += t->last.run_ns - t->from.run_ns;
	s->ended.wait_ns += t->last.wait_ns - t->from.wait_ns;
	s->ended.preempted += t->last.preempted - t->from.preempted;
}

/* status says much and costs ten times of schedstat: only of threads that I/O waits for. */
static bool wants_preempted(enum cpu_role role)
{
	return role != CPU_WORKER && role != CPU_OTHER;
}

static void read_preempted(struct thread_watch *w, struct thread *t, struct used *u)
{
	char text[4096];
	const char *at;

	if (!w->with_preempted || !wants_preempted(w->slots[t->slot].kind) ||
	    read_file(w, t, FILE_STATUS, text, sizeof text) < 0)
		return;
	at = strstr(text, "\nnonvoluntary_ctxt_switches:");
	if (!at)
		return;
	at = strchr(at, ':') + 1;
	if (kept_next_u64(&at, &u->preempted))
		w->slots[t->slot].has_preempted = true;
}

/* false: it is gone. One that can't be read now has what it had. */
static bool read_thread(struct thread_watch *w, struct thread *t)
{
	struct used u = {.preempted = SERIES_ABSENT};
	char line[128];
	const char *at = line;
	ssize_t n = read_file(w, t, FILE_SCHEDSTAT, line, sizeof line);
	bool is_new;

	if (n < 0 || !kept_next_u64(&at, &u.run_ns) || !kept_next_u64(&at, &u.wait_ns))
		return n != -ENOENT && n != -ESRCH;
	read_preempted(w, t, &u);
	/* The number now belongs to a new thread. */
	is_new = u.run_ns < t->last.run_ns || u.wait_ns < t->last.wait_ns ||
		 u.preempted < t->last.preempted;
	if (is_new) {
		fold(&w->slots[t->slot], t);
		t->from = (struct used){0};
	}
	if (u.preempted == SERIES_ABSENT) /* not read this time */
		u.preempted = is_new ? 0 : t->last.preempted;
	t->last = u;
	return true;
}

static void drop_thread(struct thread_watch *w, size_t i)
{
	fold(&w->slots[w->threads[i].slot], &w->threads[i]);
	shut(w, &w->threads[i]);
	w->threads[i] = w->threads[--w->n_threads];
}

/* --- which threads there are --- */

static bool find_slot(struct thread_watch *w, pid_t tid, size_t *ret)
{
	enum cpu_role kind;
	char name[64], role[40];

	if (tree_line(w->root, name, sizeof name, "%s/%ld/comm", w->dir, (long)tid) < 0)
		return false;
	kind = cpu_role_of(name, tid == w->pid);
	if (kind == CPU_OTHER)
		kind = w->unnamed;
	thread_role_name(kind, name, role);
	for (size_t i = 0; i < w->n_slots; i++) {
		*ret = i;
		if (!strcmp(w->slots[i].role, role))
			return true;
	}
	if (w->n_slots >= SLOTS_MAX || !BL_HAVE_ROOM(w->slots, w->n_slots, w->cap_slots))
		return false;
	w->slots[w->n_slots] = (struct slot){.kind = kind};
	strcpy(w->slots[w->n_slots].role, role);
	*ret = w->n_slots++;
	return true;
}

static void add_thread(struct thread_watch *w, pid_t tid)
{
	struct thread *t;
	size_t slot;

	if (w->n_threads >= THREADS_MAX || !find_slot(w, tid, &slot) ||
	    !BL_HAVE_ROOM(w->threads, w->n_threads, w->cap_threads))
		return;
	t = &w->threads[w->n_threads];
	*t = (struct thread){.tid = tid, .slot = slot, .fd = {-1, -1}, .is_listed = true};
	w->n_threads++;
	if (!read_thread(w, t))
		drop_thread(w, w->n_threads - 1);
	else if (is_old(w, tid))
		t->from = t->last;
}

/* Threads are named a moment after they start. What it had used stays where it was: sums that
 * never fall are worth more than that moment. */
static void rename_thread(struct thread_watch *w, struct thread *t)
{
	size_t slot;

	if (!find_slot(w, t->tid, &slot) || slot == t->slot)
		return;
	fold(&w->slots[t->slot], t);
	t->from = t->last;
	t->slot = slot;
}

static void list_thread(void *ctx, const char *name)
{
	struct thread_watch *w = ctx;
	pid_t tid = (pid_t)atol(name);

	for (size_t i = 0; i < w->n_threads; i++) {
		struct thread *t = &w->threads[i];

		if (t->tid != tid)
			continue;
		t->is_listed = true;
		rename_thread(w, t);
		return;
	}
	if (tid > 0)
		add_thread(w, tid);
}

static void look(struct thread_watch *w)
{
	uint64_t ticks = ticks_now();
	int r;

	for (size_t i = 0; i < w->n_threads; i++)
		w->threads[i].is_listed = false;
	r = tree_names(w->root, w->dir, list_thread, w);
	if (r < 0 && r != -ENOENT && r != -ESRCH) { /* no list: the next time */
		w->looked_ns = 0;
		return;
	}
	w->listed_ticks = ticks;
	for (size_t i = w->n_threads; i-- > 0;)
		if (!w->threads[i].is_listed)
			drop_thread(w, i);
}

/* The folder of threads has a link for each (proc_task_getattr() in fs/proc/base.c). */
static bool must_look(struct thread_watch *w, bool has_lost)
{
	uint64_t now = bl_now_ns();
	struct stat st = {0};
	nlink_t had = w->n_links;

	if (stat(w->task_path, &st) < 0)
		st.st_nlink = 0;
	w->n_links = st.st_nlink;
	if (!has_lost && had == w->n_links && now - w->looked_ns < LOOK_NS)
		return false;
	w->looked_ns = now;
	return true;
}

/* --- the process --- */

/* The kernel's sum for the thread group, which keeps what ended threads used; to the ns where it is
 * asked by its clock. */
static bool process_cpu(const struct thread_watch *w, uint64_t *ret)
{
	struct process_stat st;
	struct timespec ts;
	clockid_t id;

	if (w->root[0]) {
		if (process_stat_read(w->root, w->pid, 0, &st) < 0)
			return false;
		*ret = st.cpu_ticks * process_tick_ns();
		return true;
	}
	if (clock_getcpuclockid(w->pid, &id) != 0 || clock_gettime(id, &ts) < 0)
		return false;
	*ret = (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
	return true;
}

/* --- the signals --- */

/* @is_told: it is in the set already. */
static void put(const struct thread_watch *w, struct series_set *set, const struct slot *s,
		const char *what, uint64_t value, bool *is_told)
{
	char name[SERIES_NAME_MAX];
	const struct series *one;

	snprintf(name, sizeof name, "thread.%s.%s", s->role, what);
	if (series_put(set, name, SERIES_COUNTER, value) < 0)
		return;
	one = *is_told || !w->is_first_done ? NULL : series_find(set, name);
	for (size_t i = 0; one && i + 1 < set->n; i++)
		one->values[i] = 0;
	*is_told = true;
}

static void put_slot(struct thread_watch *w, struct series_set *set, struct slot *s)
{
	put(w, set, s, "run_ns", s->now.run_ns, &s->told[0]);
	put(w, set, s, "wait_ns", s->now.wait_ns, &s->told[1]);
	if (s->has_preempted && w->with_preempted)
		put(w, set, s, "preempted", s->now.preempted, &s->told[2]);
}

static void add_up(struct thread_watch *w)
{
	for (size_t i = 0; i < w->n_slots; i++)
		w->slots[i].now = w->slots[i].ended;
	for (size_t i = 0; i < w->n_threads; i++) {
		const struct thread *t = &w->threads[i];
		struct used *now = &w->slots[t->slot].now;

		now->run_ns += t->last.run_ns - t->from.run_ns;
		now->wait_ns += t->last.wait_ns - t->from.wait_ns;
		now->preempted += t->last.preempted - t->from.preempted;
	}
}

/* Another process has the number now. */
static void check_process(struct thread_watch *w)
{
	uint64_t started = w->started ? start_of(w, 0) : 0;

	if (!started || started == w->started)
		return;
	w->is_gone = true;
	for (size_t i = w->n_threads; i-- > 0;)
		drop_thread(w, i);
}

/* true: some thread is gone. */
static bool read_all(struct thread_watch *w)
{
	bool has_lost = false;

	for (size_t i = w->n_threads; i-- > 0;) {
		struct thread *t = &w->threads[i];

		if (t->n_readings++ < YOUNG && w->slots[t->slot].kind == w->unnamed)
			rename_thread(w, t);
		if (read_thread(w, t))
			continue;
		drop_thread(w, i);
		has_lost = true;
	}
	return has_lost;
}

void thread_watch_read(struct thread_watch *w, struct series_set *set, bool with_preempted)
{
	uint64_t cpu_ns;

	w->with_preempted = with_preempted;
	if (!w->is_gone && process_cpu(w, &cpu_ns)) {
		if (cpu_ns < w->cpu_ns)
			check_process(w);
		w->cpu_ns = cpu_ns > w->cpu_ns ? cpu_ns : w->cpu_ns;
		w->has_cpu = true;
	}
	if (w->has_cpu) /* one that has ended uses no more */
		series_put(set, "process.cpu_ns", SERIES_COUNTER, w->cpu_ns);
	if (!w->is_gone && must_look(w, read_all(w))) {
		check_process(w);
		if (!w->is_gone)
			look(w);
	}
	add_up(w);
	for (size_t i = 0; i < w->n_slots; i++)
		put_slot(w, set, &w->slots[i]);
	w->is_first_done = true;
}
