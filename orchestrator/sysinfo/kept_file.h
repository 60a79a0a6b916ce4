/* kept_file.h - a file of /proc or /sys that is read again and again.
 *
 * It stays open and is read from its beginning each time: one open less a reading, which is most of
 * what a reading costs. A file that went away (a disk was unplugged) is looked for anew the next
 * time.
 */
#ifndef KEPT_FILE_H
#define KEPT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* {0} is none. */
struct kept_file {
	char *path; /* owned */
	int fd;     /* + 1; 0: not open */
};

/* Nothing is opened yet. -ENOMEM. */
int kept_file_init(struct kept_file *f, const char *root, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void kept_file_done(struct kept_file *f);

/* Where a reading goes; one can serve many files. {0}; free(data) at the end. */
struct kept_text {
	char *data; /* with a NUL behind the last byte */
	size_t len, cap;
};
/* The whole file, at most 64 MiB (-EFBIG). Negative errno: @to is empty. */
int kept_file_read(struct kept_file *f, struct kept_text *to);

/* The next whole number after blanks at *@at, which moves behind it. false: none is there, *@at is
 * behind the blanks. */
bool kept_next_u64(const char **at, uint64_t *ret);

#endif
