#include "neighbours.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "kept_file.h"
#include "tame.h"
#include "timers.h"
#include "tree.h"
#include "units.h"

#define TOP_MAX    5
#define TOP_SHARE  .05 /* of a CPU */
#define RAN_MAX    32
#define YOUNG      3  /* looks: who starts a program forks first and gets its name a moment later */
#define OLD_EVERY  10 /* looks: what is older is read again, for numbers that are used again */
#define PF_KTHREAD 0x00200000u /* include/linux/sched.h; field 9 of proc_pid_stat(5) */

/* The kernel's names of programs, which end after 15 bytes. @word: among the arguments. */
static const struct {
	const char *comm, *word;
} known[] = {
	{"fstrim", NULL},
	{"btrfs", "scrub"},
	{"btrfs", "balance"},
	{"zpool", "scrub"},
	{"smartctl", NULL},
	{"vzdump", NULL},
	{"proxmox-backup*", NULL},
	{"borg*", NULL},
	{"restic", NULL},
	{"rsync", NULL},
	{"rclone", NULL},
	{"duplicity", NULL},
	{"rsnapshot", NULL},
	{"updatedb*", NULL},
	{"apt", NULL},
	{"apt-get", NULL},
	{"dpkg", NULL},
	{"unattended-upgr*", NULL},
	{"dnf*", NULL},
	{"yum", NULL},
	{"logrotate", NULL},
	{"mandb", NULL},
	{"e4defrag", NULL},
	{"xfs_fsr", NULL},
	{"xfs_scrub*", NULL},
	{"fsck*", NULL},
	{"badblocks", NULL},
	{"pg_dump*", NULL},
	{"mysqldump", NULL},
	{"qemu-img", NULL},
};

struct process {
	pid_t pid;
	char comm[16];
	bool is_kernel, has_io;
	uint64_t start_ticks, cpu_ticks, read_bytes, write_bytes;
};

struct processes {
	struct process *items;
	size_t n, cap;
};

/* Something known that runs or ran. */
struct ran {
	pid_t pid; /* 0: no process, but a check of a RAID */
	uint64_t start_ticks;
	char name[64];
	uint64_t from_ns, to_ns; /* first and last seen */
	bool from_before, is_open;
};

/* Of the last look. */
struct seen {
	pid_t pid;
	char comm[16];
	bool is_kernel;
	unsigned n_looks;
	uint64_t start_ticks;
};

struct neighbours {
	char *root;
	struct processes before, after;
	uint64_t began_ns, ended_ns, looked_ns;
	int64_t wall_offset_us;    /* wall clock - CLOCK_MONOTONIC */
	uint64_t boot_offset_ns;   /* CLOCK_BOOTTIME - CLOCK_MONOTONIC: suspended */
	struct seen *seen, *found; /* of the last look, ascending; of this one */
	size_t n_seen, n_found, cap_seen, cap_found;
	struct ran ran[RAN_MAX];
	size_t n_ran, n_more; /* that there was no room for */
	struct bl_buf timers;
};

/* --- one process --- */

static bool read_stat(const char *root, pid_t pid, struct process *p)
{
	char line[1024], *open, *close;
	const char *at;
	uint64_t field[23] = {0};

	if (tree_line(root, line, sizeof line, "/proc/%ld/stat", (long)pid) < 0)
		return false;
	open = strchr(line, '(');
	close = strrchr(line, ')');
	if (!open || !close || close < open)
		return false;
	*close = '\0';
	bl_tame(p->comm, sizeof p->comm, open + 1, SIZE_MAX);
	at = close + 1;
	for (unsigned i = 3; i <= 22; i++) { /* words; those that are no numbers are 0 */
		const char *s = at + strspn(at, " ");

		at = s;
		kept_next_u64(&s, &field[i]);
		at += strcspn(at, " ");
	}
	p->pid = pid;
	p->is_kernel = (field[9] & PF_KTHREAD) != 0;
	p->cpu_ticks = field[14] + field[15];
	p->start_ticks = field[22];
	return true;
}

static void read_io(const char *root, struct process *p)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const char *read, *write;

	if (p->is_kernel || tree_file(root, &text, "/proc/%ld/io", (long)p->pid) < 0)
		return;
	read = strstr(bl_buf_str(&text), "\nread_bytes:");
	write = strstr(bl_buf_str(&text), "\nwrite_bytes:");
	if (!read || !write)
		return;
	read = strchr(read, ':') + 1;
	write = strchr(write, ':') + 1;
	p->has_io = kept_next_u64(&read, &p->read_bytes) && kept_next_u64(&write, &p->write_bytes);
}

/* --- all of them --- */

static int by_pid(const void *a, const void *b)
{
	pid_t x = ((const struct seen *)a)->pid, y = ((const struct seen *)b)->pid;

	return (x > y) - (x < y);
}

static bool have_room(void **items, size_t n, size_t *cap, size_t size)
{
	size_t more_cap = *cap ? *cap * 2 : 256;
	void *more;

	if (n < *cap)
		return true;
	more = reallocarray(*items, more_cap, size);
	if (!more)
		return false;
	*items = more;
	*cap = more_cap;
	return true;
}

static void list_pids(struct neighbours *n)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/proc", n->root);
	DIR *d = path ? opendir(path) : NULL;

	n->n_found = 0;
	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		pid_t pid = (pid_t)atol(e->d_name);

		if (pid > 0 &&
		    have_room((void **)&n->found, n->n_found, &n->cap_found, sizeof *n->found))
			n->found[n->n_found++] = (struct seen){.pid = pid};
	}
	if (d)
		closedir(d);
	if (n->n_found)
		qsort(n->found, n->n_found, sizeof *n->found, by_pid);
}

static void scan(struct neighbours *n, struct processes *to)
{
	for (size_t i = 0; i < n->n_found; i++) {
		struct process p = {0};

		if (!read_stat(n->root, n->found[i].pid, &p))
			continue;
		read_io(n->root, &p);
		if (have_room((void **)&to->items, to->n, &to->cap, sizeof p))
			to->items[to->n++] = p;
	}
}

/* --- known programs --- */

static bool has_word(const struct neighbours *n, pid_t pid, const char *word)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	return tree_file(n->root, &text, "/proc/%ld/cmdline", (long)pid) == 0 &&
	       memmem(text.data, text.len, word, strlen(word)) != NULL;
}

static bool is_known(const struct neighbours *n, const struct process *p, char name[64])
{
	for (size_t i = 0; i < BL_ARRAY_LEN(known); i++) {
		if (fnmatch(known[i].comm, p->comm, 0) != 0 ||
		    (known[i].word && !has_word(n, p->pid, known[i].word)))
			continue;
		snprintf(name, 64, "%s%s%s", p->comm, known[i].word ? " " : "",
			 known[i].word ? known[i].word : "");
		return true;
	}
	return false;
}

/* @p NULL: no process. */
static void note_ran(struct neighbours *n, const struct process *p, const char *name,
		     uint64_t from_ns, bool from_before)
{
	struct ran *r = &n->ran[n->n_ran];

	if (n->n_ran == RAN_MAX) {
		n->n_more++;
		return;
	}
	*r = (struct ran){.pid = p ? p->pid : 0,
			  .start_ticks = p ? p->start_ticks : 0,
			  .from_ns = from_ns,
			  .to_ns = n->looked_ns,
			  .from_before = from_before,
			  .is_open = true};
	snprintf(r->name, sizeof r->name, "%s", name);
	n->n_ran++;
}

/* Since it was started, which is after the look before this one. */
static uint64_t started_ns(const struct neighbours *n, const struct process *p, uint64_t last_ns)
{
	uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t at = p->start_ticks * tick_ns;

	at = at > n->boot_offset_ns ? at - n->boot_offset_ns : 0;
	return at < last_ns ? last_ns : at > n->looked_ns ? n->looked_ns : at;
}

/* The process is the one of the last look, under the same name. */
static bool is_same(const struct seen *s, const struct process *p)
{
	return s->start_ticks == p->start_ticks && !strcmp(s->comm, p->comm);
}

/* Reading all of them each time would cost more than it tells: those that are new or young, and of
 * the others, which may have ended and left their number to another, a part. */
static bool must_read(const struct seen *s, const struct seen *before)
{
	if (!before || !before->start_ticks)
		return true;
	return before->n_looks < YOUNG ||
	       (!before->is_kernel && (before->n_looks + (unsigned)s->pid) % OLD_EVERY == 0);
}

static struct ran *open_ran(struct neighbours *n, const struct seen *s)
{
	for (size_t i = 0; s && i < n->n_ran; i++) {
		struct ran *r = &n->ran[i];

		if (r->pid == s->pid && r->start_ticks == s->start_ticks && r->is_open)
			return r;
	}
	return NULL;
}

static void look_at_program(struct neighbours *n, struct seen *s, const struct seen *before,
			    uint64_t last_ns)
{
	struct ran *r = open_ran(n, before);
	struct process p = {0};
	char name[64];

	if (before)
		*s = *before;
	s->n_looks++;
	if (!r && !must_read(s, before))
		return;
	if (!read_stat(n->root, s->pid, &p)) {
		s->start_ticks = 0; /* the next time */
		return;
	}
	if (before && is_same(before, &p)) {
		if (r)
			r->to_ns = n->looked_ns;
		return;
	}
	*s = (struct seen){.pid = p.pid, .start_ticks = p.start_ticks, .is_kernel = p.is_kernel};
	snprintf(s->comm, sizeof s->comm, "%s", p.comm);
	if (is_known(n, &p, name))
		note_ran(n, &p, name, started_ns(n, &p, last_ns), n->looked_ns == n->began_ns);
}

static void look_at_programs(struct neighbours *n, uint64_t last_ns)
{
	for (size_t i = 0; i < n->n_found; i++)
		look_at_program(n, &n->found[i],
				n->n_seen ? bsearch(&n->found[i], n->seen, n->n_seen,
						    sizeof *n->seen, by_pid)
					  : NULL,
				last_ns);
	for (size_t i = 0; i < n->n_ran; i++)
		if (n->ran[i].pid && n->ran[i].to_ns != n->looked_ns)
			n->ran[i].is_open = false;
}

/* --- checks of RAIDs: md/sync_action (Documentation/admin-guide/md.rst) --- */

static void look_at_raid(void *ctx, const char *md)
{
	struct neighbours *n = ctx;
	char action[32], name[64];

	if (strncmp(md, "md", 2) != 0 ||
	    tree_line(n->root, action, sizeof action, "/sys/block/%s/md/sync_action", md) < 0 ||
	    !strcmp(action, "idle") || !strcmp(action, "frozen"))
		return;
	snprintf(name, sizeof name, "%.30s: %.30s", md, action);
	for (size_t i = 0; i < n->n_ran; i++) {
		struct ran *r = &n->ran[i];

		if (r->pid || !r->is_open || strcmp(r->name, name) != 0)
			continue;
		r->to_ns = n->looked_ns;
		return;
	}
	note_ran(n, NULL, name, n->looked_ns, n->looked_ns == n->began_ns);
}

static void look_at_raids(struct neighbours *n)
{
	tree_names(n->root, "/sys/block", look_at_raid, n);
	for (size_t i = 0; i < n->n_ran; i++)
		if (!n->ran[i].pid && n->ran[i].to_ns != n->looked_ns)
			n->ran[i].is_open = false;
}

void neighbours_look(struct neighbours *n, uint64_t now_ns)
{
	uint64_t last_ns = n->looked_ns;
	struct seen *seen = n->seen;
	size_t cap = n->cap_seen;

	n->looked_ns = now_ns;
	list_pids(n);
	look_at_programs(n, last_ns);
	look_at_raids(n);
	n->seen = n->found;
	n->n_seen = n->n_found;
	n->cap_seen = n->cap_found;
	n->found = seen;
	n->cap_found = cap;
	n->n_found = 0;
}

/* --- before, after --- */

struct neighbours *neighbours_new(const char *root, uint64_t now_ns)
{
	struct neighbours *n = calloc(1, sizeof *n);
	struct timespec boot = {0}, mono = {0};

	if (!n)
		return NULL;
	n->root = strdup(root ? root : "");
	if (!n->root)
		return neighbours_free(n);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	n->boot_offset_ns = (uint64_t)(boot.tv_sec - mono.tv_sec) * NS_PER_S +
			    (uint64_t)(boot.tv_nsec - mono.tv_nsec);
	n->began_ns = n->ended_ns = now_ns;
	list_pids(n);
	scan(n, &n->before);
	neighbours_look(n, now_ns);
	return n;
}

struct neighbours *neighbours_free(struct neighbours *n)
{
	if (!n)
		return NULL;
	free(n->before.items);
	free(n->after.items);
	free(n->seen);
	free(n->found);
	bl_buf_done(&n->timers);
	free(n->root);
	free(n);
	return NULL;
}

void neighbours_end(struct neighbours *n, pid_t pid, uint64_t now_ns)
{
	size_t kept = 0;

	neighbours_look(n, now_ns);
	n->ended_ns = now_ns;
	list_pids(n);
	n->after.n = 0;
	scan(n, &n->after);
	for (size_t i = 0; i < n->after.n; i++) {
		pid_t one = n->after.items[i].pid;

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

		if (b->pid == p->pid && b->start_ticks == p->start_ticks)
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
	double tick_s = 1. / (double)sysconf(_SC_CLK_TCK);
	size_t n_top = 0;

	if (span_s <= 0)
		return 0;
	for (size_t i = 0; i < n->after.n; i++) {
		const struct process *p = &n->after.items[i];
		struct process b = earlier(n, p);
		struct top t = {.p = p,
				.cpus = rise(b.cpu_ticks, p->cpu_ticks) * tick_s / span_s,
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
			    p->is_kernel ? "[%s] (pid %ld): %.2f CPUs" : "%s (pid %ld): %.2f CPUs",
			    p->comm, (long)p->pid, top[i].cpus);
		add_rate(&text, top[i].has_io ? top[i].read_s : 0, "read");
		add_rate(&text, top[i].has_io ? top[i].write_s : 0, "written");
		snprintf(key, sizeof key, "host.top.%zu", i + 1);
		r = bl_buf_failed(&text) ? -ENOMEM : facts_add(facts, key, bl_buf_str(&text));
	}
	return r;
}

static int add_one_ran(const struct ran *r, uint64_t from_ns, uint64_t to_ns, unsigned number,
		       struct facts *facts)
{
	char key[32], pid[32] = "", from[48] = "since before", to[48] = " until the end";

	snprintf(key, sizeof key, "host.ran.%u", number);
	if (r->pid)
		snprintf(pid, sizeof pid, " (pid %ld)", (long)r->pid);
	if (!r->from_before && r->from_ns >= from_ns)
		snprintf(from, sizeof from, "from +%.1f s", (double)(r->from_ns - from_ns) / 1e9);
	if (!r->is_open && r->to_ns <= to_ns)
		snprintf(to, sizeof to, ", last seen at +%.1f s",
			 r->to_ns > from_ns ? (double)(r->to_ns - from_ns) / 1e9 : 0);
	return facts_addf(facts, key, "%s%s %s%s", r->name, pid, from, to);
}

static int add_ran(const struct neighbours *n, uint64_t from_ns, uint64_t to_ns,
		   struct facts *facts)
{
	unsigned number = 0;
	int r = 0;

	for (size_t i = 0; i < n->n_ran && r == 0; i++)
		if (n->ran[i].from_ns <= to_ns && n->ran[i].to_ns >= from_ns)
			r = add_one_ran(&n->ran[i], from_ns, to_ns, ++number, facts);
	if (r == 0 && number && n->n_more) {
		char key[32];

		snprintf(key, sizeof key, "host.ran.%u", number + 1);
		r = facts_addf(facts, key, "and %zu more, not all of them within this time",
			       n->n_more);
	}
	return r;
}

int neighbours_facts(const struct neighbours *n, uint64_t from_ns, uint64_t to_ns,
		     struct facts *facts)
{
	int r = add_top(n, facts);

	if (r == 0)
		r = add_ran(n, from_ns, to_ns, facts);
	if (r < 0 || !n->timers.len)
		return r;
	return timers_fired(n->timers.data, n->timers.len,
			    (uint64_t)((int64_t)(from_ns / NS_PER_US) + n->wall_offset_us),
			    (uint64_t)((int64_t)(to_ns / NS_PER_US) + n->wall_offset_us), facts);
}
