#include "old_ways.h"

#include <string.h>
#include <unistd.h>

#include "apt_spec.h"
#include "cleanup.h"
#include "fs.h"

#define PROGRAM "qemu-system-x86"

/* The value of the only fact of a kind: of "image.0.kernel" when there is no "image.1.kernel". */
static const char *only(const struct facts *f, const char *what, const char *field)
{
	char key[64];

	snprintf(key, sizeof key, "%s.1.%s", what, field);
	if (facts_get(f, key))
		return NULL;
	snprintf(key, sizeof key, "%s.0.%s", what, field);
	return facts_get(f, key);
}

/* Did it change from one night to the next? Returns what it was; NULL: no, or not known. */
static const char *was(const struct facts *before, const struct facts *after, const char *what,
		       const char *field)
{
	const char *b = only(before, what, field), *a = only(after, what, field);

	return a && b && strcmp(a, b) != 0 ? b : NULL;
}

static void take(struct old_way *ret, char *change, char *says)
{
	if (change && says) {
		ret->change = change;
		ret->says = says;
		return;
	}
	free(change);
	free(says);
}

static void old_kernel(const struct facts *before, const struct facts *after, struct old_way *ret)
{
	const char *release = was(before, after, "image", "kernel");
	BL_CLEANUP(bl_freep)
	char *path = release ? bl_strf("/boot/vmlinuz-%s", release) : NULL;

	if (path && access(path, R_OK) == 0)
		take(ret, bl_strf("kernel=%s", path), bl_strf("guest kernel %s", release));
}

static void old_emulator(const struct facts *before, const struct facts *after, struct old_way *ret)
{
	const char *path = was(before, after, "emulator", "path");
	const char *version = only(before, "emulator", "version");

	if (path && access(path, X_OK) == 0)
		take(ret, bl_strf("emulator=%s", path),
		     bl_strf("QEMU %s of %s", version ? version : "", path));
}

/* Upgraded in place: apt may have the package of before still, which a run unpacks beside the
 * installed one. Whether it does is seen then. */
static void old_package(const struct facts *before, const struct facts *after, struct old_way *ret)
{
	const char *version = facts_get(before, "package." PROGRAM);
	const char *now = facts_get(after, "package." PROGRAM);
	const char *path = only(after, "emulator", "path");
	BL_CLEANUP(bl_freep) char *spec = NULL;
	struct apt_spec parsed;

	if (!version || !now || strcmp(version, now) == 0 || !path ||
	    strncmp(path, "/usr/bin/", strlen("/usr/bin/")) != 0 ||
	    was(before, after, "emulator", "path"))
		return;
	spec = bl_strf("apt:" PROGRAM "=%s", version);
	if (spec && apt_spec_parse(spec, &parsed, NULL) == 0)
		take(ret, bl_strf("emulator=%s", spec), bl_strf("QEMU of package %s", version));
}

void old_way_find(const struct history *h, const char *run, struct old_way *ret)
{
	size_t night = history_night_of(h, run);
	const struct facts *before, *after;

	if (night == 0 || night >= h->n_nights || !h->nights[night].n_marks)
		return; /* what other cells had is no change of anything */
	before = &h->nights[night - 1].first->environment;
	after = &h->nights[night].first->environment;
	old_kernel(before, after, ret);
	if (!ret->change)
		old_emulator(before, after, ret);
	if (!ret->change)
		old_package(before, after, ret);
}

void old_way_done(struct old_way *o)
{
	free(o->change);
	free(o->says);
	*o = (struct old_way){0};
}
