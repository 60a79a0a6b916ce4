#include "out_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"

int out_file_check(const char *option, const char *path, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	struct stat st;
	const char *in = !dir ? "" : slash == dir ? "/" : slash ? dir : ".";

	if (!dir)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (stat(path, &st) == 0 && S_ISBLK(st.st_mode))
		return bl_fail(err, -EINVAL, "%s: '%s' is a disk; name a file", option, path);
	if (slash)
		*slash = '\0';
	if (access(in, W_OK) < 0)
		return bl_fail(err, -errno, "%s: can't write in '%s': %s", option, in,
			       strerror(errno));
	return 0;
}

int out_file_page(const char *path, const struct bl_buf *page, struct bl_err *err)
{
	int r = bl_write_file(path, bl_buf_str(page), page->len, err);

	return r < 0 ? bl_wrap(err, r, "--report") : 0;
}

int out_file_page_said(struct cli *cli, const struct args *a, const struct bl_buf *page,
		       struct bl_err *err)
{
	int r = out_file_page(a->report, page, err);

	if (r == 0 && !a->quiet)
		cli_note(cli, "report: %s", a->report);
	return r;
}
