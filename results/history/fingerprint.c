#include "fingerprint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "units.h"

enum how {
	WHOLE, /* one value */
	WORDS, /* a list with blanks between, in any order */
	COMMAS,
	BARS,  /* " | " between */
	NEARLY /* a number that moves a little by itself */
};

/* Where the value is found. */
enum from {
	ENVIRONMENT, /* the fact of that key */
	NUMBERED,    /* the facts "image.0.kernel", "image.1.kernel", ... as one: "image.kernel" */
	TRIALS       /* facts of the trials, as one */
};

/* One fact that counts. A key that ends in '*' is a family: the rest of the key says which. */
struct row {
	const char *key, *what;
	enum how how;
	enum from from;
	bool is_of_one_host;   /* another host has another one without being another system */
	const char *unless[3]; /* what these changed with says enough */
};

static const struct row rows[] = {
	{.key = "host.kernel", .what = "host kernel"},
	{.key = "host.kernel_version",
	 .what = "build of the host kernel",
	 .unless = {"host.kernel"}},
	{.key = "emulator.version", .what = "QEMU", .from = NUMBERED},
	{.key = "qemu.version", .what = "installed QEMU", .unless = {"emulator.version"}},
	{.key = "package.qemu-system-x86",
	 .what = "package qemu-system-x86",
	 .unless = {"emulator.version", "qemu.version"}},
	{.key = "emulator.sha256",
	 .what = "QEMU's binary",
	 .from = NUMBERED,
	 .unless = {"emulator.version", "qemu.version", "package.qemu-system-x86"}},
	{.key = "libvirt.version", .what = "libvirt"},
	{.key = "package.libvirt0", .what = "package libvirt0", .unless = {"libvirt.version"}},
	{.key = "package.libvirt-daemon-driver-qemu",
	 .what = "package libvirt-daemon-driver-qemu",
	 .unless = {"libvirt.version", "package.libvirt0"}},
	{.key = "package.*", .what = "package"},
	{.key = "image.kernel", .what = "guest kernel", .from = NUMBERED},
	{.key = "guest.kernel", .what = "guest kernel", .from = TRIALS, .unless = {"image.kernel"}},
	{.key = "accel", .what = "acceleration"},
	{.key = "engine.version", .what = "blklab"},
	{.key = "cpu.microcode", .what = "microcode"},
	{.key = "cpu.mitigations", .what = "mitigations", .how = BARS},
	{.key = "cpu.governor", .what = "CPU governor"},
	{.key = "cpu.frequency_driver", .what = "CPU frequency driver"},
	{.key = "cpu.max_khz", .what = "greatest CPU frequency (kHz)"},
	{.key = "cpu.energy_preference", .what = "CPU energy preference"},
	{.key = "cpu.no_turbo", .what = "turbo switched off"},
	{.key = "cpu.boost", .what = "CPU boost"},
	{.key = "cpu.smt", .what = "SMT"},
	{.key = "cpu.idle_driver", .what = "CPU idle driver"},
	{.key = "cpu.idle_governor", .what = "CPU idle governor"},
	{.key = "cpu.clocksource", .what = "clock source"},
	{.key = "disk.model", .what = "model of the disk"},
	{.key = "disk.firmware", .what = "firmware of the disk", .unless = {"disk.model"}},
	{.key = "disk.members", .what = "disks below the RAID or volume"},
	{.key = "disk.serial", .what = "serial of the disk", .is_of_one_host = true},
	{.key = "disk.member_serials",
	 .what = "serials of the disks below the RAID or volume",
	 .is_of_one_host = true,
	 .unless = {"disk.members", "disk.serial"}},
	{.key = "device.model", .what = "model of the disk under test", .from = TRIALS},
	{.key = "device.firmware",
	 .what = "firmware of the disk under test",
	 .from = TRIALS,
	 .unless = {"device.model"}},
	{.key = "device.serial",
	 .what = "serial of the disk under test",
	 .from = TRIALS,
	 .is_of_one_host = true},
	{.key = "path.disk",
	 .what = "disk below the backing files",
	 .from = TRIALS,
	 .unless = {"disk.model", "disk.firmware", "disk.members"}},
	{.key = "disk.size_bytes", .what = "size of the disk", .unless = {"disk.model"}},
	{.key = "disk.layers", .what = "layers over the disk", .is_of_one_host = true},
	{.key = "disk.file_system", .what = "file system"},
	{.key = "disk.mount_options", .what = "mount options", .how = COMMAS},
	{.key = "disk.scheduler", .what = "I/O scheduler"},
	{.key = "disk.rotational", .what = "disk called rotational"},
	{.key = "disk.write_cache", .what = "write cache of the disk"},
	{.key = "disk.logical_block_bytes", .what = "logical block"},
	{.key = "disk.physical_block_bytes", .what = "physical block"},
	{.key = "disk.queue_requests", .what = "requests in the disk's queue"},
	{.key = "disk.read_ahead_kib", .what = "read-ahead (KiB)"},
	{.key = "bios.version", .what = "BIOS"},
	{.key = "bios.date", .what = "date of the BIOS", .unless = {"bios.version"}},
	{.key = "bios.release", .what = "release of the BIOS", .unless = {"bios.version"}},
	{.key = "bios.vendor", .what = "vendor of the BIOS"},
	{.key = "bios.ec_firmware", .what = "firmware of the embedded controller"},
	{.key = "board.*", .what = "board's"},
	{.key = "system.*", .what = "system's"},
	{.key = "cpu.model", .what = "processor"},
	{.key = "cpu.stepping", .what = "stepping of the processor", .unless = {"cpu.model"}},
	{.key = "cpu.count", .what = "CPUs"},
	{.key = "cpu.online", .what = "CPUs online", .unless = {"cpu.count"}},
	{.key = "cpu.isolated", .what = "isolated CPUs"},
	{.key = "memory.total_bytes", .what = "memory", .how = NEARLY},
	{.key = "host.system", .what = "distribution"},
	{.key = "host.is_virtual", .what = "host is a virtual machine"},
	{.key = "host.kernel_arguments", .what = "kernel arguments", .how = WORDS},
	{.key = "host.io_uring_disabled", .what = "io_uring disabled"},
	{.key = "host.kvm_nested_intel", .what = "nested KVM"},
	{.key = "host.kvm_nested_amd", .what = "nested KVM"},
	{.key = "host.kvm_halt_poll_ns", .what = "KVM's halt polling (ns)"},
	{.key = "host.nvme_poll_queues", .what = "NVMe's poll queues"},
	{.key = "memory.transparent_hugepage", .what = "transparent huge pages"},
	{.key = "memory.ksm", .what = "KSM"},
	{.key = "memory.swappiness", .what = "swappiness"},
	{.key = "memory.dirty_ratio", .what = "dirty_ratio"},
	{.key = "memory.dirty_bytes", .what = "dirty_bytes"},
	{.key = "memory.dirty_background_ratio", .what = "dirty_background_ratio"},
	{.key = "memory.dirty_background_bytes", .what = "dirty_background_bytes"},
};

#define VERSION_KEY "environment.version"

/* MemTotal is without what the kernel keeps to itself, which is another amount with every kernel.
 */
#define NEARLY_SHARE 0.02

static bool is_family(const struct row *row)
{
	return row->key[strlen(row->key) - 1] == '*';
}

static bool is_of(const struct row *row, const char *key)
{
	size_t n = strlen(row->key) - 1;

	return is_family(row) ? !strncmp(key, row->key, n) && key[n] : !strcmp(key, row->key);
}

/* NULL: it does not count. A name comes before its family. */
static const struct row *row_of(const char *key)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++)
		if (is_of(&rows[i], key))
			return &rows[i];
	return NULL;
}

/* Is @key "image.3.kernel" of "image.kernel"? */
static bool is_numbered(const char *name, const char *key)
{
	size_t n = strcspn(name, ".") + 1, digits;

	if (strncmp(name, key, n) != 0)
		return false;
	digits = strspn(key + n, "0123456789");
	return digits && !strcmp(key + n + digits, name + n - 1);
}

bool fingerprint_counts(const char *key)
{
	const struct row *row = row_of(key);

	for (size_t i = 0; !row && i < BL_ARRAY_LEN(rows); i++)
		if (rows[i].from == NUMBERED && is_numbered(rows[i].key, key))
			row = &rows[i];
	return row && row->from != TRIALS;
}

/* --- lists of words --- */

struct word_list {
	char *text; /* owned; cut into the words */
	const char **items;
	size_t n;
};

static void word_list_done(struct word_list *l)
{
	free(l->text);
	free(l->items);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What of the kernel's arguments is a place, no behaviour. */
static bool is_place(const char *word)
{
	static const char *const begins[] = {"BOOT_IMAGE=", "initrd=", "root=", "resume="};

	for (size_t i = 0; i < BL_ARRAY_LEN(begins); i++)
		if (!strncmp(word, begins[i], strlen(begins[i])))
			return true;
	return false;
}

/* The different words of @text in alphabetical order. @text NULL: none. */
static int split(const char *text, enum how how, struct word_list *ret)
{
	const char *sep = how == WORDS ? " \t" : how == COMMAS ? "," : "|";
	struct word_list l = {.text = strdup(text ? text : "")};
	char *save = NULL;
	size_t kept = 0;

	l.items = calloc(strlen(text ? text : "") / 2 + 2, sizeof *l.items);
	if (!l.text || !l.items) {
		word_list_done(&l);
		return -ENOMEM;
	}
	for (char *w = strtok_r(l.text, sep, &save); w; w = strtok_r(NULL, sep, &save)) {
		size_t len;

		w += strspn(w, " ");
		len = strlen(w);
		while (len && w[len - 1] == ' ')
			w[--len] = '\0';
		if (*w && !(how == WORDS && is_place(w)))
			l.items[l.n++] = w;
	}
	if (l.n)
		qsort(l.items, l.n, sizeof *l.items, by_text);
	for (size_t i = 0; i < l.n; i++)
		if (!kept || strcmp(l.items[kept - 1], l.items[i]) != 0)
			l.items[kept++] = l.items[i];
	l.n = kept;
	*ret = l;
	return 0;
}

static bool has_word(const struct word_list *l, const char *word)
{
	return l->n && bsearch(&word, l->items, l->n, sizeof *l->items, by_text);
}

/* Words of @a that @b lacks, behind @lead. */
static void add_missing(const struct word_list *a, const struct word_list *b, const char *lead,
			struct bl_buf *out)
{
	const char *sep = lead;

	for (size_t i = 0; i < a->n; i++) {
		if (has_word(b, a->items[i]))
			continue;
		bl_buf_addf(out, "%s%s", sep, a->items[i]);
		sep = ", ";
	}
}

/* --- the fingerprint of a run --- */

/* Values that are one fact. */
struct values {
	const char **items; /* borrowed, or owned by @made */
	size_t n, room;
	struct facts made;
	int r;
};

static void add_value(struct values *v, const char *value)
{
	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->items[i], value))
			return;
	if (v->n == v->room) {
		size_t room = v->room ? 2 * v->room : 8;
		const char **more = reallocarray(v->items, room, sizeof *more);

		if (!more) {
			v->r = -ENOMEM;
			return;
		}
		v->items = more;
		v->room = room;
	}
	v->items[v->n++] = value;
}

/* Says another fact the same already (the guest runs the kernel of the image, the host's QEMU is
 * the one that cells run)? */
static bool is_said(const struct facts *f, const struct row *row, const char *value)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(row->unless) && row->unless[i]; i++) {
		const char *other = facts_get(f, row->unless[i]);

		if (other && !strcmp(other, value))
			return true;
	}
	return false;
}

static int put_values(struct facts *out, const struct row *row, struct values *v)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	int r = v->r;

	if (v->n)
		qsort(v->items, v->n, sizeof *v->items, by_text);
	for (size_t i = 0; i < v->n; i++)
		bl_buf_addf(&text, "%s%s", i ? ", " : "", v->items[i]);
	if (r == 0 && bl_buf_failed(&text))
		r = -ENOMEM;
	if (r == 0 && v->n && !is_said(out, row, bl_buf_str(&text)))
		r = facts_add(out, row->key, bl_buf_str(&text));
	free(v->items);
	facts_done(&v->made);
	return r;
}

/* "SAMSUNG MZ7 firmware HXM7" of each disk at the end of the path of the trial's file. */
static void path_disks(const struct trial_record *t, struct values *v)
{
	char key[64];

	for (size_t i = 0;; i++) {
		const char *kind, *model, *firmware;

		snprintf(key, sizeof key, "path.device.%zu.kind", i);
		kind = facts_get(&t->facts, key);
		if (!kind)
			return;
		snprintf(key, sizeof key, "path.device.%zu.model", i);
		model = facts_get(&t->facts, key);
		snprintf(key, sizeof key, "path.device.%zu.firmware", i);
		firmware = facts_get(&t->facts, key);
		if (strcmp(kind, "disk") != 0 || !model)
			continue;
		if (facts_addf(&v->made, "", "%s%s%s", model, firmware ? " firmware " : "",
			       firmware ? firmware : "") < 0)
			v->r = -ENOMEM;
		else
			add_value(v, v->made.items[v->made.n - 1].value);
	}
}

static int add_of_trials(const struct run_data *d, const struct row *row, struct facts *out)
{
	struct values v = {.n = 0};

	for (size_t i = 0; i < d->n_trials; i++) {
		const char *value = facts_get(&d->trials[i].facts, row->key);

		if (!strcmp(row->key, "path.disk"))
			path_disks(&d->trials[i], &v);
		else if (value)
			add_value(&v, value);
	}
	return put_values(out, row, &v);
}

static int add_numbered(const struct run_data *d, const struct row *row, struct facts *out)
{
	const struct facts *e = &d->run.environment;
	struct values v = {.n = 0};

	for (size_t i = 0; i < e->n; i++)
		if (is_numbered(row->key, e->items[i].key))
			add_value(&v, e->items[i].value);
	return put_values(out, row, &v);
}

static int add_of_environment(const struct run_data *d, const struct row *row, struct facts *out)
{
	const struct facts *e = &d->run.environment;
	int r = 0;

	for (size_t i = 0; r == 0 && i < e->n; i++)
		if (row_of(e->items[i].key) == row && !is_said(out, row, e->items[i].value))
			r = facts_add(out, e->items[i].key, e->items[i].value);
	return r;
}

int fingerprint_of(const struct run_data *d, struct facts *ret)
{
	const char *version = facts_get(&d->run.environment, VERSION_KEY);
	struct facts f = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < BL_ARRAY_LEN(rows); i++) {
		if (rows[i].from == TRIALS)
			r = add_of_trials(d, &rows[i], &f);
		else if (rows[i].from == NUMBERED)
			r = add_numbered(d, &rows[i], &f);
		else
			r = add_of_environment(d, &rows[i], &f);
	}
	/* The last one, and of no row: which facts were asked for at all. */
	if (r == 0)
		r = facts_add(&f, VERSION_KEY, version ? version : "1");
	if (r < 0) {
		facts_done(&f);
		return -ENOMEM;
	}
	*ret = f;
	return 0;
}

/* --- what changed --- */

static bool are_near(const char *a, const char *b)
{
	double x = strtod(a, NULL), y = strtod(b, NULL);

	return x > 0 && y > 0 && x / y < 1 + NEARLY_SHARE && y / x < 1 + NEARLY_SHARE;
}

/* 1, 0, or -ENOMEM. */
static int are_same(const struct row *row, const char *a, const char *b)
{
	struct word_list x, y;
	int r;

	if (!a || !b || !strcmp(a, b))
		return a && b;
	if (row->how == WHOLE)
		return 0;
	if (row->how == NEARLY)
		return are_near(a, b);
	r = split(a, row->how, &x);
	if (r < 0)
		return r;
	r = split(b, row->how, &y);
	if (r == 0) {
		r = x.n == y.n;
		for (size_t i = 0; r && i < x.n; i++)
			r = !strcmp(x.items[i], y.items[i]);
		word_list_done(&y);
	}
	word_list_done(&x);
	return r;
}

int fingerprint_same(const char *key, const char *a, const char *b)
{
	static const struct row whole = {.how = WHOLE};
	const struct row *row = row_of(key);

	return are_same(row ? row : &whole, a, b);
}

bool fingerprint_is_of_one_host(const char *key)
{
	const struct row *row = row_of(key);

	return row && row->is_of_one_host;
}

static bool is_told(const struct env_changes *c, const struct row *row)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(row->unless) && row->unless[i]; i++)
		for (size_t k = 0; k < c->n; k++)
			if (!strcmp(c->items[k].key, row->unless[i]))
				return true;
	return false;
}

static int compare_fact(const struct facts *f, const char *key, bool is_same_host,
			struct env_changes *c)
{
	const struct row *row = row_of(key);
	const char *before = facts_get(&f[0], key), *after = facts_get(&f[1], key);
	const char *v0 = facts_get(&f[0], VERSION_KEY), *v1 = facts_get(&f[1], VERSION_KEY);
	struct env_change *more;
	int r;

	if (!row || (row->is_of_one_host && !is_same_host) || is_told(c, row))
		return 0;
	/* One of them was not asked for it. */
	if ((!before || !after) && (!v0 || !v1 || strcmp(v0, v1) != 0))
		return 0;
	r = are_same(row, before, after);
	if (r != 0)
		return r < 0 ? r : 0;
	more = reallocarray(c->items, c->n + 1, sizeof *more);
	if (!more)
		return -ENOMEM;
	c->items = more;
	c->items[c->n++] = (struct env_change){
		.key = key, .before = before, .after = after, .what = row->what};
	return 0;
}

/* Keys of both in the order of the rows: those of @f[0], and before each of them what only @f[1]
 * has of earlier rows. */
static size_t place_of(const char *key)
{
	const struct row *row = row_of(key);

	return row ? (size_t)(row - rows) : BL_ARRAY_LEN(rows);
}

/* Keys of both in the order of the rows: those of @before, and ahead of each what only @after has
 * of earlier rows. */
int fingerprint_compare(const struct facts *before, const struct facts *after, bool is_same_host,
			struct env_changes *ret)
{
	struct env_changes c = {.items = NULL};
	size_t i = 0, k = 0;
	int r = facts_copy(&c.facts[0], before);

	if (r == 0)
		r = facts_copy(&c.facts[1], after);
	while (r == 0 && (i < c.facts[0].n || k < c.facts[1].n)) {
		const char *a = i < c.facts[0].n ? c.facts[0].items[i].key : NULL;
		const char *b = k < c.facts[1].n ? c.facts[1].items[k].key : NULL;

		if (b && facts_get(&c.facts[0], b)) { /* its turn comes, or came, with the other */
			k++;
		} else if (b && (!a || place_of(b) < place_of(a))) {
			r = compare_fact(c.facts, b, is_same_host, &c);
			k++;
		} else {
			r = compare_fact(c.facts, a, is_same_host, &c);
			i++;
		}
	}
	if (r < 0) {
		env_changes_done(&c);
		return -ENOMEM;
	}
	*ret = c;
	return 0;
}

int fingerprint_diff(const struct run_data *before, const struct run_data *after,
		     struct env_changes *ret)
{
	BL_CLEANUP(facts_done) struct facts a = {0};
	BL_CLEANUP(facts_done) struct facts b = {0};
	int r = fingerprint_of(before, &a);

	if (r == 0)
		r = fingerprint_of(after, &b);
	if (r == 0)
		r = fingerprint_compare(&a, &b, !strcmp(before->run.host_id, after->run.host_id),
					ret);
	return r;
}

void env_changes_done(struct env_changes *c)
{
	free(c->items);
	facts_done(&c->facts[0]);
	facts_done(&c->facts[1]);
	*c = (struct env_changes){.items = NULL};
}

/* --- in words --- */

void fingerprint_says(const char *key, struct bl_buf *out)
{
	const struct row *row = row_of(key);

	if (!row)
		bl_buf_adds(out, key);
	else if (is_family(row))
		bl_buf_addf(out, "%s %s", row->what, key + strlen(row->key) - 1);
	else
		bl_buf_adds(out, row->what);
}

void fingerprint_value(const char *key, const char *value, struct bl_buf *out)
{
	size_t n = strlen(key);
	char text[BL_UNIT_TEXT_MAX];

	if (value && n > 6 && !strcmp(key + n - 6, "_bytes"))
		value = bl_format_size(text, strtoull(value, NULL, 10));
	bl_buf_adds(out, value ? value : "none");
}

void env_change_text(const struct env_change *c, struct bl_buf *out)
{
	const struct row *row = row_of(c->key);
	struct word_list before, after;
	size_t at;

	fingerprint_says(c->key, out);
	if (!row || row->how == WHOLE || row->how == NEARLY) {
		bl_buf_addc(out, ' ');
		fingerprint_value(c->key, c->before, out);
		bl_buf_adds(out, " -> ");
		fingerprint_value(c->key, c->after, out);
		return;
	}
	if (split(c->before, row->how, &before) < 0)
		return;
	if (split(c->after, row->how, &after) == 0) {
		at = out->len;
		add_missing(&after, &before, ": now ", out);
		add_missing(&before, &after, out->len > at ? "; no longer " : ": no longer ", out);
		word_list_done(&after);
	}
	word_list_done(&before);
}
