/* judge.h - all rules of one job, what hides what, and what is left over the trials. Private to
 * results/diagnosis/. */
#ifndef DIAGNOSIS_JUDGE_H
#define DIAGNOSIS_JUDGE_H

#include "look.h"

/* One file each, in the order in which they look: later ones know what earlier ones found. */
void rules_of_measurement(struct look *l);
void rules_of_storage(struct look *l);
void rules_of_memory(struct look *l);
void rules_of_cpus(struct look *l);
void rules_of_path(struct look *l);
void rules_of_image(struct look *l);
void rules_of_guest(struct look *l);
void rules_of_symptoms(struct look *l);

/* Marks the weaker shadows of stronger causes, and makes "possible" what rests on figures that are
 * unsound. */
void hide_shadows(struct look *l);
void lower_unsound(struct look *l);

/* Of the signals: which kinds were there, which not. */
void say_looked_at(const struct look *l, struct bl_buf *there, struct bl_buf *absent);

#endif
