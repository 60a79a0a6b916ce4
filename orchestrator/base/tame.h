/* tame.h - text of others (a disk, a guest, a log) on its way to terminals, reports and the store.
 */
#ifndef BL_TAME_H
#define BL_TAME_H

#include <stddef.h>
#include <stdint.h> /* SIZE_MAX: all of it */

/* At most @n bytes of @s, up to its NUL, into @out: '?' for each that is not printable ASCII, cut
 * at @len (above 0), always NUL-terminated. @out may be @s, with any @len; @s NULL: "". Returns
 * strlen(out). */
size_t bl_tame(char *out, size_t len, const char *s, size_t n);

/* Takes off the blanks at the end. Returns strlen(s). */
size_t bl_trim(char *s);

#endif
