#include "kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "units.h"

#define FIRST_BYTES ((size_t)8192)
#define MAX_BYTES   (64 * MiB) /* 1024 CPUs with 4096 interrupts have 46 MiB */

int kept_file_init(struct kept_file *f, const char *root, const char *fmt, ...)
{
	char *rest = NULL, *path = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&rest, fmt, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	n = asprintf(&path, "%s%s", root ? root : "", rest);
	free(rest);
	if (n < 0)
		return -ENOMEM;
	*f = (struct kept_file){.path = path};
	return 0;
}

static void shut(struct kept_file *f)
{
	if (f->fd)
		close(f->fd - 1);
	f->fd = 0;
}

void kept_file_done(struct kept_file *f)
{
	shut(f);
	free(f->path);
	*f = (struct kept_file){0};
}

static int have_room(struct kept_text *to)
{
	size_t cap = to->cap ? to->cap * 2 : FIRST_BYTES;
	char *more;

	if (to->len + 1 < to->cap)
		return 0;
	if (cap > MAX_BYTES)
		return -EFBIG;
	more = realloc(to->data, cap);
	if (!more)
		return -ENOMEM;
	to->data = more;
	to->cap = cap;
	return 0;
}

/* A table is told in pieces of whole lines, so a short read is not yet its end. */
static int read_all(int fd, struct kept_text *to)
{
	for (;;) {
		int r = have_room(to);
		ssize_t n;

		if (r < 0)
			return r;
		n = pread(fd, to->data + to->len, to->cap - to->len - 1, (off_t)to->len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		to->len += n > 0 ? (size_t)n : 0;
	}
}

int kept_file_read(struct kept_file *f, struct kept_text *to)
{
	int r = 0;

	to->len = 0;
	if (!f->path)
		return -ENOENT;
	if (!f->fd) {
		int fd = open(f->path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			r = -errno;
		f->fd = fd + 1;
	}
	if (r == 0)
		r = read_all(f->fd - 1, to);
	if (r < 0) {
		shut(f);
		to->len = 0;
	}
	if (to->data)
		to->data[to->len] = '\0';
	return r;
}

bool kept_next_u64(const char **at, uint64_t *ret)
{
	const char *s = *at;
	uint64_t v = 0;

	while (*s == ' ' || *s == '\t')
		s++;
	*at = s;
	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	*at = s;
	*ret = v;
	return true;
}
