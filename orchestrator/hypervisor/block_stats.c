#include "block_stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "units.h"

#define BINS_MAX 512 /* of a histogram: more is not ours */

static const char backend[] = "/virtio-backend";

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

bool block_stats_is(const char *qdev, const char *alias)
{
	size_t n = strlen(alias), len = strlen(qdev);
	const char *name = strrchr(qdev, '/');

	if (len > sizeof backend - 1 && !strcmp(qdev + len - (sizeof backend - 1), backend)) {
		len -= sizeof backend - 1;
		name = memrchr(qdev, '/', len);
	}
	name = name ? name + 1 : qdev;
	return (size_t)(qdev + len - name) == n && !strncmp(name, alias, n);
}

int block_stats_find(struct hv_vm *vm, const char *alias, char **ret_qdev, struct bl_err *err)
{
	json_t *blocks = NULL, *b;
	char *found = NULL;
	size_t i;
	int r = hv_vm_qmp(vm, "query-block", NULL, &blocks, err);

	if (r < 0)
		return r;
	json_array_foreach (blocks, i, b) {
		const char *qdev = text_of(b, "qdev");

		if (!found && qdev && block_stats_is(qdev, alias))
			found = strdup(qdev);
	}
	json_decref(blocks);
	if (!found)
		return bl_fail(err, -ENOENT, "qmp query-block: no device '%s'", alias);
	*ret_qdev = found;
	return 0;
}

int block_stats_set_histograms(struct hv_vm *vm, const char *qdev, struct bl_err *err)
{
	json_t *bounds = json_array(), *args, *reply = NULL;
	int r;

	for (int i = 0; i < BLOCK_STATS_BOUNDS; i++)
		json_array_append_new(bounds, json_integer(llround(pow(10, 3 + i / 10.0))));
	args = json_pack("{s:s, s:o}", "id", qdev, "boundaries", bounds);
	if (!args)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = hv_vm_qmp(vm, "block-latency-histogram-set", args, &reply, err);
	json_decref(args);
	json_decref(reply);
	return r;
}

/* --- a reply as signals --- */

/* A counter of QEMU's; absent: not a number of events, bytes or ns. */
static uint64_t count_of(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) && json_integer_value(v) >= 0 ? (uint64_t)json_integer_value(v)
								: SERIES_ABSENT;
}

/* The sum of @keys (ends with NULL); those that are absent count nothing. */
static uint64_t sum_of(const json_t *o, const char *const *keys)
{
	uint64_t sum = SERIES_ABSENT;

	for (; *keys; keys++) {
		uint64_t v = count_of(o, *keys);

		if (v != SERIES_ABSENT)
			sum = (sum == SERIES_ABSENT ? 0 : sum) + v;
	}
	return sum;
}

static int put_counters(const json_t *stats, struct series_set *set)
{
	static const struct {
		const char *name, *keys[5];
	} rows[] = {
		{"block.reads", {"rd_operations"}},
		{"block.read_bytes", {"rd_bytes"}},
		{"block.read_ns", {"rd_total_time_ns"}},
		{"block.writes", {"wr_operations"}},
		{"block.write_bytes", {"wr_bytes"}},
		{"block.write_ns", {"wr_total_time_ns"}},
		{"block.flushes", {"flush_operations"}},
		{"block.flush_ns", {"flush_total_time_ns"}},
		{"block.discards", {"unmap_operations"}},
		{"block.discard_bytes", {"unmap_bytes"}},
		{"block.discard_ns", {"unmap_total_time_ns"}},
		{"block.merges", {"rd_merged", "wr_merged", "unmap_merged"}},
		{"block.errors",
		 {"failed_rd_operations", "failed_wr_operations", "failed_flush_operations",
		  "failed_unmap_operations"}},
	};
	int r = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(rows) && r == 0; i++) {
		uint64_t v = sum_of(stats, rows[i].keys);

		if (v != SERIES_ABSENT)
			r = series_put(set, rows[i].name, SERIES_COUNTER, v);
	}
	return r;
}

/* One bin more than bounds, all of them numbers, and the bounds ascending. */
static bool is_histogram(const json_t *bounds, const json_t *bins)
{
	size_t n = json_array_size(bounds);
	json_int_t before = 0;

	if (n == 0 || n >= BINS_MAX || json_array_size(bins) != n + 1)
		return false;
	for (size_t i = 0; i <= n; i++) {
		const json_t *bin = json_array_get(bins, i), *bound = json_array_get(bounds, i);

		if (!json_is_integer(bin) || json_integer_value(bin) < 0)
			return false;
		if (i < n && (!json_is_integer(bound) || json_integer_value(bound) <= before))
			return false;
		before = json_integer_value(bound);
	}
	return true;
}

static int put_histogram(const json_t *stats, const char *key, const char *name,
			 struct series_set *set)
{
	const json_t *h = json_object_get(stats, key);
	const json_t *bounds = json_object_get(h, "boundaries"), *bins = json_object_get(h, "bins");
	size_t n = json_array_size(bounds);
	int r = 0;

	if (!is_histogram(bounds, bins))
		return 0;
	for (size_t i = 0; i < n && r == 0; i++)
		r = series_putf(set, SERIES_COUNTER,
				(uint64_t)json_integer_value(json_array_get(bins, i)),
				"block.%s_hist.%lld", name,
				(long long)json_integer_value(json_array_get(bounds, i)));
	if (r == 0)
		r = series_putf(set, SERIES_COUNTER,
				(uint64_t)json_integer_value(json_array_get(bins, n)),
				"block.%s_hist.inf", name);
	return r;
}

int block_stats_put(const json_t *reply, const char *qdev, struct series_set *set)
{
	const json_t *stats = NULL, *b;
	size_t i;
	int r;

	json_array_foreach (reply, i, b) {
		const char *name = text_of(b, "qdev");

		if (name && !strcmp(name, qdev))
			stats = json_object_get(b, "stats");
	}
	if (!json_is_object(stats))
		return -ENODATA;
	r = put_counters(stats, set);
	if (r == 0)
		r = put_histogram(stats, "rd_latency_histogram", "read", set);
	if (r == 0)
		r = put_histogram(stats, "wr_latency_histogram", "write", set);
	if (r == 0)
		r = put_histogram(stats, "flush_latency_histogram", "flush", set);
	return r;
}

int block_stats_read(struct hv_vm *vm, const char *qdev, struct series_set *set, struct bl_err *err)
{
	json_t *reply = NULL;
	int r = hv_vm_qmp(vm, "query-blockstats", NULL, &reply, err);

	if (r < 0)
		return r;
	r = series_moment(set, bl_now_ns());
	if (r == 0)
		r = block_stats_put(reply, qdev, set);
	json_decref(reply);
	if (r == -ENODATA)
		return bl_fail(err, r, "qmp query-blockstats: no device '%s'", qdev);
	return r < 0 ? bl_fail(err, r, "cannot keep what qmp query-blockstats said: %s",
			       strerror(-r))
		     : 0;
}

bool block_stats_is_counted(const char *bus, const char *signal)
{
	static const struct {
		const char *bus, *prefix;
	} gaps[] = {
		{"virtio-blk", "block.discard"},
		{"nvme-userspace", "block.discard"}, /* a virtio-blk disk above QEMU's own driver */
		{"nvme-emulated", "block.discard"},
		{"nvme-emulated", "block.flush"},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(gaps); i++) {
		if (!strcmp(gaps[i].bus, bus) &&
		    !strncmp(gaps[i].prefix, signal, strlen(gaps[i].prefix)))
			return false;
	}
	return true;
}

static bool is_uncounted(const void *bus, const struct series_set *s, const struct series *one)
{
	return s->n && one->values[s->n - 1] == 0 && !block_stats_is_counted(bus, one->name);
}

void block_stats_drop_uncounted(struct series_set *set, const char *bus)
{
	series_drop(set, is_uncounted, bus);
}

/* Something that a person may have chosen becomes the name of a signal. */
static bool is_plain_id(const char *id)
{
	return id && *id && strlen(id) <= 32 &&
	       id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] ==
		       '\0';
}

int block_stats_read_iothreads(struct hv_vm *vm, struct series_set *set, struct bl_err *err)
{
	json_t *reply = NULL, *thread;
	size_t i;
	int r = hv_vm_qmp(vm, "query-iothreads", NULL, &reply, err);

	if (r < 0)
		return r;
	json_array_foreach (reply, i, thread) {
		const char *id = text_of(thread, "id");
		uint64_t ns = count_of(thread, "poll-max-ns");

		if (!is_plain_id(id) || ns == SERIES_ABSENT || r < 0)
			continue;
		r = series_putf(set, SERIES_GAUGE, ns, "%s.poll_ns", id);
	}
	json_decref(reply);
	return r < 0 ? bl_fail(err, r, "cannot keep what qmp query-iothreads said: %s",
			       strerror(-r))
		     : 0;
}
