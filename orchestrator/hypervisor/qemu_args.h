/* qemu_args.h - a running QEMU's command line, as JSON.
 *
 * What QMP tells nobody is there: which engine does a disk's I/O, what discard does, which device a
 * disk belongs to. Devices that were added later are not. Comes from a process, so is not trusted.
 */
#ifndef QEMU_ARGS_H
#define QEMU_ARGS_H

#include <jansson.h>

/* A list of {"option": "blockdev", "value": TEXT, "props": {...}}: one for each "-option" with a
 * value behind it. props are those of a JSON value, or of "a=b,c.d=e" as QEMU writes them (flat
 * keys, ",," for a comma; the first without a name is "driver"); absent: it is neither. @proc_dir:
 * "/proc/PID" or a test's folder. new; NULL: it can't be read. */
json_t *qemu_args_read(const char *proc_dir);

/* The text at @key, also below: "file.filename" is found as one flat key and as a key of an object.
 * Numbers and booleans are not text. Borrowed; NULL: absent. */
const char *qemu_args_text(const json_t *props, const char *key);

/* The props of the one "-@option" whose @key is @value; borrowed, NULL: none. */
const json_t *qemu_args_find(const json_t *args, const char *option, const char *key,
			     const char *value);
/* The value of the last "-@option"; borrowed, NULL: none. */
const char *qemu_args_value(const json_t *args, const char *option);

#endif
