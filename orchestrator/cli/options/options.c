#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "nearest.h"
#include "units.h"

const char *const exit_code_says[EXIT_CODES] = {
	[EXIT_FINE] = "fine",
	[EXIT_TRIAL_FAILED] =
		("a trial has no result: it failed (also for want of space for its disk), ran "
		 "other than asked, is impossible here, or was interrupted"),
	[EXIT_BAD_INPUT] = "bad input: an option, a scenario, a name that does not exist",
	[EXIT_HOST_CANNOT] = "the host can't: no way to run VMs, no kernel for them, no "
			     "permission, no space for the "
			     "store or the guest image",
	[EXIT_CHANGED] = "it changed (verbs that compare with a baseline, with nights before or "
			 "with other hosts): drifted, or one host is unlike the others; of compare "
			 "--gate: worse",
	[EXIT_CANNOT_TELL] = "it can't be told yet whether it changed (the same verbs): nothing is "
			     "worse that is sure, and not all that matters is known",
};

static const struct option_row common_rows[] = {
	{.name = "help", .letter = 'h', .at = AT(help), .help = "show this help and end"},
};

const struct option_row *verb_option(const struct verb *v, size_t i)
{
	if (i < v->n_options)
		return &v->options[i];
	i -= v->n_options;
	return i < BL_ARRAY_LEN(common_rows) ? &common_rows[i] : NULL;
}

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < n_verbs; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

const char *operand_dots(const struct operand_row *o)
{
	return o->kind == OPTION_WORDS ? "..." : "";
}

const struct verb *verb_page(size_t i)
{
	for (size_t k = 0; k < n_verbs; k++) {
		if (i == 0)
			return verbs[k];
		if (--i < verbs[k]->n_actions)
			return verbs[k]->actions[i];
		i -= verbs[k]->n_actions;
	}
	return NULL;
}

const char *verb_last_word(const struct verb *v)
{
	const char *space = strrchr(v->name, ' ');

	return space ? space + 1 : v->name;
}

int verb_take_action(const struct verb **v, int *argc, char ***argv, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf all = BL_BUF_INIT;
	const char *word = *argc ? (*argv)[0] : NULL, *names[16], *near;
	size_t n = 0;

	for (; n < (*v)->n_actions && n < BL_ARRAY_LEN(names); n++) {
		names[n] = verb_last_word((*v)->actions[n]);
		bl_buf_addf(&all, "%s%s", n ? ", " : "", names[n]);
		if (!word || strcmp(word, names[n]) != 0)
			continue;
		*v = (*v)->actions[n];
		--*argc;
		++*argv;
		return 0;
	}
	if (!n || (word && word[0] == '-'))
		return 0;
	if (!word)
		return bl_fail(err, -EINVAL, "ACTION is missing; one of %s", bl_buf_str(&all));
	near = nearest(word, names, n);
	if (near)
		return bl_fail(err, -EINVAL, "'%s' is not an action; the nearest is %s", word,
			       near);
	return bl_fail(err, -EINVAL, "'%s' is not an action; one of %s", word, bl_buf_str(&all));
}

void verb_usage(const struct verb *v, struct bl_buf *out)
{
	if (v->n_actions) {
		bl_buf_adds(out, "ACTION [OPTION]... [OPERAND]...");
		return;
	}
	bl_buf_adds(out, "[OPTION]...");
	for (size_t i = 0; i < v->n_operands; i++)
		bl_buf_addf(out, v->operands[i].is_needed ? " %s%s" : " [%s]%s",
			    v->operands[i].name, operand_dots(&v->operands[i]));
}

const char *nearest(const char *given, const char *const *names, size_t n)
{
	/* A beginning of a word means it, however much is left out. */
	for (size_t i = 0; given[0] && i < n; i++)
		if (strncmp(given, names[i], strlen(given)) == 0)
			return names[i];
	return nearest_word(given, names, sizeof *names, n);
}

static int option_unknown(const struct verb *v, const char *word, struct bl_err *err)
{
	const char *names[64];
	BL_CLEANUP(bl_freep) char *name = strdup(word + strspn(word, "-"));
	const struct option_row *row;
	const char *near;
	size_t n = 0;

	if (!name)
		return bl_fail(err, -ENOMEM, "out of memory");
	name[strcspn(name, "=")] = '\0';
	while (n < BL_ARRAY_LEN(names) && (row = verb_option(v, n)))
		names[n++] = row->name;
	near = nearest(name, names, n);
	if (near)
		return bl_fail(err, -EINVAL, "%.*s: no such option; the nearest is --%s",
			       (int)strcspn(word, "="), word, near);
	return bl_fail(err, -EINVAL, "%.*s: no such option; 'blklab %s --help' lists them",
		       (int)strcspn(word, "="), word, v->name);
}

int verb_unknown(const char *name, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf all = BL_BUF_INIT;
	const char *names[32], *near;
	size_t n = 0;

	for (; n < n_verbs && n < BL_ARRAY_LEN(names); n++) {
		names[n] = verbs[n]->name;
		bl_buf_addf(&all, "%s%s", n ? ", " : "", names[n]);
	}
	near = nearest(name, names, n);
	if (near)
		return bl_fail(err, -EINVAL, "'%s' is not a verb; the nearest is %s", name, near);
	return bl_fail(err, -EINVAL, "'%s' is not a verb; one of %s", name, bl_buf_str(&all));
}

static int set_enum(const char *const *values, const char *value, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf all = BL_BUF_INIT;

	for (size_t i = 0; values[i]; i++) {
		if (strcmp(values[i], value) == 0)
			return 0;
		bl_buf_addf(&all, "%s%s", i ? ", " : "", values[i]);
	}
	return bl_fail(err, -EINVAL, "'%s' is not accepted; one of %s", value, bl_buf_str(&all));
}

static int add_word(struct words *w, const char *value, const char *arg, struct bl_err *err)
{
	if (!value[0])
		return bl_fail(err, -EINVAL, "'' is no %s", arg);
	if (w->n == OPTION_WORDS_MAX)
		return bl_fail(err, -E2BIG, "may be given %d times", OPTION_WORDS_MAX);
	w->items[w->n++] = value;
	return 0;
}

/* A number, or the word that stands for UINT64_MAX. */
static int set_count(const struct option_row *row, const char *value, uint64_t *ret,
		     struct bl_err *err)
{
	struct bl_err why = BL_ERR_INIT;
	int r;

	if (row->word && strcmp(value, row->word) == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	r = bl_parse_u64(value, row->min, row->max, ret, &why);
	if (r < 0)
		return bl_fail(err, r, "%s%s%s%s", bl_err_text(&why), row->word ? "; or '" : "",
			       row->word ? row->word : "", row->word ? "'" : "");
	return 0;
}

static int set_value(struct args *a, const struct option_row *row, const char *value,
		     struct bl_err *err)
{
	void *at = (char *)a + row->at;
	int r = 0;

	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)at = true;
		return 0;
	case OPTION_COUNT:
		return set_count(row, value, at, err);
	case OPTION_WORDS:
		return add_word(at, value, row->arg, err);
	case OPTION_ENUM:
		r = set_enum(row->values, value, err);
		break;
	default:
		if (!value[0])
			r = bl_fail(err, -EINVAL, "'' is no %s", row->arg);
	}
	if (r == 0)
		*(const char **)at = value;
	return r;
}

/* The row that @word ("--name", "--name=value", "-x") names; *ret_value is what stands behind '='.
 */
static const struct option_row *find_row(const struct verb *v, const char *word,
					 const char **ret_value)
{
	const struct option_row *row;
	size_t len = strcspn(word, "=");

	*ret_value = word[len] ? word + len + 1 : NULL;
	for (size_t i = 0; (row = verb_option(v, i)); i++) {
		if (word[1] == '-' && strlen(row->name) == len - 2 &&
		    strncmp(row->name, word + 2, len - 2) == 0)
			return row;
		if (len == 2 && row->letter && word[1] == row->letter)
			return row;
	}
	return NULL;
}

/* argv[*i] is an option; *i moves over its value. */
static int parse_option(const struct verb *v, int argc, char **argv, int *i, struct args *a,
			struct bl_err *err)
{
	const char *value;
	const struct option_row *row = find_row(v, argv[*i], &value);
	int r;

	if (!row)
		return option_unknown(v, argv[*i], err);
	if (row->kind == OPTION_FLAG && value)
		return bl_fail(err, -EINVAL, "--%s: takes no value, but '%s' is given", row->name,
			       value);
	if (row->kind != OPTION_FLAG && !value) {
		if (*i + 1 >= argc)
			return bl_fail(err, -EINVAL, "--%s: needs a value, %s", row->name,
				       row->arg);
		value = argv[++*i];
	}
	r = set_value(a, row, value, err);
	return r < 0 ? bl_wrap(err, r, "--%s", row->name) : 0;
}

static int set_operand(const struct verb *v, size_t i, const char *word, struct args *a,
		       struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf usage = BL_BUF_INIT;
	void *at;
	int r = 0;

	verb_usage(v, &usage);
	if (v->n_operands && i >= v->n_operands && *operand_dots(&v->operands[v->n_operands - 1]))
		i = v->n_operands - 1;
	if (i >= v->n_operands)
		return bl_fail(err, -EINVAL, "'%s': one word too many; blklab %s %s", word, v->name,
			       bl_buf_str(&usage));
	at = (char *)a + v->operands[i].at;
	if (v->operands[i].kind == OPTION_ENUM)
		r = set_enum(v->operands[i].values, word, err);
	if (v->operands[i].kind == OPTION_WORDS)
		r = add_word(at, word, v->operands[i].name, err);
	else
		*(const char **)at = word;
	return r < 0 ? bl_wrap(err, r, "%s", v->operands[i].name) : 0;
}

static int set_defaults(const struct verb *v, struct args *a, struct bl_err *err)
{
	const struct option_row *row;
	int r;

	for (size_t i = 0; (row = verb_option(v, i)); i++) {
		r = row->def ? set_value(a, row, row->def, err) : 0;
		if (r < 0)
			return bl_wrap(err, r, "default of --%s", row->name);
	}
	return 0;
}

int options_parse(const struct verb *v, int argc, char **argv, struct args *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf usage = BL_BUF_INIT;
	struct args a = {0};
	bool only_operands = false;
	size_t n = 0;
	int r = set_defaults(v, &a, err);

	for (int i = 0; r == 0 && i < argc; i++) {
		if (!only_operands && strcmp(argv[i], "--") == 0)
			only_operands = true;
		else if (!only_operands && argv[i][0] == '-' && argv[i][1])
			r = parse_option(v, argc, argv, &i, &a, err);
		else
			r = set_operand(v, n++, argv[i], &a, err);
	}
	if (r < 0)
		return r;
	verb_usage(v, &usage);
	if (!a.help && n < v->n_operands && v->operands[n].is_needed)
		return bl_fail(err, -EINVAL, "%s is missing; blklab %s %s", v->operands[n].name,
			       v->name, bl_buf_str(&usage));
	*ret = a;
	return 0;
}
