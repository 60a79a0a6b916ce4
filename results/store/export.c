/* One run as a file of its own: a store with just that run. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "merge.h"

static int write_run(struct store *from, const char *run, const char *path, struct bl_err *err)
{
	struct store_merge_report report = {0};
	BL_CLEANUP(store_closep) struct store *to = NULL;
	struct merge m = {.from = from, .report = &report};
	int r = store_open(path, STORE_WRITE, &to, err);

	if (r < 0)
		return r;
	m.to = to;
	r = merge_run(&m, run, err);
	store_merge_report_done(&report);
	if (r < 0)
		return r;
	/* no log beside it: the file is all there is to send */
	return db_exec(to, "PRAGMA journal_mode = DELETE", err);
}

/* What a failed export may have left. */
static void remove_part(const char *part)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};

	for (size_t i = 0; i < BL_ARRAY_LEN(ends); i++) {
		BL_CLEANUP(bl_freep) char *name = bl_strf("%s%s", part, ends[i]);

		if (name)
			unlink(name);
	}
}

static int refuse(const char *path, struct bl_err *err)
{
	return bl_fail(err, -EEXIST,
		       "'%s' exists and is not overwritten; name another file, or delete that one "
		       "first",
		       path);
}

/* As rename(2), but nothing that came to be meanwhile is lost. */
static int put_in_place(const char *part, const char *path, struct bl_err *err)
{
	if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST)
		return refuse(path, err);
	if ((errno == EINVAL || errno == ENOSYS) && !bl_exists(path) && rename(part, path) == 0)
		return 0; /* a file system that can't do it in one step */
	return bl_fail(err, -errno, "cannot rename '%s' to '%s': %s", part, path, strerror(errno));
}

int store_export_run(struct store *s, const char *run, const char *path, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *part = bl_strf("%s.part-%d", path, (int)getpid());
	char id[BL_UUID_TEXT];
	int r, ended;

	if (!part)
		return bl_fail(err, -ENOMEM, "no memory for a file name");
	if (bl_exists(path))
		return refuse(path, err);
	if ((r = db_exec(s, "BEGIN", err)) < 0)
		return r;
	r = store_resolve(s, run, id, err);
	if (r >= 0) {
		remove_part(part); /* of a killed program with our number */
		r = write_run(s, id, part, err);
		if (r >= 0)
			r = put_in_place(part, path, err);
		if (r < 0)
			remove_part(part);
	}
	ended = db_end(s, r < 0 ? r : 0, err);
	return r < 0 ? bl_wrap(err, r, "exporting to '%s'", path) : ended;
}
