/* finding_command.h - the command that tries what a finding's remedy proposes.
 *
 * The same scenario again: the finding's cell as it was, and once more with the finding's change,
 * so that the two can be compared.
 */
#ifndef FINDING_COMMAND_H
#define FINDING_COMMAND_H

#include "buf.h"
#include "diagnosis.h"

#define COMMAND_REPEATS 6 /* the least for a verdict with an interval */

/* Appends "blklab run quick --cell 'virtio-blk none' --with iothreads=1 --repeats 6", its words
 * quoted for a POSIX shell; a cell that was itself made by --with is made again. @store: where the
 * run was read from, as given; NULL: the default. false, and nothing is appended: no change is
 * proposed, or the finding has no cell. */
bool finding_command(const struct run_data *d, const struct finding *f, const char *store,
		     struct bl_buf *out);

/* @word so that a POSIX shell reads it as one word: as it is when it has only letters, digits and
 * "_./:=,+-@%", else in single quotes. */
void shell_word(struct bl_buf *out, const char *word);

#endif
