#include "parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "digest.h"
#include "fs.h"
#include "package.h"

struct part {
	char *spec;
	int code; /* 0, or why there is none */
	struct bl_err why;
	struct image *image;
	struct emulator emulator;
	char sha256[17]; /* the first of the emulator's; "": not known */
};

struct list {
	struct part **items; /* pointers, because what is inside is borrowed */
	size_t n;
};

struct parts {
	const struct runner_options *opt;
	const char *cache_dir, *state_dir;
	bool is_fake;
	struct list images, emulators;
	void (*fetching)(void *ctx, uint64_t done_bytes, uint64_t total_bytes); /* may be NULL */
	void *ctx;
};

int parts_new(const struct runner_options *opt, const char *cache_dir, const char *state_dir,
	      bool is_fake, struct parts **ret, struct bl_err *err)
{
	struct parts *p = calloc(1, sizeof *p);

	if (!p)
		return bl_fail(err, -ENOMEM, "out of memory");
	*p = (struct parts){
		.opt = opt, .cache_dir = cache_dir, .state_dir = state_dir, .is_fake = is_fake};
	*ret = p;
	return 0;
}

void parts_watch(struct parts *p,
		 void (*fetching)(void *ctx, uint64_t done_bytes, uint64_t total_bytes), void *ctx)
{
	p->fetching = fetching;
	p->ctx = ctx;
}

static void on_fetch(void *ctx, const char *url, uint64_t done_bytes, uint64_t total_bytes)
{
	const struct parts *p = ctx;

	(void)url;
	if (p->fetching)
		p->fetching(p->ctx, done_bytes, total_bytes);
}

static void part_free(struct part *part)
{
	image_free(part->image);
	emulator_done(&part->emulator);
	free(part->spec);
	free(part);
}

static void list_done(struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		part_free(l->items[i]);
	free(l->items);
}

struct parts *parts_free(struct parts *p)
{
	if (!p)
		return NULL;
	list_done(&p->images);
	list_done(&p->emulators);
	free(p);
	return NULL;
}

static struct part *list_find(const struct list *l, const char *spec)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->items[i]->spec, spec) == 0)
			return l->items[i];
	}
	return NULL;
}

static struct part *list_add(struct list *l, const char *spec)
{
	struct part **items = realloc(l->items, (l->n + 1) * sizeof(struct part *));
	struct part *part = items ? calloc(1, sizeof *part) : NULL;

	if (items)
		l->items = items;
	if (part)
		part->spec = strdup(spec);
	if (!part || !part->spec) {
		free(part);
		return NULL;
	}
	l->items[l->n++] = part;
	return part;
}

/* --- images --- */

static const char *kernel_of(const struct parts *p, const struct cell *c)
{
	if (c->kernel[0])
		return c->kernel;
	return p->opt->kernel ? p->opt->kernel : "installed";
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The fake's guest reads its release back out of the kernel's name: see fake_domain.c. */
static int fake_image(const char *spec, struct image **ret, struct bl_err *err)
{
	struct image *img;

	if (strcmp(last_part(spec), "missing.deb") == 0)
		return bl_fail(err, -ENOENT, "the fake has none");
	if (strcmp(last_part(spec), "unreachable.deb") == 0)
		return bl_fail(err, -EIO, "the fake does not reach it");
	img = calloc(1, sizeof *img);

	if (!img)
		return -ENOMEM;
	img->kernel_path = bl_strf("/nowhere/vmlinuz-fake-%s", last_part(spec));
	img->initrd_path = strdup("/nowhere/initrd");
	img->release = bl_strf("fake-%s", last_part(spec));
	img->modules = strdup("virtio_blk virtio_scsi sd_mod ahci nvme");
	img->builtin = strdup("");
	img->missing = strdup("");
	*ret = img;
	return 0;
}

static void make_image(struct parts *p, struct part *part)
{
	struct image_spec spec = {.kernel = part->spec,
				  .agent = p->opt->agent,
				  .cache_dir = p->cache_dir,
				  .fetcher = p->opt->fetcher,
				  .progress = on_fetch,
				  .ctx = p,
				  .stop = p->opt->stop};

	part->code = p->is_fake ? fake_image(part->spec, &part->image, &part->why)
				: image_build(&spec, &part->image, &part->why);
	if (part->code < 0)
		bl_wrap(&part->why, part->code, "guest image of kernel '%s'", part->spec);
}

/* Say why there is no such part, once more; but a stop, of the last one made just now, is
 * forgotten. */
static int without(struct list *l, struct part *part, struct bl_err *err)
{
	int r = bl_fail(err, part->code, "%s", bl_err_text(&part->why));

	if (r == -EINTR) {
		l->n--;
		part_free(part);
	}
	return r;
}

int parts_image(struct parts *p, const struct cell *c, const struct image **ret, struct bl_err *err)
{
	const char *spec = kernel_of(p, c);
	struct part *part = list_find(&p->images, spec);

	if (!part) {
		part = list_add(&p->images, spec);
		if (!part)
			return bl_fail(err, -ENOMEM, "out of memory");
		make_image(p, part);
	}
	if (part->code < 0)
		return without(&p->images, part, err);
	*ret = part->image;
	return 0;
}

/* --- emulators --- */

static int fake_emulator(const char *spec, struct emulator *ret)
{
	ret->path = bl_strf("/nowhere/%s", *spec ? last_part(spec) : "qemu");
	ret->version = strdup("0.0.0");
	return ret->path && ret->version ? 0 : -ENOMEM;
}

/* Two builds may have one version: a patched package, another compiler; of a script, which alone
 * knows what it runs and with what, the script counts. What can't be read has no digest, and is no
 * reason not to run it. */
static void identify_emulator(struct part *part)
{
	const struct emulator *e = &part->emulator;
	BL_CLEANUP(digest_freep) struct digest *d = digest_new();
	char hex[DIGEST_TEXT];

	if (d && digest_add_file(d, e->binary ? e->binary : e->path, NULL) == 0)
		snprintf(part->sha256, sizeof part->sha256, "%s", digest_hex(d, hex));
}

static int real_emulator(const struct parts *p, struct part *part)
{
	struct package_source from = {
		.cache_dir = p->cache_dir, .fetcher = p->opt->fetcher, .stop = p->opt->stop};
	BL_CLEANUP(bl_freep) char *dir = NULL;
	int r = 0;

	if (package_is_emulator(part->spec))
		r = package_emulator(&from, part->spec, &dir, &part->why);
	return r < 0 ? r
		     : emulator_resolve(dir ? dir : part->spec, p->opt->wrapper, p->state_dir,
					&part->emulator, &part->why);
}

int parts_emulator(struct parts *p, const struct cell *c, const struct emulator **ret,
		   struct bl_err *err)
{
	struct part *part = list_find(&p->emulators, c->emulator);

	if (!part) {
		part = list_add(&p->emulators, c->emulator);
		if (!part)
			return bl_fail(err, -ENOMEM, "out of memory");
		part->code = p->is_fake ? fake_emulator(part->spec, &part->emulator)
					: real_emulator(p, part);
		if (part->code < 0)
			bl_wrap(&part->why, part->code, "emulator '%s'", part->spec);
		else if (!p->is_fake)
			identify_emulator(part);
	}
	if (part->code < 0)
		return without(&p->emulators, part, err);
	*ret = &part->emulator;
	return 0;
}

/* --- facts --- */

static int image_facts(const struct part *part, size_t i, struct facts *out)
{
	char key[64];
	int r;

	snprintf(key, sizeof key, "image.%zu.kernel", i);
	r = facts_add(out, key, part->image->release);
	snprintf(key, sizeof key, "image.%zu.modules", i);
	if (r == 0)
		r = facts_add(out, key, part->image->modules);
	snprintf(key, sizeof key, "image.%zu.missing_modules", i);
	if (r == 0 && part->image->missing[0])
		r = facts_add(out, key, part->image->missing);
	snprintf(key, sizeof key, "image.%zu.initrd_bytes", i);
	if (r == 0)
		r = facts_addf(out, key, "%" PRIu64, part->image->initrd_bytes);
	return r;
}

static int emulator_facts(const struct part *part, size_t i, struct facts *out)
{
	char key[64];
	int r;

	snprintf(key, sizeof key, "emulator.%zu.version", i);
	r = facts_add(out, key, part->emulator.version);
	snprintf(key, sizeof key, "emulator.%zu.path", i);
	if (r == 0)
		r = facts_add(out, key, part->emulator.path);
	snprintf(key, sizeof key, "emulator.%zu.sha256", i);
	if (r == 0 && part->sha256[0])
		r = facts_add(out, key, part->sha256);
	return r;
}

int parts_facts(const struct parts *p, struct facts *out)
{
	int r = 0;

	for (size_t i = 0; i < p->images.n && r == 0; i++) {
		if (p->images.items[i]->code == 0)
			r = image_facts(p->images.items[i], i, out);
	}
	for (size_t i = 0; i < p->emulators.n && r == 0; i++) {
		if (p->emulators.items[i]->code == 0)
			r = emulator_facts(p->emulators.items[i], i, out);
	}
	return r;
}

int parts_facts_of(const struct parts *p, const struct cell *c, struct facts *out)
{
	const struct part *image = list_find(&p->images, kernel_of(p, c));
	const struct part *emulator = list_find(&p->emulators, c->emulator);
	int r = facts_add(out, "image.kernel", image->image->release);

	if (r == 0)
		r = facts_add(out, "emulator.version", emulator->emulator.version);
	if (r == 0 && emulator->sha256[0])
		r = facts_add(out, "emulator.sha256", emulator->sha256);
	return r;
}
