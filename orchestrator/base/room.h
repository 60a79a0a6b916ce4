/* room.h - lists that grow by one element at a time. */
#ifndef BL_ROOM_H
#define BL_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* @items of @n elements in the room of *cap; NULL: out of memory, and all is as it was. */
static inline void *bl_room(void *items, size_t n, size_t *cap, size_t size)
{
	size_t more_cap = *cap ? *cap * 2 : 16;
	void *more;

	if (n < *cap)
		return items;
	more = reallocarray(items, more_cap, size);
	if (more)
		*cap = more_cap;
	return more;
}

/* true: the list @items, of which @n are used, has room for one more. All three are lvalues. */
#define BL_HAVE_ROOM(items, n, cap)                                                                \
	({                                                                                         \
		void *room_ = bl_room((items), (n), &(cap), sizeof *(items));                      \
		if (room_)                                                                         \
			(items) = room_;                                                           \
		room_ != NULL;                                                                     \
	})

#endif
