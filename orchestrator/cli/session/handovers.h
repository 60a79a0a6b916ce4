/* handovers.h - between the runner, which takes devices and gives them back, and the store, which
 * remembers. */
#ifndef HANDOVERS_H
#define HANDOVERS_H

#include "record.h"
#include "store.h"

/* Those of this host in @store that are not back. *ret is new; end it with
 * open_handovers_done(). A host whose id can not be read is "unknown". */
int open_handovers_read(struct store *store, const char *work_dir, struct handover_record **ret,
			size_t *ret_n, struct bl_err *err);
void open_handovers_done(struct handover_record *list, size_t n);

/* Is @h still one of those? 1, 0, or negative. */
int handover_is_open(struct store *store, const struct handover_record *h, struct bl_err *err);

/* A row when @h is about to be taken, and how it came back when it was given back. */
int handover_to_store(struct store *store, const struct handover_record *h, struct bl_err *err);

#endif
