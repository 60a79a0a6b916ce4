#include "path_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES_MAX 32 /* below one backing; what is beyond is not named */
#define NEXT        " > "

static const char *get(const struct facts *f, const char *name)
{
	char key[64];

	snprintf(key, sizeof key, "path.%s", name);
	return facts_get(f, key);
}

static bool is(const struct facts *f, const char *name, const char *value)
{
	const char *text = get(f, name);

	return text && !strcmp(text, value);
}

/* Appends fmt % the fact's value behind @sep, which a first part does not get. */
static void add(struct bl_buf *out, size_t begin, const char *sep, const char *before,
		const char *value)
{
	if (value)
		bl_buf_addf(out, "%s%s%s", out->len > begin ? sep : "", before, value);
}

static void add_guest(const struct facts *f, struct bl_buf *out)
{
	const char *bus = get(f, "bus"), *target = get(f, "target");
	const char *queues = get(f, "queues"), *size = get(f, "queue_size");

	if (!bus)
		return;
	if (!strcmp(bus, "host")) {
		bl_buf_adds(out, "the host itself");
		return;
	}
	bl_buf_addf(out, "%s%s%s", target ? target : "", target ? " on " : "", bus);
	if (is(f, "iothread", "none"))
		bl_buf_adds(out, ", no iothread");
	else
		add(out, 0, ", ", "", get(f, "iothread"));
	if (queues)
		bl_buf_addf(out, ", %s queue%s", queues, strcmp(queues, "1") != 0 ? "s" : "");
	if (queues && size)
		bl_buf_addf(out, " of %s", size);
}

static void add_qemu(const struct facts *f, struct bl_buf *out)
{
	const char *cache = get(f, "cache"), *aio = get(f, "aio"), *throttle = get(f, "throttle");
	size_t begin;

	if (!cache && !aio && !throttle)
		return;
	add(out, 0, NEXT, "QEMU: ", "");
	begin = out->len;
	add(out, begin, ", ", "cache ", cache);
	add(out, begin, ", ", "aio ", aio);
	if (throttle && strcmp(throttle, "none") != 0)
		add(out, begin, ", ", "limited to ", throttle);
	if (is(f, "discard", "unmap"))
		add(out, begin, ", ", "discard ", "unmap");
}

static void add_image(const struct facts *f, struct bl_buf *out)
{
	const char *format = get(f, "format"), *cluster = get(f, "cluster_bytes");
	const char *source = get(f, "source"), *depth = get(f, "chain_depth");

	if (format && strcmp(format, "raw") != 0) {
		add(out, 0, NEXT, format, "");
		if (cluster)
			bl_buf_addf(out, " of %llu KiB", strtoull(cluster, NULL, 10) / 1024);
		if (depth && strtoul(depth, NULL, 10) > 1)
			bl_buf_addf(out, ", %s images deep", depth);
	} else {
		add(out, 0, NEXT, "", format);
	}
	if (source)
		bl_buf_addf(out, "%s%s", out->len ? format ? " " : NEXT : "", source);
	add(out, 0, NEXT, "", get(f, "filesystem"));
}

static const char *of_device(const struct facts *f, unsigned i, const char *name)
{
	char key[48];

	snprintf(key, sizeof key, "device.%u%s%s", i, name[0] ? "." : "", name);
	return get(f, key);
}

static void add_devices(const struct facts *f, struct bl_buf *out)
{
	const char *name, *kind, *text;

	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		size_t begin;

		name = of_device(f, i, "");
		if (!name)
			continue;
		kind = of_device(f, i, "kind");
		bl_buf_addf(out, "%s%s (", out->len ? NEXT : "", name);
		begin = out->len;
		if (kind && strcmp(kind, "disk") != 0)
			add(out, begin, ", ", "", kind);
		add(out, begin, ", ", "scheduler ", of_device(f, i, "scheduler"));
		add(out, begin, ", ", "", of_device(f, i, "write_cache"));
		text = of_device(f, i, "rotational");
		if (text && (!strcmp(text, "1") || !strcmp(text, "yes")))
			add(out, begin, ", ", "", "rotating");
		if (out->len > begin)
			bl_buf_addc(out, ')');
		else if (!bl_buf_failed(out))
			out->data[out->len -= 2] = '\0'; /* nothing is known: no brackets */
	}
}

bool path_line(const struct facts *f, struct bl_buf *out)
{
	struct bl_buf line = BL_BUF_INIT;
	bool is_known;

	add_guest(f, &line);
	add_qemu(f, &line);
	add_image(f, &line);
	add_devices(f, &line);
	is_known = line.len > 0 || bl_buf_failed(&line);
	bl_buf_adds(out, bl_buf_str(&line));
	out->failed |= bl_buf_failed(&line);
	bl_buf_done(&line);
	return is_known;
}
