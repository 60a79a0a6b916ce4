#include "live_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "helper.h"
#include "units.h"

#define GLANCE_NS (50 * NS_PER_MS)

/* The thread's, while it is busy. */
struct asked {
	char *domain, *uri;
	bool with_monitor;
	struct hv_live *vm;
	struct facts *paths;     /* [hv_live_n_disks()] */
	struct series_set *sets; /* the same: one moment, of the last reading */
	int r;
	struct bl_err err;
};

struct live_reader {
	struct bl_helper *helper;
	struct asked *a;
};

/* --- in the thread --- */

static void open_vm(struct asked *a)
{
	struct hv_live_options opt = {
		.domain = a->domain, .uri = a->uri, .with_monitor = a->with_monitor};
	size_t n;

	a->r = hv_live_open(&opt, &a->vm, &a->err);
	if (a->r < 0)
		return;
	n = hv_live_n_disks(a->vm);
	a->paths = calloc(n, sizeof *a->paths);
	a->sets = calloc(n, sizeof *a->sets);
	if (!a->paths || !a->sets)
		a->r = bl_fail(&a->err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n && a->r == 0; i++)
		a->r = hv_live_path(a->vm, i, &a->paths[i], &a->err);
}

static void work(void *ctx)
{
	struct asked *a = ctx;

	a->err = (struct bl_err)BL_ERR_INIT;
	if (!a->vm) {
		open_vm(a);
		return;
	}
	for (size_t i = 0; i < hv_live_n_disks(a->vm); i++)
		a->sets[i].n = 0; /* it keeps its names */
	a->r = hv_live_read(a->vm, a->sets, &a->err);
}

static void done(void *ctx)
{
	struct asked *a = ctx;
	size_t n = a->vm ? hv_live_n_disks(a->vm) : 0;

	for (size_t i = 0; i < n; i++) {
		if (a->paths)
			facts_done(&a->paths[i]);
		if (a->sets)
			series_done(&a->sets[i]);
	}
	free(a->paths);
	free(a->sets);
	hv_live_close(a->vm);
	free(a->domain);
	free(a->uri);
	free(a);
}

/* --- outside --- */

static int wait_for(struct live_reader *r, bool (*still)(void *ctx), void *ctx)
{
	while (!bl_helper_wait(r->helper, bl_now_ns() + GLANCE_NS))
		if (!still(ctx))
			return -EINTR;
	return 0;
}

static struct asked *new_asked(const struct hv_live_options *opt)
{
	struct asked *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	a->domain = strdup(opt->domain);
	a->uri = opt->uri ? strdup(opt->uri) : NULL;
	a->with_monitor = opt->with_monitor;
	if (a->domain && (a->uri || !opt->uri))
		return a;
	done(a);
	return NULL;
}

int live_reader_open(const struct hv_live_options *opt, bool (*still)(void *ctx), void *ctx,
		     struct live_reader **ret, struct bl_err *err)
{
	struct live_reader *reader = calloc(1, sizeof *reader);
	struct asked *a = new_asked(opt);
	int r;

	if (!reader || !a || bl_helper_new("live reader", work, done, a, &reader->helper) < 0) {
		free(reader);
		if (a)
			done(a);
		return bl_fail(err, -ENOMEM, "out of memory, or of threads");
	}
	reader->a = a;
	bl_helper_ask(reader->helper);
	r = wait_for(reader, still, ctx);
	if (r < 0)
		bl_fail(err, r,
			"no answer came from '%s' before the looking was ended: its main loop "
			"hangs, or libvirt waits for it",
			opt->domain);
	else if (a->r < 0)
		r = bl_fail(err, a->r, "%s", bl_err_text(&a->err));
	if (r < 0) {
		live_reader_close(reader);
		return r;
	}
	*ret = reader;
	return 0;
}

struct live_reader *live_reader_close(struct live_reader *r)
{
	if (!r)
		return NULL;
	bl_helper_end(r->helper);
	free(r);
	return NULL;
}

const struct hv_live *live_reader_vm(const struct live_reader *r)
{
	return r->a->vm;
}

const struct facts *live_reader_path(const struct live_reader *r, size_t i)
{
	return &r->a->paths[i];
}

int live_reader_read(struct live_reader *r, bool (*still)(void *ctx), void *ctx,
		     struct series_set *sets, struct bl_err *err)
{
	int code;

	bl_helper_ask(r->helper);
	code = wait_for(r, still, ctx);
	if (code < 0)
		return bl_fail(err, code, "qemu does not answer");
	if (r->a->r < 0)
		return bl_fail(err, r->a->r, "%s", bl_err_text(&r->a->err));
	for (size_t i = 0; i < hv_live_n_disks(r->a->vm) && code == 0; i++) {
		const struct series_set *one = &r->a->sets[i];

		if (one->n)
			code = series_copy_moment(&sets[i], one, 0, one->at_ns[0]);
	}
	return code < 0 ? bl_fail(err, code, "cannot keep what qemu counts: %s", strerror(-code))
			: 0;
}
