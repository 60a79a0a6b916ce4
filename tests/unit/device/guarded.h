/* guarded.h - the disk of a faked host as device.h has it, and what the guard says of it. */
#ifndef GUARDED_H
#define GUARDED_H

#include "guard.h"

struct device faked_find(void); /* the disk of faked_one_disk(), as it is now */
struct claim faked_claim(void); /* it is the lab's from here on */

/* guard_check() of it returns @code and says @says. */
void refused_as(const char *serial, enum guard_use use, int code, const char *says);
void refused(enum guard_use use, int code, const char *says); /* by its own serial */
void passes(enum guard_use use);

#endif
