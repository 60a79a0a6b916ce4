/* console.h - what the guest's serial console said, made fit for people.
 *
 * The file is written by QEMU from bytes of the guest: it is bounded here, and escape
 * sequences and control characters are taken out.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

/* The last @n_lines lines, and more when a kernel panic began before them; at most 16 KiB, new
 * (free()). NULL: nothing was written. */
char *console_tail(const char *path, unsigned n_lines);

/* The last line that is not empty, into @out (cut at @len); false: there is none. */
bool console_last_line(const char *path, char *out, size_t len);

/* The line with which the kernel said that it panicked, without its time stamp. */
bool console_panic(const char *path, char *out, size_t len);

#endif
