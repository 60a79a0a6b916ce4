/* profile_verdict.h - what is said of one figure of a host against what that host gave before. */
#ifndef PROFILE_VERDICT_H
#define PROFILE_VERDICT_H

enum profile_verdict {
	PROFILE_OK,          /* within what this host gives */
	PROFILE_DRIFTED,     /* beyond it, and by more than the effect that matters */
	PROFILE_CANNOT_TELL, /* too few runs, too thin a percentile */
	PROFILE_VERDICTS
};
extern const char *const profile_verdict_names[PROFILE_VERDICTS]; /* "ok", "drifted", ... */

#endif
