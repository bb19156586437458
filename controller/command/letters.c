#include "controller/letters/letters.h"

#include "controller/command/command.h"

#include <unistd.h>

int dg_cmd_letters(struct dg_app *app, const struct dg_args *args)
{
	(void)app;
	(void)args;
	return dg_letters_read(STDIN_FILENO, STDOUT_FILENO) == 0 ? DG_EXIT_OK : DG_EXIT_FAILED;
}
