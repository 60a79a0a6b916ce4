#include "known_programs.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "fs.h"
#include "process_stat.h"
#include "room.h"
#include "tree.h"
#include "units.h"

#define RAN_MAX   32
#define YOUNG     3  /* looks: who starts a program forks first and gets its name a moment later */
#define OLD_EVERY 10 /* looks: what is older is read again, for numbers that are used again */

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

struct known_programs {
	char *root;
	uint64_t began_ns, looked_ns;
	uint64_t boot_offset_ns;   /* CLOCK_BOOTTIME - CLOCK_MONOTONIC: suspended */
	struct seen *seen, *found; /* of the last look, ascending; of this one */
	size_t n_seen, n_found, cap_seen, cap_found;
	struct ran ran[RAN_MAX];
	size_t n_ran, n_more; /* that there was no room for */
};

/* --- which processes there are --- */

static int by_pid(const void *a, const void *b)
{
	pid_t x = ((const struct seen *)a)->pid, y = ((const struct seen *)b)->pid;

	return (x > y) - (x < y);
}

static void list_pids(struct known_programs *k)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/proc", k->root);
	DIR *d = path ? opendir(path) : NULL;

	k->n_found = 0;
	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		pid_t pid = (pid_t)atol(e->d_name);

		if (pid > 0 && BL_HAVE_ROOM(k->found, k->n_found, k->cap_found))
			k->found[k->n_found++] = (struct seen){.pid = pid};
	}
	if (d)
		closedir(d);
	if (k->n_found)
		qsort(k->found, k->n_found, sizeof *k->found, by_pid);
}

/* --- known programs --- */

static bool has_word(const struct known_programs *k, pid_t pid, const char *word)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	return tree_file(k->root, &text, "/proc/%ld/cmdline", (long)pid) == 0 &&
	       memmem(text.data, text.len, word, strlen(word)) != NULL;
}

static bool is_known(const struct known_programs *k, const struct process_stat *p, char name[64])
{
	for (size_t i = 0; i < BL_ARRAY_LEN(known); i++) {
		if (fnmatch(known[i].comm, p->comm, 0) != 0 ||
		    (known[i].word && !has_word(k, p->pid, known[i].word)))
			continue;
		snprintf(name, 64, "%s%s%s", p->comm, known[i].word ? " " : "",
			 known[i].word ? known[i].word : "");
		return true;
	}
	return false;
}

/* @p NULL: no process. */
static void note_ran(struct known_programs *k, const struct process_stat *p, const char *name,
		     uint64_t from_ns, bool from_before)
{
	struct ran *r = &k->ran[k->n_ran];

	if (k->n_ran == RAN_MAX) {
		k->n_more++;
		return;
	}
	*r = (struct ran){.pid = p ? p->pid : 0,
			  .start_ticks = p ? p->start_ticks : 0,
			  .from_ns = from_ns,
			  .to_ns = k->looked_ns,
			  .from_before = from_before,
			  .is_open = true};
	snprintf(r->name, sizeof r->name, "%s", name);
	k->n_ran++;
}

/* Since it was started, which is after the look before this one. */
static uint64_t started_ns(const struct known_programs *k, const struct process_stat *p,
			   uint64_t last_ns)
{
	uint64_t at = p->start_ticks * process_tick_ns();

	at = at > k->boot_offset_ns ? at - k->boot_offset_ns : 0;
	return at < last_ns ? last_ns : at > k->looked_ns ? k->looked_ns : at;
}

/* The process is the one of the last look, under the same name. */
static bool is_same(const struct seen *s, const struct process_stat *p)
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

static struct ran *open_ran(struct known_programs *k, const struct seen *s)
{
	for (size_t i = 0; s && i < k->n_ran; i++) {
		struct ran *r = &k->ran[i];

		if (r->pid == s->pid && r->start_ticks == s->start_ticks && r->is_open)
			return r;
	}
	return NULL;
}

static void look_at_program(struct known_programs *k, struct seen *s, const struct seen *before,
			    uint64_t last_ns)
{
	struct ran *r = open_ran(k, before);
	struct process_stat p;
	char name[64];

	if (before)
		*s = *before;
	s->n_looks++;
	if (!r && !must_read(s, before))
		return;
	if (process_stat_read(k->root, s->pid, 0, &p) < 0) {
		s->start_ticks = 0; /* the next time */
		return;
	}
	if (before && is_same(before, &p)) {
		if (r)
			r->to_ns = k->looked_ns;
		return;
	}
	*s = (struct seen){.pid = p.pid, .start_ticks = p.start_ticks, .is_kernel = p.is_kernel};
	snprintf(s->comm, sizeof s->comm, "%s", p.comm);
	if (is_known(k, &p, name))
		note_ran(k, &p, name, started_ns(k, &p, last_ns), k->looked_ns == k->began_ns);
}

static void look_at_programs(struct known_programs *k, uint64_t last_ns)
{
	for (size_t i = 0; i < k->n_found; i++)
		look_at_program(k, &k->found[i],
				k->n_seen ? bsearch(&k->found[i], k->seen, k->n_seen,
						    sizeof *k->seen, by_pid)
					  : NULL,
				last_ns);
	for (size_t i = 0; i < k->n_ran; i++)
		if (k->ran[i].pid && k->ran[i].to_ns != k->looked_ns)
			k->ran[i].is_open = false;
}

/* --- checks of RAIDs: md/sync_action (Documentation/admin-guide/md.rst) --- */

static void look_at_raid(void *ctx, const char *md)
{
	struct known_programs *k = ctx;
	char action[32], name[64];

	if (strncmp(md, "md", 2) != 0 ||
	    tree_line(k->root, action, sizeof action, "/sys/block/%s/md/sync_action", md) < 0 ||
	    !strcmp(action, "idle") || !strcmp(action, "frozen"))
		return;
	snprintf(name, sizeof name, "%.30s: %.30s", md, action);
	for (size_t i = 0; i < k->n_ran; i++) {
		struct ran *r = &k->ran[i];

		if (r->pid || !r->is_open || strcmp(r->name, name) != 0)
			continue;
		r->to_ns = k->looked_ns;
		return;
	}
	note_ran(k, NULL, name, k->looked_ns, k->looked_ns == k->began_ns);
}

static void look_at_raids(struct known_programs *k)
{
	tree_names(k->root, "/sys/block", look_at_raid, k);
	for (size_t i = 0; i < k->n_ran; i++)
		if (!k->ran[i].pid && k->ran[i].to_ns != k->looked_ns)
			k->ran[i].is_open = false;
}

void known_programs_look(struct known_programs *k, uint64_t now_ns)
{
	uint64_t last_ns = k->looked_ns;
	struct seen *seen = k->seen;
	size_t cap = k->cap_seen;

	k->looked_ns = now_ns;
	list_pids(k);
	look_at_programs(k, last_ns);
	look_at_raids(k);
	k->seen = k->found;
	k->n_seen = k->n_found;
	k->cap_seen = k->cap_found;
	k->found = seen;
	k->cap_found = cap;
	k->n_found = 0;
}

/* --- begin, end --- */

struct known_programs *known_programs_new(const char *root, uint64_t now_ns)
{
	struct known_programs *k = calloc(1, sizeof *k);
	struct timespec boot = {0}, mono = {0};

	if (!k)
		return NULL;
	k->root = strdup(root);
	if (!k->root)
		return known_programs_free(k);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	k->boot_offset_ns = (uint64_t)(boot.tv_sec - mono.tv_sec) * NS_PER_S +
			    (uint64_t)(boot.tv_nsec - mono.tv_nsec);
	k->began_ns = now_ns;
	known_programs_look(k, now_ns);
	return k;
}

struct known_programs *known_programs_free(struct known_programs *k)
{
	if (!k)
		return NULL;
	free(k->seen);
	free(k->found);
	free(k->root);
	free(k);
	return NULL;
}

/* --- what is told --- */

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

int known_programs_facts(const struct known_programs *k, uint64_t from_ns, uint64_t to_ns,
			 struct facts *facts)
{
	unsigned number = 0;
	int r = 0;

	for (size_t i = 0; i < k->n_ran && r == 0; i++)
		if (k->ran[i].from_ns <= to_ns && k->ran[i].to_ns >= from_ns)
			r = add_one_ran(&k->ran[i], from_ns, to_ns, ++number, facts);
	if (r == 0 && number && k->n_more) {
		char key[32];

		snprintf(key, sizeof key, "host.ran.%u", number + 1);
		r = facts_addf(facts, key, "and %zu more, not all of them within this time",
			       k->n_more);
	}
	return r;
}
