/* deferred.h - writes that nobody waits for: a page cache above takes them, and they come later.
 *
 * The place below still counts them, often as many and as many bytes (a flush has them written), so
 * that counts do not tell.
 */
#ifndef DEFERRED_H
#define DEFERRED_H

#include "layers.h"

/* Through the page cache of the kernel that it runs on, and not written at once. false: what it
 * says is not known, or nothing was measured. */
bool job_is_buffered(const struct job_result *j);
/* Why the writes that @at counts are not what those of @j wait for; NULL: they are, or it is not
 * known. */
const char *writes_deferred(const struct trial_record *t, const struct job_result *j,
			    const char *bus, enum layer_at at);

#endif
