#include "finding_command.h"

#include <string.h>

#include "changes.h"
#include "cleanup.h"

void shell_word(struct bl_buf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./:=,+-@%";

	if (*word && !word[strspn(word, plain)]) {
		bl_buf_adds(out, word);
		return;
	}
	bl_buf_addc(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			bl_buf_adds(out, "'\\''");
		else
			bl_buf_addc(out, *word);
	}
	bl_buf_addc(out, '\'');
}

/* Where the first change of a name like "io0 none +iothreads=1 +queues=2" begins, as run --with
 * makes them; its end: it has none. */
static size_t base_len(const char *name)
{
	static const char axis[] = "abcdefghijklmnopqrstuvwxyz_";

	for (const char *at = name; (at = strstr(at, " +")); at++) {
		size_t n = strspn(at + 2, axis);

		if (n && at[2 + n] == '=')
			return (size_t)(at - name);
	}
	return strlen(name);
}

/* Does @changes ("a=1,b=2") set @axis, of @n letters? */
static bool sets(const char *changes, const char *axis, size_t n)
{
	for (const char *at = changes; (at = strstr(at, axis)); at++)
		if (strspn(at, "abcdefghijklmnopqrstuvwxyz_") == n && at[n] == '=' &&
		    (at == changes || at[-1] == ',' || at[-1] == ' '))
			return true;
	return false;
}

/* "iothreads=1,queues=2" of such a name, the values as the cell has them (a name shortens paths),
 * without the axes that @change sets anyway. */
static void earlier_changes(const struct cell_record *c, const char *change, struct bl_buf *out)
{
	const char *at = c->name + base_len(c->name), *value;
	char axis[64];

	for (; (at = strstr(at, " +")); at += 2) {
		size_t n = strcspn(at + 2, "= ");

		if (at[2 + n] != '=' || n >= sizeof axis)
			continue;
		memcpy(axis, at + 2, n);
		axis[n] = '\0';
		value = facts_get(&c->axes, axis);
		if (value && !sets(change, axis, n))
			bl_buf_addf(out, "%s%s=%s", out->len ? "," : "", axis, value);
	}
}

static void add_with(struct bl_buf *out, const struct bl_buf *what)
{
	if (!what->len && !bl_buf_failed(what))
		return;
	bl_buf_adds(out, " --with ");
	shell_word(out, bl_buf_str(what));
	out->failed |= bl_buf_failed(what);
}

/* What the run was told of its disk on the command line may not be in the file. */
static void add_device(struct bl_buf *out, const struct facts *declared)
{
	const char *serial = facts_get(declared, "device.serial");
	const char *where = facts_get(declared, "device.pci");

	if (!where)
		where = facts_get(declared, "device.path");
	if (!serial || !where)
		return;
	bl_buf_adds(out, " --device ");
	shell_word(out, where);
	bl_buf_adds(out, " --serial ");
	shell_word(out, serial);
}

/* A VM that somebody else runs: there is no scenario to run once more. */
static bool is_only_watched_run(const struct run_data *d)
{
	return d->run.scenario_text && !*d->run.scenario_text;
}

static void add_kernel(struct bl_buf *out, const struct facts *declared)
{
	const char *kernel = facts_get(declared, "asked.kernel");

	if (!kernel)
		return;
	bl_buf_adds(out, " --kernel ");
	shell_word(out, kernel);
}

bool finding_in_libvirt(const struct run_data *d, const struct finding *f, struct bl_buf *out)
{
	const struct trial_record *t = f->trial < d->n_trials ? &d->trials[f->trial] : NULL;

	if (!f->change || f->cell >= d->n_cells || !is_only_watched_run(d) || !t || !t->domain_xml)
		return false;
	return change_in_libvirt(&d->cells[f->cell], f->change, out);
}

bool finding_command(const struct run_data *d, const struct finding *f, const char *store,
		     struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf name = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf with = BL_BUF_INIT, again = BL_BUF_INIT;
	const char *scenario = facts_get(&d->run.declared, "asked.scenario");
	const struct cell_record *c;

	if (!f->change || f->cell >= d->n_cells || is_only_watched_run(d))
		return false;
	c = &d->cells[f->cell];
	bl_buf_add(&name, c->name, base_len(c->name));
	earlier_changes(c, f->change, &with);
	if (c->name[name.len]) /* the cell itself, to compare with: all its changes */
		earlier_changes(c, "", &again);
	bl_buf_addf(&with, "%s%s", with.len ? "," : "", f->change);
	bl_buf_adds(out, "blklab run ");
	shell_word(out, scenario ? scenario : d->run.scenario_name);
	bl_buf_adds(out, " --cell ");
	shell_word(out, bl_buf_str(&name));
	add_with(out, &again);
	add_with(out, &with);
	add_device(out, &d->run.declared);
	add_kernel(out, &d->run.declared);
	if (d->run.repeats < COMMAND_REPEATS)
		bl_buf_addf(out, " --repeats %d", COMMAND_REPEATS);
	if (store) {
		bl_buf_adds(out, " --store ");
		shell_word(out, store);
	}
	out->failed |= bl_buf_failed(&name);
	return true;
}
