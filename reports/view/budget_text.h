/* budget_text.h - the latency budget of a job in words, the same in every document. */
#ifndef REPORT_BUDGET_TEXT_H
#define REPORT_BUDGET_TEXT_H

#include "fmt.h"
#include "job_analysis.h"

extern const char *const budget_dir_nouns[IO_DIRS];   /* "read", ..., "flush" */
extern const char *const budget_dir_plurals[IO_DIRS]; /* "reads", ..., "flushes" */

/* "53 % of a read's 171 us are the virtqueue" */
void budget_title(const struct budget_dir *b, int dir, bool is_host, const struct fmt_style *st,
		  struct bl_buf *out);
/* "CPU 39.9 us per I/O: vCPU 22.0 us, main loop 17.0 us"; nothing when it is not known. */
void budget_cpu(const struct job_analysis *a, const struct fmt_style *st, struct bl_buf *out);
/* "12300 / 12300 / 12300 / 3690" as engine, guest, QEMU and host counted them; "-": not known. */
void budget_counts(const struct budget_dir *b, const struct fmt_style *st, struct bl_buf *out);
/* Some place below the engine is known: else there is nothing to tell but the total, which stands
 * elsewhere. @layers[LAYER_ATS]. */
bool budget_is_told(const struct layer_seen *layers);
/* The name of a part; on the host there is no guest. NULL: the part is none there. */
const char *budget_part_label(const struct budget_dir *b, int part, bool is_host);
/* It has no time of its own, and another has what it took. false, too: none of the time is there.
 */
bool budget_is_joined(const struct budget_dir *b, int part, bool is_host);
/* A part's own time; below the clock's own grain it is none. Returns @out. */
char *budget_own(const struct fmt_style *st, char out[FMT_MAX], const struct budget_line *l);
/* The part that takes most; BUDGET_PARTS: none is known. */
enum budget_part budget_largest(const struct budget_dir *b);

#endif
