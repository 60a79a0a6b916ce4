#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "console.h"
#include "domain.h"
#include "fetch.h"
#include "fs.h"
#include "guest.h"
#include "units.h"

#define DISK_BYTES   (1 * MiB)
#define MEMORY_BYTES (256 * MiB)
#define CACHE_MAX    (1 * MiB)
#define NO_HOLDS_MS  (24ull * 3600 * 1000)
#define REASON_MAX   120

/* --- what is remembered --- */

static char *cache_path(const struct probe_request *req)
{
	return bl_strf("%s/probe.json", req->cache_dir);
}

/* Of all keys that differ in the guest kernel only. */
static char *key_head(const struct probe_request *req)
{
	return bl_strf("host %s; %s; qemu %s; guest ", req->host_kernel, req->cpu_model,
		       req->emulator_version);
}

/* The kernel's bytes stand for the image: whether KVM can boot does not hang on the agent. */
static char *cache_key(const struct probe_request *req)
{
	BL_CLEANUP(bl_freep) char *head = key_head(req);
	char sha[65] = "unknown";

	fetch_sha256(req->kernel, sha, NULL);
	return head ? bl_strf("%s%s %.16s", head, req->kernel_release, sha) : NULL;
}

static json_t *cache_load(const struct probe_request *req)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *path = cache_path(req);
	json_t *j = NULL;

	if (path && bl_read_file(path, CACHE_MAX, &b, NULL) == 0)
		j = json_loadb(bl_buf_str(&b), b.len, 0, NULL);
	if (json_is_object(j))
		return j;
	json_decref(j); /* damaged or not there: ask again */
	return json_object();
}

static bool is_fresh(const json_t *row, const char *accel)
{
	json_int_t when = json_integer_value(json_object_get(row, "when_ms"));
	uint64_t now = bl_wall_ms();

	if (strcmp(accel, "kvm") == 0)
		return true;
	return when > 0 && (uint64_t)when <= now && now - (uint64_t)when < NO_HOLDS_MS;
}

static bool row_read(const json_t *row, struct probe_answer *ret)
{
	const char *accel = json_string_value(json_object_get(row, "accel"));
	const char *how = json_string_value(json_object_get(row, "how"));
	const char *detail = json_string_value(json_object_get(row, "detail"));
	bool is_known = accel && how && (!strcmp(accel, "kvm") || !strcmp(accel, "tcg")) &&
			is_fresh(row, accel);

	if (is_known) {
		snprintf(ret->accel, sizeof ret->accel, "%s", accel);
		snprintf(ret->how, sizeof ret->how, "%s", how);
		snprintf(ret->detail, sizeof ret->detail, "%s", detail ? detail : "");
		ret->was_cached = true;
		ret->took_ns = (uint64_t)json_integer_value(json_object_get(row, "took_ns"));
	}
	return is_known;
}

static bool cache_get(const struct probe_request *req, const char *key, struct probe_answer *ret)
{
	json_t *all = cache_load(req);
	bool is_known = row_read(json_object_get(all, key), ret);

	json_decref(all);
	return is_known;
}

static bool cache_newest(const struct probe_request *req, struct probe_answer *ret)
{
	BL_CLEANUP(bl_freep) char *head = key_head(req);
	json_t *all = cache_load(req), *row;
	const char *key, *newest = "";
	bool is_known = false;

	json_object_foreach (all, key, row) {
		const char *when = json_string_value(json_object_get(row, "when"));

		if (!head || strncmp(key, head, strlen(head)) != 0 ||
		    (when && strcmp(when, newest) < 0) || !row_read(row, ret))
			continue;
		newest = when ? when : newest;
		is_known = true;
	}
	json_decref(all);
	return is_known;
}

/* A probe that can't be remembered is made again next time; that is all. */
static void cache_put(const struct probe_request *req, const char *key,
		      const struct probe_answer *a)
{
	BL_CLEANUP(bl_freep) char *path = cache_path(req);
	BL_CLEANUP(bl_freep) char *text = NULL;
	json_t *all = cache_load(req);
	uint64_t now = bl_wall_ms();
	char when[32];

	json_object_set_new(all, key,
			    json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}", "accel", a->accel, "how",
				      a->how, "detail", a->detail, "took_ns",
				      (json_int_t)a->took_ns, "when_ms", (json_int_t)now, "when",
				      bl_format_utc(when, now)));
	text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	if (path && text && bl_mkdir_p(req->cache_dir, NULL) == 0)
		bl_write_file(path, text, strlen(text), NULL);
}

/* --- the probe boot --- */

struct boot {
	const struct probe_request *req;
	struct hv_vm *vm;
	char *disk, *console, *xml;
};

static void boot_done(struct boot *b)
{
	hv_vm_end(b->vm);
	if (b->disk)
		unlink(b->disk);
	if (b->console)
		unlink(b->console);
	free(b->disk);
	free(b->console);
	free(b->xml);
}

static int make_disk(const char *path, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, DISK_BYTES) < 0)
		return bl_fail(err, -errno, "cannot make '%s': %s", path, strerror(errno));
	return 0;
}

static int describe_vm(struct boot *b, struct bl_err *err)
{
	char uuid[BL_UUID_TEXT], name[64], host[256] = "";
	struct cell cell;
	const struct domain_disk disk = {.cell = &cell, .path = b->disk};
	struct domain_binding bind = {
		.name = name,
		.uuid = bl_uuid7(uuid, bl_wall_ms()),
		.run_id = uuid,
		.trial_id = uuid,
		.owner_pid = getpid(),
		.owner_start = hv_process_start(getpid()),
		.owner_host = host,
		.accel = "kvm",
		.machine = "q35",
		.memory_bytes = MEMORY_BYTES,
		.emulator = b->req->emulator,
		.emulator_version = b->req->emulator_version,
		.kernel = b->req->kernel,
		.initrd = b->req->initrd,
		.cmdline = b->req->cmdline,
		.console_log = b->console,
		.disks = &disk,
		.n_disks = 1,
	};

	snprintf(name, sizeof name, "blklab-probe-%s", uuid + 24);
	gethostname(host, sizeof host - 1);
	cell_defaults(&cell);
	snprintf(cell.name, sizeof cell.name, "probe");
	cell.cache = CACHE_WRITEBACK; /* works on every file system */
	return domain_xml(&bind, &b->xml, err);
}

static int watch(void *ctx, const struct guest_state *state, struct bl_err *err)
{
	struct boot *b = ctx;
	enum hv_vm_state s = hv_vm_state(b->vm);
	char line[256];

	(void)state;
	if (b->req->tick)
		b->req->tick(b->req->ctx);
	if (s == HV_PAUSED)
		return bl_fail(err, -EIO, "the VM stopped by itself (an error inside KVM)");
	if (console_panic(b->console, line, sizeof line))
		return bl_fail(err, -EIO, "the guest panicked: %s", line);
	return 0;
}

static int wait_hello(struct boot *b, uint64_t *ret_at, struct bl_err *err)
{
	struct guest_options opt = {.stop = b->req->stop, .watch = watch, .ctx = b};
	BL_CLEANUP(guest_freep) struct guest *g = NULL;
	struct facts facts = {0};
	int r = guest_new(b->vm, &opt, &g);

	if (r == 0)
		r = guest_hello(g, b->req->limit_ns ? b->req->limit_ns : PROBE_LIMIT_NS, &facts,
				ret_at, err);
	facts_done(&facts);
	return r;
}

static int boot_once(const struct probe_request *req, uint64_t *ret_ns, struct bl_err *err)
{
	BL_CLEANUP(boot_done) struct boot b = {.req = req};
	char id[BL_UUID_TEXT];
	uint64_t start, at;
	int r;

	bl_uuid7(id, bl_wall_ms());
	b.disk = bl_strf("%s/probe-%s.raw", req->scratch_dir, id);
	b.console = bl_strf("%s/probe-%s.log", req->scratch_dir, id);
	if (!b.disk || !b.console)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = bl_mkdir_p(req->scratch_dir, err);
	if (r == 0)
		r = make_disk(b.disk, err);
	if (r == 0)
		r = describe_vm(&b, err);
	if (r == 0)
		r = hv_start(req->hv, b.xml, &b.vm, &start, err);
	if (r == 0)
		r = wait_hello(&b, &at, err);
	if (r == 0)
		*ret_ns = at - start;
	return r;
}

/* QEMU's first words among all that libvirt tells: what is behind "qemu-system-...: ", without the
 * time before it, up to QEMU's next line. A text without them is cut short. */
static void first_reason(const char *text, char out[REASON_MAX + 4])
{
	static const char program[] = "qemu-system-", error[] = "error: ";
	const char *at = strstr(text, program), *end;

	at = at ? strstr(at, ": ") : NULL;
	at = at ? at + 2 : text;
	if (strncmp(at, error, strlen(error)) == 0)
		at += strlen(error);
	end = at == text ? NULL : strstr(at, program);
	while (end && end > at && end[-1] != ' ')
		end--; /* its path */
	if (!end || end == at)
		end = at + strlen(at);
	while (end > at && end[-1] == ' ')
		end--;
	if (end - at > REASON_MAX)
		snprintf(out, REASON_MAX + 4, "%.*s...", REASON_MAX, at);
	else
		snprintf(out, REASON_MAX + 4, "%.*s", (int)(end - at), at);
}

static void decide(const struct probe_request *req, int result, uint64_t hello_ns,
		   const struct bl_err *why, struct probe_answer *a)
{
	char text[BL_UNIT_TEXT_MAX], reason[REASON_MAX + 4];

	snprintf(a->accel, sizeof a->accel, result == 0 ? "kvm" : "tcg");
	if (result == 0)
		snprintf(a->how, sizeof a->how, "a probe guest said hello under KVM after %s",
			 bl_format_ns(text, hello_ns));
	if (result == 0)
		return;
	first_reason(bl_err_text(why), reason);
	snprintf(a->how, sizeof a->how, "%s opens, but a probe guest did not come up under KVM: %s",
		 req->kvm, reason);
	snprintf(a->detail, sizeof a->detail, "%s", bl_err_text(why));
}

/* A full disk or a libvirt that would not start says nothing about KVM. */
static bool is_lasting(int result)
{
	return result == 0 || result == -ETIMEDOUT || result == -EPIPE || result == -EIO;
}

/* The device, or why not: then that is the answer. */
static int open_kvm(const struct probe_request *req, struct probe_answer *ret)
{
	int fd = open(req->kvm, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	*ret = (struct probe_answer){.accel = "tcg"};
	snprintf(ret->how, sizeof ret->how, "%s does not open: %s", req->kvm, strerror(errno));
	return -1;
}

bool probe_remembered(const struct probe_request *req, struct probe_answer *ret)
{
	struct probe_answer a = {0};
	int fd = open_kvm(req, &a);

	if (fd >= 0) {
		close(fd);
		if (!cache_newest(req, &a))
			return false;
	}
	*ret = a;
	return true;
}

int probe_accel(const struct probe_request *req, struct probe_answer *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *key = NULL;
	struct bl_err why = BL_ERR_INIT;
	struct probe_answer a = {0};
	uint64_t start = bl_now_ns(), hello_ns = 0;
	int fd = open_kvm(req, &a), r;

	if (fd < 0) {
		*ret = a;
		return 0;
	}
	close(fd);
	key = cache_key(req);
	if (!key)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (cache_get(req, key, ret))
		return 0;
	r = boot_once(req, &hello_ns, &why);
	if (r == -EINTR)
		return bl_fail(err, r, "stopped during the acceleration probe");
	decide(req, r, hello_ns, &why, &a);
	a.took_ns = bl_now_ns() - start;
	if (is_lasting(r))
		cache_put(req, key, &a);
	*ret = a;
	return 0;
}
