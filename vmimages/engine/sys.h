/* sys.h - system calls of the loop without the C library's wrappers: no cancellation point, no
 * errno. The result is the kernel's: a count, or a negative errno.
 */
#ifndef ENGINE_SYS_H
#define ENGINE_SYS_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline __attribute__((always_inline)) long sys_call6(long nr, long a, long b, long c, long d,
							    long e, long f)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long rc;

	__asm__ volatile("syscall"
			 : "=a"(rc)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return rc;
#else
	long rc = syscall(nr, a, b, c, d, e, f);

	return rc < 0 ? -errno : rc;
#endif
}

static inline __attribute__((always_inline)) long sys_call4(long nr, long a, long b, long c, long d)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	long rc;

	__asm__ volatile("syscall"
			 : "=a"(rc)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return rc;
#else
	long rc = syscall(nr, a, b, c, d);

	return rc < 0 ? -errno : rc;
#endif
}

#endif
