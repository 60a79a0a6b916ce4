/* verb_image.c - blklab image: the guest that trials boot. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "cleanup.h"
#include "cli.h"
#include "clock.h"
#include "help.h"
#include "image.h"
#include "progress.h"
#include "rows.h"
#include "units.h"

static void on_fetch(void *ctx, const char *url, uint64_t done, uint64_t total)
{
	progress_fetch(ctx, url, done, total, bl_now_ns());
}

static int print_json(struct cli *cli, const struct image *img, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *text = NULL;
	json_t *doc = json_pack(
		"{s:s,s:s,s:I,s:s,s:I,s:s,s:s,s:b}", "release", img->release, "kernel_path",
		img->kernel_path, "kernel_bytes", (json_int_t)img->kernel_bytes, "initrd_path",
		img->initrd_path, "initrd_bytes", (json_int_t)img->initrd_bytes, "modules",
		img->modules, "missing", img->missing, "was_cached", img->was_cached);

	text = doc ? json_dumps(doc, JSON_INDENT(2)) : NULL;
	json_decref(doc);
	if (!text)
		return bl_fail(err, -ENOMEM, "out of memory");
	bl_buf_addf(&out, "%s\n", text);
	return cli_print(cli, &out, err);
}

static int print_text(struct cli *cli, const struct image *img, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	char a[BL_UNIT_TEXT_MAX], b[BL_UNIT_TEXT_MAX];

	bl_buf_addf(&out, "release    %s%s\n", img->release,
		    img->was_cached ? "  (from the cache)" : "");
	bl_buf_addf(&out, "kernel     %s  (%s)\n", img->kernel_path,
		    bl_format_size(a, img->kernel_bytes));
	bl_buf_addf(&out, "initramfs  %s  (%s)\n", img->initrd_path,
		    bl_format_size(b, img->initrd_bytes));
	bl_buf_adds(&out, "modules    ");
	help_wrap(&out, img->modules[0] ? img->modules : "none needed: all are built in", 11, 11,
		  cli_text_columns(cli) - 1);
	if (img->missing[0]) {
		bl_buf_adds(&out, "missing    ");
		help_wrap(&out, img->missing, 11, 11, cli_text_columns(cli) - 1);
		bl_buf_adds(&out, "           this kernel can't drive the disks that need them; "
				  "their cells are impossible\n");
	}
	return cli_print(cli, &out, err);
}

static int run_image(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(image_freep) struct image *img = NULL;
	BL_CLEANUP(bl_freep) char *cache = NULL;
	BL_CLEANUP(bl_freep) char *agent = NULL;
	BL_CLEANUP(bl_freep) char *fetcher = path_helper_or_null("blklab-fetch-packages");
	struct progress progress = {.mode = cli->err_is_tty && !a->json ? PROGRESS_LIVE
									: PROGRESS_QUIET,
				    .to = cli->err,
				    .columns = cli->columns};
	struct image_spec spec = {.kernel = a->kernel,
				  .modules_dir = a->modules,
				  .progress = on_fetch,
				  .ctx = &progress};
	int r = path_cache_dir(a, &cache, err);

	if (r == 0 && !a->agent)
		r = path_helper("blklab-agent", &agent, err);
	if (r < 0)
		return r;
	spec.agent = a->agent ? a->agent : agent;
	spec.cache_dir = cache;
	spec.fetcher = fetcher;
	r = image_build(&spec, &img, err);
	progress_end(&progress);
	if (r < 0)
		return r;
	return a->json ? print_json(cli, img, err) : print_text(cli, img, err);
}

static const struct option_row options[] = {
	ROW_KERNEL,
	{.name = "modules",
	 .letter = 'm',
	 .kind = OPTION_FOLDER,
	 .arg = "DIR",
	 .at = AT(modules),
	 .def_says = "found beside the kernel",
	 .help = "the folder with the kernel's modules: lib/modules/RELEASE"},
	ROW_CACHE_DIR,
	ROW_AGENT,
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab image", "the newest installed kernel with the guest agent"},
	{"blklab image --kernel linux-image-6.12.43-cloud-amd64.deb",
	 "a kernel out of its package, unpacked into the cache and not installed"},
};

const struct verb verb_image = {
	.name = "image",
	.summary = "build the guest: a kernel, its modules and the agent",
	.about = "Build the guest that trials boot, or find it in the cache, and show where it is, "
		 "its "
		 "size, its modules, and which ones this kernel lacks. 'blklab run' does the same "
		 "by "
		 "itself. The same inputs give the same bytes.",
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_image,
};
