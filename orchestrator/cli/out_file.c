#include "out_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

int out_file_check(const char *option, const char *path, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	const char *in = !dir ? "" : slash == dir ? "/" : slash ? dir : ".";

	if (!dir)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (slash)
		*slash = '\0';
	if (access(in, W_OK) < 0)
		return bl_fail(err, -errno, "%s: can't write in '%s': %s", option, in,
			       strerror(errno));
	return 0;
}
