/* least_init.c - PID 1 that says so and powers off: what a boot costs without the lab. */
#include <sys/reboot.h>
#include <unistd.h>

int main(void)
{
	static const char line[] = "least-init: here\n";

	if (write(STDOUT_FILENO, line, sizeof line - 1) < 0)
		return 1;
	reboot(RB_POWER_OFF);
	return 1;
}
