#include "temperatures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "helper.h"
#include "kept_file.h"
#include "tree.h"

struct sensor {
	char name[SERIES_NAME_MAX]; /* of the signal */
	struct kept_file file;
	uint64_t mc; /* SERIES_ABSENT: it does not say */
};

struct sensors {
	struct sensor *items;
	size_t n;
	struct kept_text text;
};

struct temperatures {
	struct bl_helper *helper;
	struct sensors *sensors; /* the helper's */
	bool is_asked;           /* and not put yet */
};

/* --- which there are --- */

struct search {
	const char *root;
	const char (*disks)[32];
	size_t n_disks;
	struct sensors *to;
	unsigned n_packages;
};

static void add_sensor(struct search *s, const char *hwmon, const char *name)
{
	struct sensors *to = s->to;
	struct sensor *more = reallocarray(to->items, to->n + 1, sizeof *more);

	if (!more)
		return;
	to->items = more;
	more += to->n;
	*more = (struct sensor){0};
	snprintf(more->name, sizeof more->name, "temperature.%.32s_mc", name);
	if (kept_file_init(&more->file, s->root, "/sys/class/hwmon/%s/temp1_input", hwmon) == 0)
		to->n++;
}

/* A disk's device is its controller, or with several ways to it the subsystem that has them. */
static bool is_watched(const struct search *s, const char *controller)
{
	char device[64];

	for (size_t i = 0; i < s->n_disks; i++) {
		if (tree_link(s->root, device, sizeof device, "/sys/class/block/%s/device",
			      s->disks[i]) < 0)
			continue;
		if (!strcmp(device, controller) ||
		    (!strncmp(device, "nvme-subsys", 11) &&
		     tree_exists(s->root, "/sys/class/nvme-subsystem/%s/%s", device, controller)))
			return true;
	}
	return false;
}

/* temp1 is the package (coretemp), the control temperature (k10temp), the composite one (nvme). */
static void find_sensor(void *ctx, const char *hwmon)
{
	static const char *const packages[] = {"coretemp", "k10temp", "zenpower"};
	struct search *s = ctx;
	char driver[32], name[32];

	if (tree_line(s->root, driver, sizeof driver, "/sys/class/hwmon/%s/name", hwmon) < 0)
		return;
	if (!strcmp(driver, "nvme") &&
	    tree_link(s->root, name, sizeof name, "/sys/class/hwmon/%s/device", hwmon) == 0 &&
	    is_watched(s, name))
		add_sensor(s, hwmon, name);
	for (size_t i = 0; i < BL_ARRAY_LEN(packages); i++) {
		if (strcmp(driver, packages[i]) != 0)
			continue;
		snprintf(name, sizeof name, "package%u", s->n_packages++);
		add_sensor(s, hwmon, name);
	}
}

/* --- the thread's part --- */

static void read_sensors(void *ctx)
{
	struct sensors *s = ctx;

	for (size_t i = 0; i < s->n; i++) {
		const char *at;

		s->items[i].mc = SERIES_ABSENT; /* also below zero */
		if (kept_file_read(&s->items[i].file, &s->text) < 0)
			continue;
		at = s->text.data;
		if (!kept_next_u64(&at, &s->items[i].mc))
			s->items[i].mc = SERIES_ABSENT;
	}
}

static void end_sensors(void *ctx)
{
	struct sensors *s = ctx;

	for (size_t i = 0; i < s->n; i++)
		kept_file_done(&s->items[i].file);
	free(s->items);
	free(s->text.data);
	free(s);
}

/* --- the sampler's part --- */

struct temperatures *temperatures_new(const char *root, const char (*disks)[32], size_t n)
{
	struct temperatures *t = calloc(1, sizeof *t);
	struct search s = {.root = root ? root : "", .disks = disks, .n_disks = n};

	s.to = calloc(1, sizeof *s.to);
	if (!t || !s.to) {
		free(t);
		free(s.to);
		return NULL;
	}
	t->sensors = s.to;
	tree_names(s.root, "/sys/class/hwmon", find_sensor, &s);
	if (bl_helper_new("temperatures", read_sensors, end_sensors, s.to, &t->helper) < 0) {
		end_sensors(s.to);
		free(t);
		return NULL;
	}
	return t;
}

struct temperatures *temperatures_free(struct temperatures *t)
{
	if (!t)
		return NULL;
	bl_helper_end(t->helper);
	free(t);
	return NULL;
}

void temperatures_ask(struct temperatures *t)
{
	if (bl_helper_ask(t->helper))
		t->is_asked = true;
}

void temperatures_put(struct temperatures *t, uint64_t until_ns, struct series_set *set)
{
	if (!t->is_asked || !bl_helper_wait(t->helper, until_ns))
		return;
	t->is_asked = false;
	for (size_t i = 0; i < t->sensors->n; i++)
		if (t->sensors->items[i].mc != SERIES_ABSENT)
			series_put(set, t->sensors->items[i].name, SERIES_GAUGE,
				   t->sensors->items[i].mc);
}
