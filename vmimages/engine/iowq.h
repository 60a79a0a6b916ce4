/* iowq.h - the kernel threads that work for this process's rings. */
#ifndef ENGINE_IOWQ_H
#define ENGINE_IOWQ_H

#include <stdint.h>

/* CPU time so far of the io_uring worker and poll threads that live now and serve the calling
 * thread, ns; 0: there are none. Those that ended (after 5 s without work) are not in it. */
uint64_t iowq_cpu_ns(void);

#endif
