#include "plan_xml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "doctor.h"
#include "domain.h"
#include "emulator.h"
#include "fs.h"
#include "image.h"
#include "package.h"
#include "probe.h"

#define KVM "/dev/kvm"

/* What this host says about a cell. */
struct here {
	struct emulator emulator;
	char *shown; /* the emulator's path, as a run has it */
	char accel[8];
	char how[600];
};

static void here_done(struct here *h)
{
	emulator_done(&h->emulator);
	free(h->shown);
}

/* @dir: where the wrapper's link of an unpacked emulator stands for a moment; a run makes it in a
 * folder of its own. */
static int resolve_in(const char *spec, const char *cache, const char *dir, struct here *h,
		      struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *wrapper = path_helper_or_null("blklab-qemu");
	BL_CLEANUP(bl_freep) char *fetcher = path_helper_or_null("blklab-fetch-packages");
	BL_CLEANUP(bl_freep) char *unpacked = NULL;
	struct package_source from = {.cache_dir = cache, .fetcher = fetcher};
	int r = 0;

	if (package_is_emulator(spec))
		r = package_emulator(&from, spec, &unpacked, err);
	if (r == 0)
		r = emulator_resolve(unpacked ? unpacked : spec, wrapper, dir, &h->emulator, err);
	if (r < 0)
		return r;
	if (strncmp(h->emulator.path, dir, strlen(dir)) == 0)
		h->shown = bl_strf("SCRATCH%s", h->emulator.path + strlen(dir));
	else
		h->shown = strdup(h->emulator.path);
	return h->shown ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

static int find_emulator(const char *spec, const char *cache, struct here *h, struct bl_err *err)
{
	const char *tmp = getenv("TMPDIR");
	BL_CLEANUP(bl_freep) char *dir = bl_strf("%s/blklab-plan-XXXXXX", tmp ? tmp : "/tmp");
	BL_CLEANUP(bl_freep) char *real = NULL;
	int r;

	if (!dir || !mkdtemp(dir))
		return bl_fail(err, dir ? -errno : -ENOMEM, "cannot make the folder '%s': %s",
			       dir ? dir : "", strerror(errno));
	real = realpath(dir, NULL);
	r = resolve_in(spec, cache, real ? real : dir, h, err);
	bl_remove_tree(dir, NULL);
	return r;
}

/* The probe boots the host's own emulator, whatever a cell names. */
static bool was_proved(const struct args *a, struct probe_answer *ret)
{
	BL_CLEANUP(here_done) struct here own = {0};
	BL_CLEANUP(bl_freep) char *cache = NULL;
	struct doctor_options look = {.root = "", .work_dir = "/"};
	struct probe_request req = {.kvm = KVM};
	struct facts host = {0};
	const char *kernel, *cpu;
	bool is_known = false;

	if (path_cache_dir(a, &cache, NULL) == 0 && find_emulator("", cache, &own, NULL) == 0 &&
	    host_environment(&look, &host, NULL) == 0) {
		kernel = facts_get(&host, "host.kernel");
		cpu = facts_get(&host, "cpu.model");
		req.cache_dir = cache;
		req.host_kernel = kernel ? kernel : "unknown kernel"; /* as the runner says */
		req.cpu_model = cpu ? cpu : "unknown cpu";
		req.emulator_version = own.emulator.version;
		is_known = probe_remembered(&req, ret);
	}
	facts_done(&host);
	return is_known;
}

static void find_accel(struct cli *cli, const struct args *a, struct here *h)
{
	struct probe_answer answer;
	bool is_open = access(KVM, R_OK | W_OK) == 0;

	if (strcmp(a->accel, "auto") != 0) {
		snprintf(h->accel, sizeof h->accel, "%s", a->accel);
		snprintf(h->how, sizeof h->how, "asked for by --accel; not proved");
		return;
	}
	if (was_proved(a, &answer)) {
		snprintf(h->accel, sizeof h->accel, "%s", answer.accel);
		snprintf(h->how, sizeof h->how, "%s%s", answer.how,
			 answer.was_cached ? " (remembered from a probe)" : "");
		return;
	}
	snprintf(h->accel, sizeof h->accel, is_open ? "kvm" : "tcg");
	snprintf(h->how, sizeof h->how,
		 "assumed, since %s %s; 'blklab doctor --probe' proves it with a guest", KVM,
		 is_open ? "opens" : "does not open");
	cli_note(cli, "acceleration: %s is %s", h->accel, h->how);
}

/* What stands for the disks of the cell's VM: those of the first boot that it has a turn in. */
struct shown_disks {
	struct domain_disk disks[PLAN_DISKS_MAX];
	char backing[PLAN_DISKS_MAX][DOMAIN_NAME_MAX], socket[PLAN_DISKS_MAX][DOMAIN_NAME_MAX];
	size_t n;
};

/* In a comment of XML: no "--", no control characters. */
static void add_remark(struct bl_buf *out, const char *what, const char *text)
{
	bl_buf_addf(out, "  %s: ", what);
	for (const char *s = text; *s; s++) {
		if (s > text && s[0] == '-' && s[-1] == '-')
			bl_buf_addc(out, ' ');
		bl_buf_addc(out, (unsigned char)*s < ' ' ? '?' : *s);
	}
	bl_buf_addc(out, '\n');
}

/* "the same VM has 'a' as disk 1, 'b' as disk 2" */
static void add_sharers(const struct shown_disks *s, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;

	for (size_t i = 0; i < s->n; i++)
		bl_buf_addf(&line, "%s%zu '%s'", i ? ", " : "", i + 1, s->disks[i].cell->name);
	if (s->n > 1)
		add_remark(out, "disks, in the order of the first such boot", bl_buf_str(&line));
}

static void add_head(const struct cell *c, const struct shown_disks *shown, const struct here *h,
		     struct bl_buf *out)
{
	BL_CLEANUP(bl_freep) char *accel = bl_strf("%s; %s", h->accel, h->how);
	BL_CLEANUP(bl_freep)
	char *emulator = bl_strf(
		"QEMU %s%s%s%s", h->emulator.version, c->emulator[0] ? " of " : "", c->emulator,
		strncmp(h->shown, "SCRATCH", 7) == 0 ? ", through blklab-qemu" : "");

	bl_buf_adds(out, "<!-- What a run on this host would hand to libvirt.\n");
	add_remark(out, "cell", c->name);
	add_sharers(shown, out);
	add_remark(out, "emulator", emulator ? emulator : "");
	add_remark(out, "acceleration", accel ? accel : "");
	add_remark(out, "guest kernel", c->kernel[0] ? c->kernel : "as of run's option kernel");
	bl_buf_adds(out, "  Only a trial knows: name, ids and owner; KERNEL, INITRAMFS, BACKING, "
			 "SOCKET, CONSOLE, SCRATCH.\n-->\n");
}

static bool is_shown(const struct shown_disks *s, const struct cell *c)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->disks[i].cell == c)
			return true;
	return false;
}

static void show_disk(const struct loaded *l, const struct cell *c, struct shown_disks *s)
{
	const struct scenario_device *device = &l->scenario->device;
	bool on_device = c->storage == STORAGE_DEVICE;
	const char *backing = domain_name("BACKING", s->n, s->backing[s->n]);

	s->disks[s->n] = (struct domain_disk){
		.cell = c,
		.path = on_device && device->path ? device->path : backing,
		.is_block = on_device,
		.nbd_socket = domain_name("SOCKET", s->n, s->socket[s->n]),
		.pci = device->pci,
		.nsid = device->nsid,
	};
	s->n++;
}

static void show_disks(const struct loaded *l, size_t cell, struct shown_disks *s)
{
	const struct plan *p = l->plan;
	size_t first = 0, n = plan_boot_len(p, 0);

	for (size_t i = 0; i < p->n_trials && p->trials[i].cell != cell; i++)
		if (i + 1 == first + n) {
			first = i + 1;
			n = plan_boot_len(p, first);
		}
	for (size_t i = first; i < first + n && s->n < PLAN_DISKS_MAX; i++) {
		const struct cell *c = matrix_cell(l->matrix, p->trials[i].cell);

		if (!is_shown(s, c))
			show_disk(l, c, s);
	}
}

int plan_xml(struct cli *cli, const struct loaded *l, size_t cell, const struct args *a,
	     struct bl_buf *out, struct bl_err *err)
{
	const struct cell *c = matrix_cell(l->matrix, cell);
	BL_CLEANUP(here_done) struct here h = {0};
	BL_CLEANUP(bl_freep) char *xml = NULL, *cache = NULL;
	struct shown_disks shown = {.n = 0};
	struct domain_binding b = {
		.name = "blklab-plan",
		.uuid = "00000000-0000-0000-0000-000000000000",
		.run_id = "00000000-0000-0000-0000-000000000000",
		.trial_id = "00000000-0000-0000-0000-000000000000",
		.machine = l->scenario->machine,
		.memory_bytes = l->scenario->memory_bytes,
		.kernel = "KERNEL",
		.initrd = "INITRAMFS",
		.cmdline = IMAGE_CMDLINE,
		.console_log = "CONSOLE",
		.disks = shown.disks,
	};
	int r;

	show_disks(l, cell, &shown);
	b.n_disks = shown.n;
	if (c->bus == BUS_HOST)
		return bl_fail(err, -EINVAL, "cell '%s' runs on the host: it has no VM, and no XML",
			       c->name);
	r = path_cache_dir(a, &cache, err);
	if (r == 0)
		r = find_emulator(c->emulator, cache, &h, err);
	if (r == -ENOENT && !c->emulator[0])
		r = -ENOTSUP; /* nothing that another scenario would cure */
	if (r < 0)
		return bl_wrap(err, r, "cell '%s'", c->name);
	find_accel(cli, a, &h);
	b.accel = h.accel;
	b.emulator = h.shown;
	b.emulator_version = h.emulator.version;
	r = domain_xml(&b, &xml, err);
	if (r < 0)
		return bl_wrap(err, r, "cell '%s'", c->name);
	add_head(c, &shown, &h, out);
	bl_buf_adds(out, xml);
	if (out->len && out->data[out->len - 1] != '\n')
		bl_buf_addc(out, '\n');
	return 0;
}
