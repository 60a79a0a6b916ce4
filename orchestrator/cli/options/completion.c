/* completion.c - a bash completion script from the table. */
#include <string.h>

#include "cleanup.h"
#include "help.h"

static void verb_names(struct bl_buf *out)
{
	for (size_t i = 0; i < n_verbs; i++)
		bl_buf_addf(out, "%s%s", i ? " " : "", verbs[i]->name);
}

/* The shell words that fill COMPREPLY for a value of this kind. */
static void value_action(struct bl_buf *out, enum option_kind kind, const char *const *values,
			 const char *suffixes)
{
	switch (kind) {
	case OPTION_FILE:
		bl_buf_addf(out, "_blklab_files '%s'", suffixes ? suffixes : "");
		return;
	case OPTION_FOLDER:
		bl_buf_adds(out, "_blklab_folders");
		return;
	case OPTION_ENUM:
		bl_buf_adds(out, "_blklab_words '");
		for (size_t i = 0; values[i]; i++)
			bl_buf_addf(out, "%s%s", i ? " " : "", values[i]);
		bl_buf_addc(out, '\'');
		return;
	case OPTION_VERB:
		bl_buf_adds(out, "_blklab_words '");
		verb_names(out);
		bl_buf_addc(out, '\'');
		return;
	default:
		bl_buf_adds(out, ":"); /* nothing to offer */
	}
}

/* The name of a verb in a pattern of the shell: "baseline\ record". */
static void pattern(struct bl_buf *out, const struct verb *v)
{
	for (const char *s = v->name; *s; s++)
		bl_buf_addf(out, *s == ' ' ? "\\%c" : "%c", *s);
}

/* case arms "VERB:--option)" for every option that takes a value. */
static void value_arms(struct bl_buf *out, const struct verb *v)
{
	const struct option_row *row;

	for (size_t i = 0; (row = verb_option(v, i)); i++) {
		if (row->kind == OPTION_FLAG)
			continue;
		bl_buf_addc(out, '\t');
		pattern(out, v);
		bl_buf_addf(out, ":--%s", row->name);
		if (row->letter) {
			bl_buf_addc(out, '|');
			pattern(out, v);
			bl_buf_addf(out, ":-%c", row->letter);
		}
		bl_buf_adds(out, ") ");
		value_action(out, row->kind, row->values, NULL);
		bl_buf_adds(out, "; return ;;\n");
	}
}

static void option_arms(struct bl_buf *out, const struct verb *v)
{
	const struct option_row *row;

	bl_buf_addc(out, '\t');
	pattern(out, v);
	bl_buf_adds(out, ") _blklab_words '");
	for (size_t i = 0; (row = verb_option(v, i)); i++)
		bl_buf_addf(out, "%s--%s", i ? " " : "", row->name);
	bl_buf_adds(out, "' ;;\n");
}

static void operand_arms(struct bl_buf *out, const struct verb *v)
{
	for (size_t i = 0; i < v->n_operands; i++) {
		const struct operand_row *o = &v->operands[i];
		bool is_list = o->kind == OPTION_WORDS;

		bl_buf_addc(out, '\t');
		pattern(out, v);
		if (is_list)
			bl_buf_adds(out, ":*) "); /* the last: earlier ones match before */
		else
			bl_buf_addf(out, ":%zu) ", i);
		value_action(out, is_list && o->suffixes ? OPTION_FILE : o->kind, o->values,
			     o->suffixes);
		bl_buf_adds(out, " ;;\n");
	}
}

static const char helpers[] =
	"# bash completion for blklab; made by 'blklab completion bash'.\n"
	"_blklab_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
	"_blklab_folders() {\n"
	"\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"}\n"
	"# Files whose name ends in one of the given suffixes (none: any), and folders.\n"
	"_blklab_files() {\n"
	"\tlocal f s\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS= read -r f; do\n"
	"\t\tif [ -z \"$1\" ] || [ -d \"$f\" ]; then COMPREPLY+=(\"$f\"); continue; fi\n"
	"\t\tfor s in $1; do [[ $f == *.$s ]] && COMPREPLY+=(\"$f\"); done\n"
	"\tdone < <(compgen -f -- \"$cur\")\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"}\n";

/* Finds the verb, the option that the word is a value of ('--a=b' comes as three words, because
 * '=' breaks words in bash), and how many operands stand before the cursor. */
static const char find_place[] =
	"_blklab() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal verb=${COMP_WORDS[1]} i word n=0 first=2\n"
	"\tCOMPREPLY=()\n"
	"\t[ \"$cur\" = = ] && cur=\n"
	"\t[ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}\n";

/* Of a verb with actions the second word is one, and both are the verb from then on. */
static void actions(struct bl_buf *out)
{
	bl_buf_adds(out, "\tcase $verb in\n");
	for (size_t i = 0; i < n_verbs; i++) {
		const struct verb *v = verbs[i];

		if (!v->n_actions)
			continue;
		bl_buf_addf(out, "\t%s)\n\t\tif [ \"$COMP_CWORD\" -le 2 ]; then _blklab_words '",
			    v->name);
		for (size_t k = 0; k < v->n_actions; k++)
			bl_buf_addf(out, "%s ", verb_last_word(v->actions[k]));
		bl_buf_adds(out, "--help'; return; fi\n"
				 "\t\tverb=\"$verb ${COMP_WORDS[2]}\" first=3\n\t\t;;\n");
	}
	bl_buf_adds(out, "\tesac\n");
}

void completion_bash(struct bl_buf *out)
{
	const struct option_row *row;
	const struct verb *v;
	const char *sep = "";

	bl_buf_adds(out, helpers);
	bl_buf_adds(out, find_place);
	bl_buf_adds(out, "\tif [ \"$COMP_CWORD\" -le 1 ]; then\n\t\t_blklab_words '");
	verb_names(out);
	bl_buf_adds(out, " --help --version'\n\t\treturn\n\tfi\n");
	actions(out);
	bl_buf_adds(out, "\tcase $verb:$prev in\n");
	for (size_t i = 0; verb_page(i); i++)
		value_arms(out, verb_page(i));
	bl_buf_adds(out, "\tesac\n\tif [[ $cur == -* ]]; then\n\tcase $verb in\n");
	for (size_t i = 0; verb_page(i); i++)
		option_arms(out, verb_page(i));
	bl_buf_adds(out, "\tesac\n\treturn\n\tfi\n"
			 "\tfor ((i = first; i < COMP_CWORD; i++)); do\n"
			 "\t\tword=${COMP_WORDS[i]}\n"
			 "\t\tcase $verb:$word in\n\t\t");
	for (size_t i = 0; (v = verb_page(i)); i++) {
		for (size_t k = 0; (row = verb_option(v, k)); k++) {
			if (row->kind == OPTION_FLAG)
				continue;
			bl_buf_adds(out, sep);
			sep = "|";
			pattern(out, v);
			bl_buf_addf(out, ":--%s", row->name);
			if (!row->letter)
				continue;
			bl_buf_addc(out, '|');
			pattern(out, v);
			bl_buf_addf(out, ":-%c", row->letter);
		}
	}
	bl_buf_adds(out, ") i=$((i + 1)); [ \"${COMP_WORDS[i]}\" = = ] && i=$((i + 1)) ;;\n"
			 "\t\t*:-*) ;;\n\t\t*) n=$((n + 1)) ;;\n\t\tesac\n\tdone\n"
			 "\tcase $verb:$n in\n");
	for (size_t i = 0; verb_page(i); i++)
		operand_arms(out, verb_page(i));
	bl_buf_adds(out, "\tesac\n}\ncomplete -F _blklab blklab\n");
}
