/* shape_priv.h - what the files of shape.h share; nobody else includes it. */
#ifndef ENGINE_SHAPE_PRIV_H
#define ENGINE_SHAPE_PRIV_H

#include "buffers.h"
#include "pacing.h"
#include "readback.h"
#include "region.h"
#include "shape.h"
#include "split.h"

struct shape {
	struct region *regions; /* one a file */
	bool *is_over;          /* one a file: its pass is */
	unsigned n_over, file;
	uint32_t file_left; /* requests to this file before the next one's turn */
	struct split split[JOB_DDIRS];
	struct pacing pacing;
	struct readback *readback; /* NULL: no verify= */
	struct buffer_plan buffers;
	struct buffer_rng buffer_rng;
	enum buffer_work buffer_work;
	uint64_t bytes_left, ios_left; /* counted requests still to build */
	uint32_t passes_left;          /* over the files, this one too; 0: no limit but the above */
	uint32_t loops_left;           /* the same of writing and checking */
	uint64_t rng;
	uint64_t n_built;
	uint32_t since_sync[2]; /* writes since the last fsync, fdatasync */
	uint8_t sync_owed;      /* bit 0 fsync, bit 1 fdatasync */
	bool has_trim_pending;  /* trimwrite: the trimmed block is written next */
	uint64_t trim_offset;
	uint32_t trim_len, trim_file;
	bool has_held; /* serialize_overlap: it waits for one in flight */
	struct slot held;
	enum { PHASE_IO, PHASE_BACKLOG, PHASE_CHECK, PHASE_OVER } phase;
};

/* Of one pass, from the job and its files. */
void shape_set_amounts(struct worker *w, struct shape *sh);

/* fio drops the page cache again whenever a buffered sequential job starts over. */
bool shape_drops_cache_again(const struct job *j);

/* The passes of all files are over: they begin again, when there is a reason to. */
bool shape_start_over(struct worker *w, struct shape *sh);

/* Direction, file, offset and length of the next request alone. */
enum shape_answer shape_place(struct worker *w, struct shape *sh, struct slot *s, uint64_t now,
			      uint64_t *ret_due);

/* Fill in the next request, or the sync that is owed. */
enum shape_answer shape_make_io(struct worker *w, struct shape *sh, struct slot *s, uint64_t now,
				uint64_t *ret_due);
enum shape_answer shape_make_sync(struct shape *sh, struct slot *s);

#endif
