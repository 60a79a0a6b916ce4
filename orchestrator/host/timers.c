#include "timers.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "proc.h"
#include "tame.h"
#include "tree.h"
#include "units.h"

int timers_ask(const char *root, struct bl_buf *out)
{
	static const char *const argv[] = {"systemctl", "list-timers", "--all", "--output=json",
					   NULL};

	if ((root && root[0]) || !tree_exists(root, "/run/systemd/system"))
		return -ENOENT;
	return bl_proc_run(argv, NULL, 0, out, NULL, 5 * NS_PER_S, NULL) == 0 ? 0 : -EIO;
}

static int add_timer(const json_t *item, double at_s, unsigned n, struct facts *facts)
{
	const char *unit = json_string_value(json_object_get(item, "unit"));
	const char *service = json_string_value(json_object_get(item, "activates"));
	char key[32], unit_text[96], service_text[96];

	bl_tame(unit_text, sizeof unit_text, unit ? unit : "?", SIZE_MAX);
	bl_tame(service_text, sizeof service_text, service ? service : "?", SIZE_MAX);
	snprintf(key, sizeof key, "timer.%u", n);
	return facts_addf(facts, key, "%s -> %s at +%.1f s", unit_text, service_text, at_s);
}

int timers_fired(const char *json, size_t len, uint64_t from_us, uint64_t to_us,
		 struct facts *facts)
{
	json_t *list = len ? json_loadb(json, len, 0, NULL) : NULL, *item;
	unsigned n = 0;
	size_t i;
	int r = 0;

	json_array_foreach (list, i, item) {
		uint64_t last = (uint64_t)json_integer_value(json_object_get(item, "last"));

		if (r == 0 && last >= from_us && last <= to_us)
			r = add_timer(item, (double)(last - from_us) / 1e6, ++n, facts);
	}
	json_decref(list);
	return r;
}
