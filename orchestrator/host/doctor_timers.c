/* doctor_timers.c - jobs of the host that will run into a measurement: trim, backup, scrub.
 *
 * Where systemd runs it is asked, so that the next time is known; elsewhere the enabled
 * units and the folders of cron are read, and the next time is not known.
 */
#include <errno.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "doctor_areas.h"
#include "proc.h"
#include "units.h"

#define AREA "timers"

/* A night of measuring: what is due later is another run's problem. */
#define SOON_MS (12 * 3600 * 1000ULL)

enum weight { LIGHT, HEAVY };

/* The first match counts; patterns are for names without ".timer". */
static const struct {
	const char *pattern;
	enum weight weight;
	const char *meaning;
} known[] = {
	{"fstrim", HEAVY, "trims every mounted disk: while it runs, I/O waits behind discards"},
	{"*raid-check*", HEAVY, "reads every member of the array from end to end"},
	{"mdcheck*", HEAVY, "reads every member of the array from end to end"},
	{"checkarray*", HEAVY, "reads every member of the array from end to end"},
	{"mdadm", HEAVY, "reads every member of the array from end to end"},
	{"*scrub*", HEAVY, "reads all data of the file system to check it"},
	{"*vzdump*", HEAVY, "backs up VMs: read storms and snapshots"},
	{"*pg_dump*", HEAVY, "reads a database from end to end"},
	{"dpkg-db-backup", LIGHT, "copies a small file"},
	{"*backup*", HEAVY, "reads much and fills the page cache with it"},
	{"*borg*", HEAVY, "reads much and fills the page cache with it"},
	{"*restic*", HEAVY, "reads much and fills the page cache with it"},
	{"*rsnapshot*", HEAVY, "reads much and fills the page cache with it"},
	{"*snapper*", HEAVY, "snapshots turn the next rewrite of every block into a copy"},
	{"*snapshot*", HEAVY, "snapshots turn the next rewrite of every block into a copy"},
	{"*replicat*", HEAVY, "reads what has changed and sends it: bursts at an interval"},
	{"*locate*", HEAVY, "walks every folder of the host"},
	{"apt-daily-upgrade", HEAVY,
	 "installs packages, may restart services, even libvirt and QEMU's libraries"},
	{"unattended-upgrades", HEAVY, "installs packages, may restart services"},
	{"apt-*", LIGHT, "fetches package lists"},
	{"dnf-*", LIGHT, "fetches package lists"},
	{"man-db", LIGHT, "rebuilds an index, some seconds of I/O"},
	{"logrotate", LIGHT, "compresses logs, some seconds of CPU and I/O"},
	{"sysstat*", LIGHT, "a reading every few minutes"},
};

struct timers {
	const struct doctor_options *opt;
	struct doctor_rows *out;
	const char *folder; /* of cron, while it is read */
	unsigned n;
	int r;
};

static int find_known(const char *name)
{
	char bare[128];
	char *dot;

	snprintf(bare, sizeof bare, "%s", name);
	dot = strstr(bare, ".timer");
	if (dot)
		*dot = '\0';
	for (size_t i = 0; i < BL_ARRAY_LEN(known); i++)
		if (fnmatch(known[i].pattern, bare, 0) == 0)
			return (int)i;
	return -1;
}

/* @next_ms 0: not known; @when says what is known about it. */
static void add_timer(struct timers *t, const char *name, uint64_t next_ms, const char *when)
{
	uint64_t now = t->opt->now_ms, left = next_ms > now ? next_ms - now : 0;
	int k = find_known(name);
	char text[160], clock[BL_UNIT_TEXT_MAX];
	bool is_soon = !next_ms || left < SOON_MS;

	if (k < 0)
		return; /* not known to touch disks or CPUs noticeably */
	if (next_ms)
		snprintf(text, sizeof text, "in %s h", bl_format_clock(clock, left * NS_PER_MS));
	else
		snprintf(text, sizeof text, "%.150s", when);
	t->n++;
	t->r |= doctor_add(
		t->out, AREA, name,
		!is_soon                   ? DOCTOR_OK
		: known[k].weight == HEAVY ? DOCTOR_WARN
					   : DOCTOR_INFO,
		known[k].meaning,
		is_soon ? "systemctl stop it (or move the cron entry) for the time of the "
			  "run"
			: NULL,
		"%s", text);
}

/* systemctl's list: [{"next": microseconds, "unit": "fstrim.timer", ...}]. */
static int from_systemd(struct timers *t)
{
	static const char *const argv[] = {"systemctl", "list-timers", "--output=json", NULL};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	json_t *list, *item;
	const char *unit;
	size_t i;

	if (bl_proc_run(argv, NULL, 0, &text, NULL, 5 * NS_PER_S, NULL) != 0)
		return -EIO;
	list = json_loadb(bl_buf_str(&text), text.len, 0, NULL);
	if (!json_is_array(list)) {
		json_decref(list);
		return -EINVAL;
	}
	json_array_foreach (list, i, item) {
		unit = json_string_value(json_object_get(item, "unit"));
		if (unit)
			add_timer(t, unit,
				  (uint64_t)json_integer_value(json_object_get(item, "next")) /
					  1000,
				  "next time not set");
	}
	json_decref(list);
	return 0;
}

/* What the unit file says about its time: OnCalendar=weekly. */
static void from_unit(void *ctx, const char *name)
{
	static const char *const dirs[] = {"/etc/systemd/system", "/usr/lib/systemd/system",
					   "/lib/systemd/system"};
	struct timers *t = ctx;
	char when[160] = "enabled, time not known";

	for (size_t i = 0; i < BL_ARRAY_LEN(dirs); i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
		const char *at;

		if (host_file(t->opt, &text, "%s/%s", dirs[i], name) < 0)
			continue;
		at = strstr(bl_buf_str(&text), "\nOnCalendar=");
		if (at)
			snprintf(when, sizeof when, "enabled, %.120s", at + 12);
		when[strcspn(when, "\n")] = '\0';
		break;
	}
	add_timer(t, name, 0, when);
}

static void from_cron(void *ctx, const char *name)
{
	struct timers *t = ctx;
	char when[160];

	snprintf(when, sizeof when, "in %s", t->folder);
	add_timer(t, name, 0, when);
}

static void cron(struct timers *t)
{
	static const char *const folders[] = {"/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily",
					      "/etc/cron.weekly"};

	/* Files without a running cron are only files. */
	if (!host_exists(t->opt, "/run/crond.pid") && !host_exists(t->opt, "/var/run/crond.pid"))
		return;
	for (size_t i = 0; i < BL_ARRAY_LEN(folders); i++) {
		t->folder = folders[i];
		host_names(t->opt, folders[i], from_cron, t);
	}
}

int doctor_timers(const struct doctor_options *opt, struct doctor_rows *out)
{
	struct timers t = {.opt = opt, .out = out};
	bool is_real = !opt->root || !opt->root[0];
	bool runs_systemd = host_exists(opt, "/run/systemd/system");

	if (!runs_systemd)
		t.r |= doctor_add(
			out, AREA, "systemd", DOCTOR_OK,
			"without it enabled timer units are only files that nothing starts; "
			"in a container the timers of the host outside stay unseen",
			NULL, "does not run here");
	else if (!is_real || from_systemd(&t) < 0)
		host_names(opt, "/etc/systemd/system/timers.target.wants", from_unit, &t);
	cron(&t);
	if (t.r == 0 && t.n == 0 && runs_systemd)
		t.r |= doctor_add(out, AREA, "known disturbers", DOCTOR_OK,
				  "no trim, backup, scrub or upgrade will start on its own", NULL,
				  "none enabled");
	return t.r;
}
