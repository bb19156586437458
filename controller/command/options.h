/* controller/command/options.h: the table of options, and the command line by it.
 *
 * Shape    "--name VALUE", "--name=VALUE", "-x VALUE"; options may stand before and after the command; "--" ends them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_args;
struct dg_buf;
struct dg_command;
struct dg_err;

struct dg_option {
	const char *name;
	char letter;     /* 0: none */
	const char *arg; /* NULL: a flag */
	size_t offset;   /* into struct dg_args */
	bool is_number;
	bool is_global; /* every command takes it */
	/* Commands, separated by blanks, for which this row speaks, of several rows of one name (and one field); NULL: it is the
	 * only row. */
	const char *only;
	const char *help;
};

const struct dg_option *dg_option_at(size_t i); /* NULL: no more */
bool dg_option_is_of(const struct dg_option *o, const struct dg_command *c);

/* Fills *args; *ret_command is the word that names the command, NULL when there is none. words: room for argc
 * pointers; what is neither option nor command ends up there. DG_EINPUT with the nearest known option. */
int dg_options_parse(int argc, char **argv, const char **words, struct dg_args *args,
	const struct dg_command **ret_command, struct dg_err *err);
