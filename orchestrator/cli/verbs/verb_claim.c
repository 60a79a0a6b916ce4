/* verb_claim.c - blklab claim: say that a disk may be overwritten, or see what stops each. */
#include "verb_claim.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "rows.h"

/* With @note below the text; JSON is the disk alone. */
static int show(struct cli *cli, const struct args *a, const struct device *dev, const char *note,
		struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(claim_view_done) struct claim_view v = {.contents = NULL};
	int r = claim_view_make(dev, &v, err);

	if (r < 0)
		return r;
	if (a->json) {
		r = claim_show_json(&v, 1, false, &out);
		return r < 0 ? bl_fail(err, r, "out of memory") : cli_print(cli, &out, err);
	}
	claim_show_disk(&v, &out);
	if (note)
		bl_buf_addf(&out, "\n%s\n", note);
	return cli_print(cli, &out, err);
}

static int show_all(struct cli *cli, const struct args *a, const char *root, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) struct device *devices = NULL;
	BL_CLEANUP(bl_freep) struct claim_view *views = NULL;
	size_t n = 0, made = 0;
	int r = device_list(root, &devices, &n, err);

	if (r < 0)
		return r;
	views = calloc(n + 1, sizeof *views);
	if (!views)
		return bl_fail(err, -ENOMEM, "out of memory");
	while (made < n && r == 0) {
		r = claim_view_make(&devices[made], &views[made], err);
		made += r == 0;
	}
	if (r == 0 && a->json)
		r = claim_show_json(views, n, true, &out);
	else if (r == 0 && n)
		claim_show_list(cli, views, n, &out);
	else if (r == 0)
		cli_note(cli, "this host shows no disk");
	for (size_t i = 0; i < made; i++)
		claim_view_done(&views[i]);
	return r < 0 ? bl_fail(err, r, "out of memory") : cli_print(cli, &out, err);
}

static int find(const struct args *a, const char *root, struct device *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	struct device_name name = {.root = root, .serial = a->serial};

	if (a->device && strchr(a->device, '/'))
		name.path = a->device;
	else if (a->device && strchr(a->device, ':'))
		name.pci = a->device;
	else if (a->device)
		name.path = path = bl_strf("/dev/%s", a->device);
	if (a->device && !name.path && !name.pci) /* it would go by the serial alone */
		return bl_fail(err, -ENOMEM, "out of memory");
	return device_find(&name, ret, err);
}

static int ask(struct cli *cli, const struct device *dev, struct bl_err *err)
{
	char line[256];

	fprintf(cli->err,
		"\nAll data on '%s' will be lost, now or in any later run. Type its serial "
		"to go on: ",
		dev->block);
	fflush(cli->err);
	if (!fgets(line, sizeof line, cli->in))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (strcmp(line, dev->serial) == 0)
		return 0;
	return bl_fail(err, -ECANCELED,
		       "'%s' was typed, not '%s': nothing was changed; ask again when it is meant",
		       line, dev->serial);
}

/* May the contents go? By a person's word, or by the options. */
static int agree(struct cli *cli, const struct args *a, const struct device *dev,
		 const char *contents, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *line = NULL;

	if (!a->yes && cli->in_is_tty && !a->json)
		return ask(cli, dev, err);
	if (!a->yes)
		return bl_fail(err, -EINVAL,
			       "'%s' would be overwritten by any later run, and there is no "
			       "terminal to ask on; --yes says that it may, and --erase with it "
			       "when it holds data",
			       dev->block);
	if (!contents[0] || a->erase)
		return 0;
	line = guard_contents_joined(contents);
	if (!line)
		return bl_fail(err, -ENOMEM, "out of memory");
	return bl_fail(err, -EEXIST,
		       "'%s' holds data, which would be lost: %s; if nobody needs that, say --yes "
		       "--erase",
		       dev->block, line);
}

/* A person may have thought for long about what was shown; what came since nobody has agreed to. */
static int check_same_contents(const struct device *dev, const char *shown, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *now = NULL;
	int r = guard_contents(dev, &now, err);

	if (r < 0 || strcmp(now, shown) == 0)
		return r;
	return bl_fail(err, -ESTALE,
		       "what is on '%s' is not what was shown any more: somebody has begun to use "
		       "it; nothing was changed: look again",
		       dev->block);
}

static int claim(struct cli *cli, const struct args *a, const struct device *dev,
		 struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *contents = NULL;
	struct claim c;
	int r = guard_check(dev, a->serial, GUARD_LOOK, NULL, err);

	if (r < 0)
		return r;
	/* Neither is there anything to wipe, nor a claim to make. */
	if (guard_check(dev, a->serial, GUARD_BLOCK, NULL, NULL) == 0)
		return show(cli, a, dev, "It is claimed already; nothing was changed.", err);
	r = guard_contents(dev, &contents, err);
	if (r == 0 && !a->json)
		r = show(cli, a, dev, NULL, err);
	if (r == 0)
		r = agree(cli, a, dev, contents, err);
	if (r == 0)
		r = check_same_contents(dev, contents, err);
	if (r == 0)
		r = claim_write(dev, &c, err);
	if (r < 0)
		return r;
	if (a->json)
		return show(cli, a, dev, NULL, err);
	cli_note(cli, "\n'%s' (serial %s) is claimed: runs may overwrite it.", dev->block,
		 dev->serial);
	return 0;
}

static int unclaim(struct cli *cli, const struct args *a, const struct device *dev,
		   struct bl_err *err)
{
	int r = claim_remove(dev, err);

	if (r < 0)
		return r;
	return show(cli, a, dev, "The claim was taken off; nothing else was changed.", err);
}

int claim_run(struct cli *cli, const struct args *a, const char *root, struct bl_err *err)
{
	struct device dev;
	int r;

	if (!a->serial && (a->device || a->yes || a->erase || a->remove))
		return bl_fail(
			err, -EINVAL,
			"no SERIAL was given; a disk is claimed by its serial, and `%s claim` "
			"without options lists them",
			cli->program);
	if (a->erase && !a->yes)
		return bl_fail(err, -EINVAL,
			       "--erase without --yes: on a terminal you are asked and shown what "
			       "would be lost; scripts say --yes --erase");
	if (!a->serial)
		return show_all(cli, a, root, err);
	r = find(a, root, &dev, err);
	if (r < 0)
		return r;
	return a->remove ? unclaim(cli, a, &dev, err) : claim(cli, a, &dev, err);
}

static int run_claim(struct cli *cli, const struct args *a, struct bl_err *err)
{
	return claim_run(cli, a, "", err);
}

static const struct operand_row operands[] = {
	{.name = "SERIAL",
	 .kind = OPTION_TEXT,
	 .at = AT(serial),
	 .help = "serial of the disk; without it all disks are listed with what stops each"},
};

static const struct option_row options[] = {
	{.name = "device",
	 .letter = 'd',
	 .kind = OPTION_TEXT,
	 .arg = "DEVICE",
	 .at = AT(device),
	 .help = "PCI address or path of the disk, when several have the serial, or which "
		 "namespace of a controller"},
	{.name = "yes",
	 .letter = 'y',
	 .at = AT(yes),
	 .help = "for scripts: do not ask; an empty disk is claimed, one that holds data is "
		 "refused"},
	{.name = "erase",
	 .at = AT(erase),
	 .help = "with --yes: claim it also when it holds data, which is lost"},
	{.name = "remove",
	 .at = AT(remove),
	 .help = "take the claim off again; nothing else is changed"},
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab claim", "every disk, and what stops the lab from using it"},
	{"blklab claim S5XXNX0T123456", "look at it, then ask"},
	{"blklab claim S5XXNX0T123456 --device /dev/nvme1n2 --yes --erase",
	 "a script's way, for one namespace, whatever is on it"},
};

const struct verb verb_claim = {
	.name = "claim",
	.summary = "say that a disk is the lab's to overwrite, or list the disks",
	.about = "Jobs on a real disk destroy what is on it, so the lab takes only disks that "
		 "somebody has claimed for it. The disk is named by its serial. It is shown with "
		 "what "
		 "is on it, and you are asked to type the serial. Then its file systems' and "
		 "partition tables' signatures are wiped and the claim is written, 1 MiB before "
		 "its "
		 "end, where no job writes. It holds for this serial and size.\n\n"
		 "A disk in use is refused always: one that is mounted, swap, part of LVM, RAID, "
		 "bcache or multipath, the disk that this host runs from, one that another program "
		 "holds.\n\n"
		 "With --yes nobody is asked: an empty disk is claimed, and one that holds data is "
		 "refused unless --erase is given, too.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_claim,
};
