/* tell_night FILE NIGHT: what `blklab nightly` does at its end, for a made night (nights.h). Notes
 * go to standard error; prints how many targets were not told, and how many ms it took. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "nights.h"
#include "notify_send.h"
#include "units.h"

static void note(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text);
}

int main(int argc, char **argv)
{
	struct notify_how how = {.note = note};
	struct notify_config c = {0};
	struct bl_err err = BL_ERR_INIT;
	struct night n;
	uint64_t start;
	size_t failed;
	int which = 0;

	while (argc == 3 && which < MADE_NIGHTS && strcmp(made_night_names[which], argv[2]) != 0)
		which++;
	if (argc != 3 || which == MADE_NIGHTS)
		return EXIT_FAILURE;
	if (notify_config_read(argv[1], &c, &err) < 0) {
		fprintf(stderr, "%s\n", bl_err_text(&err));
		return EXIT_FAILURE;
	}
	made_night(which, &n);
	start = bl_now_ns();
	failed = notify_all(&c, &n, &how);
	printf("%zu %llu\n", failed, (unsigned long long)((bl_now_ns() - start) / NS_PER_MS));
	night_done(&n);
	notify_config_done(&c);
	return EXIT_SUCCESS;
}
