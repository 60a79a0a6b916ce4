#define SCENARIO_INTERNAL
#include "scenario.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "nbdkit_words.h"
#include "scenario_priv.h"
#include "units.h"

#define NAME_BYTES_MAX 100
#define ROUNDS         2 /* there and back: what drifts evenly cancels */

/* --- the keys --- */

static int check_name(struct reader *r, const char *key, const struct ynode *node)
{
	char q[QUOTE_MAX];

	for (const char *p = r->sc->name; *p; p++) {
		if (isalnum((unsigned char)*p) || strchr("._-", *p))
			continue;
		return fail_at(r, key, node->at,
			       "'%s' has a character that is not accepted; letters, digits, '.', "
			       "'_' and '-' are",
			       text_quote(q, r->sc->name));
	}
	if (strlen(r->sc->name) > NAME_BYTES_MAX)
		return fail_at(r, key, node->at, "'%s' is longer than %d characters",
			       text_quote(q, r->sc->name), NAME_BYTES_MAX);
	return 0;
}

static int check_machine(struct reader *r, const char *key, const struct ynode *node)
{
	static const char *const families[] = {"pc-q35-", "pc-i440fx-"};
	const char *m = r->sc->machine;
	char q[QUOTE_MAX];

	if (strcmp(m, "q35") == 0 || strcmp(m, "pc") == 0)
		return 0;
	for (size_t i = 0; i < BL_ARRAY_LEN(families); i++) {
		size_t len = strlen(families[i]);

		if (strncmp(m, families[i], len) == 0 && isdigit((unsigned char)m[len]) &&
		    strspn(m + len, "0123456789.") == strlen(m + len) && strlen(m) < 32)
			return 0;
	}
	return fail_at(r, key, node->at,
		       "'%s' is not a machine; one of q35, pc, or a version of them such as "
		       "pc-q35-7.2",
		       text_quote(q, m));
}

static int check_backing_dir(struct reader *r, const char *key, const struct ynode *node)
{
	char *path;

	(void)key;
	(void)node;
	if (strcmp(r->sc->backing_dir, "auto") == 0)
		return 0;
	path = resolve_path(r, r->sc->backing_dir);
	if (!path)
		return fail_memory(r);
	free(r->sc->backing_dir);
	r->sc->backing_dir = path;
	return 0;
}

static int check_reference(struct reader *r, const char *key, const struct ynode *node)
{
	(void)key;
	r->sc->reference_at = node->at; /* whether it is a cell is the matrix's to say */
	return 0;
}

static int check_nbdkit(struct reader *r, const char *key, const struct ynode *node)
{
	struct bl_err why = BL_ERR_INIT;
	char *words;
	int code = nbdkit_words_read(r->sc->nbdkit, &words, &why);

	r->sc->nbdkit_at = node->at;
	if (code < 0)
		return fail_at(r, key, node->at, "%s", bl_err_text(&why));
	free(r->sc->nbdkit);
	r->sc->nbdkit = words;
	return 0;
}

static int read_order(struct reader *r, const char *key, const struct ynode *node)
{
	const char *text = scalar(r, key, node, "interleaved or sequential");
	char q[QUOTE_MAX];

	if (!text)
		return -EINVAL;
	r->sc->is_interleaved = strcmp(text, "interleaved") == 0;
	if (r->sc->is_interleaved || strcmp(text, "sequential") == 0)
		return 0;
	return fail_at(r, key, node->at, "'%s' is not an order; one of interleaved, sequential",
		       text_quote(q, text));
}

static int read_interleave(struct reader *r, const char *key, const struct ynode *node)
{
	const char *text = scalar(r, key, node, "between-boots or within-boot");
	char q[QUOTE_MAX];

	if (!text)
		return -EINVAL;
	r->sc->interleave_at = node->at;
	r->sc->is_within_boot = strcmp(text, "within-boot") == 0;
	r->sc->rounds = r->sc->is_within_boot ? ROUNDS : 1;
	if (r->sc->is_within_boot || strcmp(text, "between-boots") == 0)
		return 0;
	return fail_at(r, key, node->at,
		       "'%s' is no way to interleave; one of between-boots, within-boot",
		       text_quote(q, text));
}

static int check_rounds(struct reader *r, const char *key, const struct ynode *node)
{
	if (r->sc->is_within_boot)
		return 0;
	return fail_at(r, key, node->at,
		       "'%u' rounds have a meaning only where cells share a boot; add "
		       "'interleave: within-boot', or leave it out for one trial a boot",
		       r->sc->rounds);
}

static int read_telemetry(struct reader *r, const char *key, const struct ynode *node)
{
	const char *text = scalar(r, key, node, "on or off");
	char q[QUOTE_MAX];

	if (!text)
		return -EINVAL;
	r->sc->has_telemetry = strcmp(text, "on") == 0;
	if (r->sc->has_telemetry || strcmp(text, "off") == 0)
		return 0;
	return fail_at(r, key, node->at, "'%s' is neither on nor off", text_quote(q, text));
}

static int read_vm(struct reader *r, const char *key, const struct ynode *node);
static int read_backing(struct reader *r, const char *key, const struct ynode *node);
static int read_limits(struct reader *r, const char *key, const struct ynode *node);

#define FIELD(f)        offsetof(struct scenario, f)
#define TIME_LIMIT_MAX  (24 * 3600 * NS_PER_S)
#define ACCEPTS_SECONDS "a time from 1s to 24h, for example 30s, 2m"

/* axes before vm: vm.vcpus asks whether there is such an axis. jobs last: they are checked
 * against the backing. */
static const struct key_row top_keys[] = {
	{.key = {"name", "name of the scenario, in stores and reports",
		 "letters, digits, '.', '_' and '-'", true},
	 .kind = KEY_TEXT,
	 .at = FIELD(name),
	 .read = check_name},
	{.key = {"description", "what the scenario is to find out", "any text", false},
	 .kind = KEY_TEXT,
	 .at = FIELD(description)},
	{.key = {"axes", "the properties that vary: one value or a list of values for each",
		 "a mapping of axes", false},
	 .read = read_axes},
	{.key = {"vm", "the virtual machine, where no axis says otherwise", "a mapping", false},
	 .read = read_vm},
	{.key = {"backing", "the image under test", "a mapping", false}, .read = read_backing},
	{.key = {"device", "the disk of this host that cells run on; what is on it is lost",
		 "a mapping with 'serial', and 'pci' or 'path'", false},
	 .read = read_device},
	{.key = {"needs", "what the VM must be able to do, for the advice of the report",
		 "a mapping", false},
	 .read = read_needs},
	{.key = {"exclude", "cells to leave out: each entry removes all that match all its values",
		 "a list of mappings of axes", false},
	 .read = read_excludes},
	{.key = {"include",
		 "cells to add: each entry adds one; axes it does not name have the "
		 "first value of that axis",
		 "a list of mappings of axes", false},
	 .read = read_includes},
	{.key = {"repeats", "trials of each cell; auto: until the intervals are narrow enough",
		 "a whole number from 1 to 1000, auto, or a mapping", false},
	 .read = read_repeats},
	{.key = {"min_effect", "the least change that matters, of each figure", "a mapping", false},
	 .read = read_min_effect},
	{.key = {"order", "interleaved: blocks of all cells, shuffled; sequential: cell by cell",
		 "interleaved or sequential", false},
	 .read = read_order},
	{.key = {"interleave",
		 "between-boots: a boot for each trial; within-boot: cells that differ only in the "
		 "disk share a boot and take turns",
		 "between-boots or within-boot", false},
	 .read = read_interleave},
	{.key = {"rounds", "turns of each cell in a boot, with interleave: within-boot",
		 "a whole number from 1 to 64", false},
	 .kind = KEY_COUNT,
	 .at = FIELD(rounds),
	 .min = 1,
	 .max = 64,
	 .read = check_rounds},
	{.key = {"seed", "of the order of trials; the same seed gives the same plan",
		 "a whole number", false},
	 .kind = KEY_SEED,
	 .at = FIELD(seed),
	 .max = UINT64_MAX},
	{.key = {"telemetry",
		 "sample host, guest and QEMU while jobs run; off: to measure its cost",
		 "on or off", false},
	 .read = read_telemetry},
	{.key = {"reference", "the cell that others are compared against; default: the first",
		 "the name of a cell", false},
	 .kind = KEY_TEXT,
	 .at = FIELD(reference),
	 .read = check_reference},
	{.key = {"limits", "how long a step may take before its trial has failed", "a mapping",
		 false},
	 .read = read_limits},
	{.key = {"jobs", "the fio job file that every cell runs",
		 "the path of a fio job file, or a mapping with 'file'", true},
	 .read = read_jobs},
};

static const struct key_row vm_keys[] = {
	{.key = {"vcpus", "virtual CPUs, unless vcpus is an axis", "1 to 255", false},
	 .read = read_vm_vcpus},
	{.key = {"memory", "memory of the guest",
		 "a size from 128MiB to 1TiB, for example 512MiB, 2GiB", false},
	 .kind = KEY_SIZE,
	 .at = FIELD(memory_bytes),
	 .min = 128 * MiB,
	 .max = 1024 * GiB,
	 .multiple = MiB},
	{.key = {"machine", "QEMU's machine type", "q35, pc, or a version such as pc-q35-7.2",
		 false},
	 .kind = KEY_TEXT,
	 .at = FIELD(machine),
	 .read = check_machine},
};

static const struct key_row backing_keys[] = {
	{.key = {"dir", "folder of the image; auto: the lab's work folder", "auto or a path",
		 false},
	 .kind = KEY_TEXT,
	 .at = FIELD(backing_dir),
	 .read = check_backing_dir},
	{.key = {"size", "size of the disk as the guest sees it",
		 "a size from 1MiB to 64TiB, for example 256MiB, 2GiB", false},
	 .kind = KEY_SIZE,
	 .at = FIELD(backing_bytes),
	 .min = MiB,
	 .max = 64 * 1024 * GiB,
	 .multiple = MiB},
	{.key = {"precondition",
		 "what is written before the first job, and what a job runs before it "
		 "is measured",
		 "random-fill, none, snia, or a mapping", false},
	 .read = read_precondition},
	{.key = {"nbdkit",
		 "filters of the server of storage nbd, to make it as slow or unsteady as a "
		 "network's",
		 NBDKIT_ACCEPTS, false},
	 .kind = KEY_TEXT,
	 .at = FIELD(nbdkit),
	 .read = check_nbdkit},
};

static const struct key_row limits_keys[] = {
	{.key = {"boot", "from the VM's start to the guest's hello", ACCEPTS_SECONDS, false},
	 .kind = KEY_TIME,
	 .at = FIELD(limit_boot_ns),
	 .min = NS_PER_S,
	 .max = TIME_LIMIT_MAX},
	{.key = {"job", "of a job, on top of its ramp_time and runtime", ACCEPTS_SECONDS, false},
	 .kind = KEY_TIME,
	 .at = FIELD(limit_job_ns),
	 .min = NS_PER_S,
	 .max = TIME_LIMIT_MAX},
	{.key = {"shutdown", "from the request to the VM's end", ACCEPTS_SECONDS, false},
	 .kind = KEY_TIME,
	 .at = FIELD(limit_shutdown_ns),
	 .min = NS_PER_S,
	 .max = TIME_LIMIT_MAX},
};

static int read_vm(struct reader *r, const char *key, const struct ynode *node)
{
	return read_mapping(r, key, node, vm_keys, BL_ARRAY_LEN(vm_keys));
}

static int read_backing(struct reader *r, const char *key, const struct ynode *node)
{
	return read_mapping(r, key, node, backing_keys, BL_ARRAY_LEN(backing_keys));
}

static int read_limits(struct reader *r, const char *key, const struct ynode *node)
{
	return read_mapping(r, key, node, limits_keys, BL_ARRAY_LEN(limits_keys));
}

static bool row_key_at(const struct key_row *rows, size_t n, size_t i, struct scenario_key *ret_key)
{
	if (i >= n)
		return false;
	*ret_key = rows[i].key;
	return true;
}

bool scenario_key_at(const char *section, size_t i, struct scenario_key *ret_key)
{
	if (strcmp(section, "") == 0)
		return row_key_at(top_keys, BL_ARRAY_LEN(top_keys), i, ret_key);
	if (strcmp(section, "vm") == 0)
		return row_key_at(vm_keys, BL_ARRAY_LEN(vm_keys), i, ret_key);
	if (strcmp(section, "backing") == 0)
		return row_key_at(backing_keys, BL_ARRAY_LEN(backing_keys), i, ret_key);
	if (strcmp(section, "precondition") == 0)
		return row_key_at(precondition_keys, n_precondition_keys, i, ret_key);
	if (strcmp(section, "repeats") == 0)
		return row_key_at(repeats_keys, n_repeats_keys, i, ret_key);
	if (strcmp(section, "min_effect") == 0)
		return row_key_at(min_effect_keys, n_min_effect_keys, i, ret_key);
	if (strcmp(section, "limits") == 0)
		return row_key_at(limits_keys, BL_ARRAY_LEN(limits_keys), i, ret_key);
	if (strcmp(section, "device") == 0)
		return row_key_at(device_keys, n_device_keys, i, ret_key);
	if (strcmp(section, "needs") == 0)
		return row_key_at(needs_keys, n_needs_keys, i, ret_key);
	if (strcmp(section, "jobs") == 0)
		return row_key_at(jobs_keys, n_jobs_keys, i, ret_key);
	if (strcmp(section, "axes") == 0 || strcmp(section, "exclude") == 0)
		return axis_key_at(i, ret_key);
	if (strcmp(section, "include") != 0)
		return false;
	if (i > 0)
		return axis_key_at(i - 1, ret_key);
	*ret_key = (struct scenario_key){"name", "name of the cell; default: made from its axes",
					 "text without control characters", false};
	return true;
}

/* --- the whole --- */

static int set_defaults(struct reader *r, const char *text)
{
	struct scenario *sc = r->sc;

	sc->description = strdup("");
	sc->text = strdup(text);
	sc->path = strdup(r->path);
	sc->machine = strdup("q35");
	sc->backing_dir = strdup("auto");
	sc->nbdkit = strdup("");
	sc->reference = strdup("");
	if (!sc->description || !sc->text || !sc->path || !sc->machine || !sc->backing_dir ||
	    !sc->nbdkit || !sc->reference)
		return fail_memory(r);
	sc->memory_bytes = 512 * MiB;
	sc->backing_bytes = GiB;
	sc->precondition = PRECONDITION_RANDOM_FILL;
	sc->repeats = 3;
	sc->more.metric = SCENARIO_P99;
	sc->is_interleaved = true;
	sc->rounds = 1;
	sc->seed = 1;
	sc->has_telemetry = true;
	sc->limit_boot_ns = 60 * NS_PER_S;
	sc->limit_job_ns = 60 * NS_PER_S;
	sc->limit_shutdown_ns = 30 * NS_PER_S;
	return 0;
}

static struct text_pos value_pos(const struct ynode *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->items[i]->at;
	return map->at;
}

static int parse(const char *text, size_t len, const char *path, struct scenario **ret_scenario,
		 struct bl_err *err)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = NULL;
	BL_CLEANUP(ytree_freep) struct ynode *root = NULL;
	struct reader r = {.path = path, .err = err};
	int code = ytree_parse(text, len, path, &root, err);

	if (code < 0)
		return code;
	r.sc = sc = calloc(1, sizeof *sc);
	if (!sc)
		return fail_memory(&r);
	code = set_defaults(&r, text);
	if (code == 0)
		code = read_mapping(&r, "the scenario", root, top_keys, BL_ARRAY_LEN(top_keys));
	if (code == 0)
		code = check_repeats(&r, value_pos(root, "order"));
	if (code == 0)
		code = check_jobs(&r, value_pos(root, "jobs"));
	if (code < 0)
		return code;
	*ret_scenario = BL_STEAL(sc);
	return 0;
}

int scenario_parse(const char *text, const char *path, struct scenario **ret_scenario,
		   struct bl_err *err)
{
	return parse(text, strlen(text), path, ret_scenario, err);
}

int scenario_read(const char *path, struct scenario **ret_scenario, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	int code = bl_read_file(path, YAML_TREE_BYTES_MAX, &text, err);

	if (code < 0)
		return code;
	if (bl_buf_failed(&text))
		return bl_fail(err, -ENOMEM, "out of memory while reading '%s'", path);
	return parse(bl_buf_str(&text), text.len, path, ret_scenario, err);
}

struct scenario *scenario_free(struct scenario *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n_axes; i++)
		axis_done(&s->axes[i]);
	for (size_t i = 0; i < s->n_include; i++)
		match_done(&s->include[i]);
	for (size_t i = 0; i < s->n_exclude; i++)
		match_done(&s->exclude[i]);
	jobs_done(&s->jobs);
	device_done(&s->device);
	free(s->axes);
	free(s->include);
	free(s->exclude);
	free(s->name);
	free(s->description);
	free(s->text);
	free(s->path);
	free(s->machine);
	free(s->backing_dir);
	free(s->nbdkit);
	free(s->reference);
	free(s->jobs_path);
	free(s);
	return NULL;
}

void scenario_freep(struct scenario **s)
{
	*s = scenario_free(*s);
}
