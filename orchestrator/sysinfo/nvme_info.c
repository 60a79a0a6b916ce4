#include "nvme_info.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libnvme.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "tree.h"

#define ERROR_ENTRIES_MAX 64

/* --- commands --- */

static int open_node(const char *node, struct bl_err *err)
{
	int fd = open(node, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return bl_fail(err, -errno,
			       "'%s' can't be opened: %s; the character device of an NVMe "
			       "controller is needed, as root",
			       node, strerror(errno));
	return fd;
}

/* libnvme: 0; above, the status that the controller gave; below, errno has it. */
static int fate(int rc, const char *node, const char *command, struct bl_err *err)
{
	if (rc == 0)
		return 0;
	if (rc < 0)
		return bl_fail(err, -errno, "'%s': %s: %s", node, command, strerror(errno));
	return bl_fail(err, -EIO, "'%s': %s: the controller says 0x%04x, %s", node, command,
		       (unsigned)rc, nvme_status_to_string(rc, false));
}

static void tell_features(int fd, bool has_cache, nvme_fact_fn *fact, void *ctx)
{
	uint32_t v = 0;
	char text[16];

	if (has_cache && nvme_get_features_volatile_wc(fd, NVME_GET_FEATURES_SEL_CURRENT, &v) == 0)
		fact(ctx, "volatile_write_cache_enabled", v & 1 ? "yes" : "no");
	if (nvme_get_features_num_queues(fd, NVME_GET_FEATURES_SEL_CURRENT, &v) == 0) {
		/* 0-based; submission queues below, completion queues above */
		uint32_t submission = (v & 0xffff) + 1, completion = (v >> 16) + 1;

		snprintf(text, sizeof text, "%u",
			 submission < completion ? submission : completion);
		fact(ctx, "io_queues_max", text);
	}
}

int nvme_identity(const char *node, uint32_t nsid, nvme_fact_fn *fact, void *ctx,
		  struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open_node(node, err);
	BL_CLEANUP(bl_freep) struct nvme_id_ctrl *id = NULL;
	BL_CLEANUP(bl_freep) struct nvme_id_ns *ns = NULL;
	int r;

	if (fd < 0)
		return fd;
	id = aligned_alloc(4096, sizeof *id);
	ns = aligned_alloc(4096, sizeof *ns);
	if (!id || !ns)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = fate(nvme_identify_ctrl(fd, id), node, "identify controller", err);
	if (r < 0)
		return r;
	nvme_controller_decode(id, fact, ctx);
	tell_features(fd, id->vwc & 1, fact, ctx);
	if (!nsid)
		return 0;
	r = fate(nvme_identify_ns(fd, nsid, ns), node, "identify namespace", err);
	if (r == 0)
		nvme_namespace_decode(ns, nsid, fact, ctx);
	return r;
}

int nvme_health(const char *node, nvme_fact_fn *fact, void *ctx, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open_node(node, err);
	BL_CLEANUP(bl_freep) struct nvme_smart_log *smart = NULL;
	BL_CLEANUP(bl_freep) struct nvme_error_log_page *errors = NULL;
	BL_CLEANUP(bl_freep) struct nvme_id_ctrl *id = NULL;
	unsigned n = 1;
	int r;

	if (fd < 0)
		return fd;
	id = aligned_alloc(4096, sizeof *id);
	smart = aligned_alloc(4096, 4096);
	errors = aligned_alloc(4096, ERROR_ENTRIES_MAX * sizeof *errors);
	if (!id || !smart || !errors)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = fate(nvme_identify_ctrl(fd, id), node, "identify controller", err);
	if (r == 0)
		r = fate(nvme_get_log_smart(fd, NVME_NSID_ALL, true, smart), node,
			 "SMART / health log", err);
	if (r < 0)
		return r;
	nvme_health_decode(smart, fact, ctx);
	n += id->elpe; /* 0-based */
	if (n > ERROR_ENTRIES_MAX)
		n = ERROR_ENTRIES_MAX;
	memset(errors, 0, n * sizeof *errors);
	if (nvme_get_log_error(fd, n, true, errors) == 0)
		nvme_errors_decode(errors, n, fact, ctx);
	return 0;
}

/* --- whose --- */

static bool is_controller(const char *name)
{
	return !strncmp(name, "nvme", 4) && name[4] &&
	       name[4 + strspn(name + 4, "0123456789")] == '\0';
}

/* A disk with several paths hangs at its subsystem, which has links to the controllers. */
struct paths {
	char *out;
	size_t len;
};

static void keep_first(void *ctx, const char *name)
{
	struct paths *p = ctx;

	if (is_controller(name) && strlen(name) < p->len &&
	    (!p->out[0] || strverscmp(name, p->out) < 0))
		strcpy(p->out, name);
}

void nvme_controller_of(const char *root, const char *block, char *out, size_t len)
{
	BL_CLEANUP(bl_freep) char *device = bl_strf("/sys/class/block/%s/device", block);
	struct paths p = {.out = out, .len = len};
	char name[NAME_MAX + 1];

	out[0] = '\0';
	if (!device || strncmp(block, "nvme", 4))
		return;
	if (tree_link(root, name, sizeof name, "%s", device) < 0)
		return;
	if (is_controller(name) && strlen(name) < len)
		strcpy(out, name);
	else
		tree_names(root, device, keep_first, &p);
}

uint32_t nvme_namespace_of(const char *root, const char *block)
{
	uint64_t nsid;

	return tree_u64(root, &nsid, "/sys/class/block/%s/nsid", block) == 0 && nsid <= UINT32_MAX
		       ? (uint32_t)nsid
		       : 0;
}
