/* nvme_decode.c - bytes of an NVMe controller as facts. Pure: nothing is asked here. */
#include <assert.h>
#include <endian.h>
#include <libnvme.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "nvme_info.h"
#include "tame.h"

static_assert(sizeof(struct nvme_id_ctrl) == NVME_IDENTIFY_BYTES, "as the specification has it");
static_assert(sizeof(struct nvme_id_ns) == NVME_IDENTIFY_BYTES, "as the specification has it");
static_assert(sizeof(struct nvme_smart_log) == NVME_HEALTH_BYTES, "as the specification has it");
static_assert(sizeof(struct nvme_error_log_page) == NVME_ERROR_ENTRY_BYTES, "as well");

#define LEAST_PAGE  4096 /* CAP.MPSMIN of 0 */
#define UNIT_BYTES  512000
#define KELVIN_AT_0 273

struct teller {
	nvme_fact_fn *fact;
	void *ctx;
};

static void tell(const struct teller *t, const char *key, const char *value)
{
	if (value[0])
		t->fact(t->ctx, key, value);
}

static void tell_u64(const struct teller *t, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)v);
	tell(t, key, text);
}

/* ASCII, blanks at its end (and, of some vendors, at its start). */
static void tell_text(const struct teller *t, const char *key, const char *s, size_t len)
{
	char text[64];

	for (; len && (*s == ' ' || !*s); len--)
		s++;
	bl_tame(text, sizeof text, s, len);
	bl_trim(text);
	tell(t, key, text);
}

/* A little-endian counter of 128 bits, times @unit; absent when that is above 128 bits. */
static void tell_u128(const struct teller *t, const char *key, const uint8_t at[16], unsigned unit)
{
	unsigned __int128 v = 0;
	char text[40], *s = text + sizeof text - 1;

	for (int i = 15; i >= 0; i--)
		v = v << 8 | at[i];
	if (__builtin_mul_overflow(v, (unsigned __int128)unit, &v))
		return;
	*s = '\0';
	do
		*--s = (char)('0' + (int)(v % 10));
	while (v /= 10);
	tell(t, key, s);
}

void nvme_controller_decode(const void *identify, nvme_fact_fn *fact, void *ctx)
{
	static const char *const kinds[] = {"", "I/O controller", "discovery controller",
					    "administrative controller"};
	const struct nvme_id_ctrl *id = identify;
	const struct teller t = {fact, ctx};
	uint32_t version = le32toh(id->ver);
	char text[32];

	tell_text(&t, "model", id->mn, sizeof id->mn);
	tell_text(&t, "serial", id->sn, sizeof id->sn);
	tell_text(&t, "firmware", id->fr, sizeof id->fr);
	snprintf(text, sizeof text, version & 0xff ? "%u.%u.%u" : "%u.%u", version >> 16,
		 version >> 8 & 0xff, version & 0xff);
	if (version) /* before 1.2 it was not there */
		tell(&t, "nvme_version", text);
	tell_u64(&t, "controller_id", le16toh(id->cntlid));
	if (id->cntrltype < BL_ARRAY_LEN(kinds))
		tell(&t, "serves_as", kinds[id->cntrltype]);
	if (id->mdts && id->mdts < 40)
		tell_u64(&t, "max_transfer_bytes", (uint64_t)LEAST_PAGE << id->mdts);
	tell(&t, "volatile_write_cache", id->vwc & 1 ? "yes" : "no");
}

void nvme_namespace_decode(const void *identify, uint32_t nsid, nvme_fact_fn *fact, void *ctx)
{
	const struct nvme_id_ns *ns = identify;
	const struct teller t = {fact, ctx};
	/* bits 6:5 are the upper ones where there are more than 16 formats */
	unsigned format = (ns->flbas & 0xf) | (ns->nlbaf > 15 ? ns->flbas >> 1 & 0x30 : 0);
	const struct nvme_lbaf *f = &ns->lbaf[format];
	char text[64];

	tell_u64(&t, "namespace", nsid);
	if (f->ds < 9 || f->ds > 31) /* 512 bytes is the least; 0: a format that is not there */
		return;
	tell_u64(&t, "size_bytes", le64toh(ns->nsze) << f->ds);
	tell_u64(&t, "capacity_bytes", le64toh(ns->ncap) << f->ds);
	tell_u64(&t, "utilization_bytes", le64toh(ns->nuse) << f->ds);
	snprintf(text, sizeof text, "%u B + %u B metadata", 1u << f->ds, le16toh(f->ms));
	tell(&t, "lba_format", text);
}

void nvme_health_decode(const void *log, nvme_fact_fn *fact, void *ctx)
{
	const struct nvme_smart_log *s = log;
	const struct teller t = {fact, ctx};
	int kelvin = s->temperature[0] | s->temperature[1] << 8;
	char text[16];

	snprintf(text, sizeof text, "0x%02x", s->critical_warning);
	tell(&t, "smart.critical_warning", text);
	snprintf(text, sizeof text, "%d", kelvin - KELVIN_AT_0);
	if (kelvin) /* no controller runs at 0 K: it has no sensor */
		tell(&t, "smart.temperature_c", text);
	tell_u64(&t, "smart.available_spare_pct", s->avail_spare);
	tell_u64(&t, "smart.spare_threshold_pct", s->spare_thresh);
	tell_u64(&t, "smart.used_pct", s->percent_used);
	tell_u128(&t, "smart.data_read_bytes", s->data_units_read, UNIT_BYTES);
	tell_u128(&t, "smart.data_written_bytes", s->data_units_written, UNIT_BYTES);
	tell_u128(&t, "smart.read_commands", s->host_reads, 1);
	tell_u128(&t, "smart.write_commands", s->host_writes, 1);
	tell_u128(&t, "smart.busy_min", s->ctrl_busy_time, 1);
	tell_u128(&t, "smart.power_cycles", s->power_cycles, 1);
	tell_u128(&t, "smart.power_on_h", s->power_on_hours, 1);
	tell_u128(&t, "smart.unsafe_shutdowns", s->unsafe_shutdowns, 1);
	tell_u128(&t, "smart.media_errors", s->media_errors, 1);
	tell_u128(&t, "smart.error_log_entries", s->num_err_log_entries, 1);
	tell_u64(&t, "smart.warning_temp_min", le32toh(s->warning_temp_time));
	tell_u64(&t, "smart.critical_temp_min", le32toh(s->critical_comp_time));
	tell_u64(&t, "smart.thermal_1_transitions", le32toh(s->thm_temp1_trans_count));
	tell_u64(&t, "smart.thermal_1_s", le32toh(s->thm_temp1_total_time));
	tell_u64(&t, "smart.thermal_2_transitions", le32toh(s->thm_temp2_trans_count));
	tell_u64(&t, "smart.thermal_2_s", le32toh(s->thm_temp2_total_time));
}

/* The newest entry is the first; an entry that is not used counts 0. Bit 0 of the status is the
 * phase tag of the completion that it came with. */
void nvme_errors_decode(const void *log, size_t n_entries, nvme_fact_fn *fact, void *ctx)
{
	const struct nvme_error_log_page *e = log;
	const struct teller t = {fact, ctx};
	char text[96];
	const char *name;
	size_t n = 0;
	unsigned status;

	for (size_t i = 0; i < n_entries; i++)
		n += e[i].error_count != 0;
	tell_u64(&t, "errors.entries", n);
	if (!n_entries || !e[0].error_count)
		return;
	status = le16toh(e[0].status_field) >> 1;
	name = nvme_status_to_string((int)status, false); /* "Name: what it means" */
	snprintf(text, sizeof text, "0x%04x (%.*s)", status, (int)strcspn(name, ":"), name);
	tell(&t, "errors.last_status", text);
}
