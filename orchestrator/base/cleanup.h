/* cleanup.h - ownership by scope (gnu17 cleanup attribute). */
#ifndef BL_CLEANUP_H
#define BL_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* BL_CLEANUP(f) T v: f(&v) runs when v leaves its scope. */
#define BL_CLEANUP(f) __attribute__((cleanup(f)))

/* The value of @p, which becomes NULL: hand ownership on. */
#define BL_STEAL(p)                                                                                \
	({                                                                                         \
		__typeof__(p) stolen_ = (p);                                                       \
		(p) = NULL;                                                                        \
		stolen_;                                                                           \
	})

#define BL_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline void bl_freep(void *p)
{
	void **pp = p;

	free(*pp);
	*pp = NULL;
}

static inline void bl_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void bl_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
	*f = NULL;
}

#endif
