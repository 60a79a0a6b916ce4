#include "value_file.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"

const char *value_file_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

int value_file_read(const char *path, const struct value_form *form, struct value_lines *ret,
		    struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	int r;

	if (!path)
		return bl_fail(err, -EINVAL,
			       "no values to look at; name a file of them by --csv FILE ('-': "
			       "standard input)");
	r = bl_read_file(strcmp(path, "-") == 0 ? "/dev/stdin" : path, VALUE_FILE_MAX, &text, err);
	if (r < 0)
		return r;
	r = value_lines_parse(bl_buf_str(&text), text.len, form, ret, err);
	return r < 0 ? bl_wrap(err, r, "%s", value_file_name(path)) : 0;
}
