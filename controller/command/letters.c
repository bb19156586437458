#include "controller/letters/letters.h"

#include "controller/command/command.h"
#include "controller/watch/reports_child.h"

#include <string.h>
#include <unistd.h>

int dg_cmd_letters(struct dg_app *app, const struct dg_args *args)
{
	(void)app;
	bool is_reports = args->n_rest > 0 && strcmp(args->rest[0], "reports") == 0;
	int r = is_reports ? dg_reports_child(STDIN_FILENO, STDOUT_FILENO)
			   : dg_letters_read(STDIN_FILENO, STDOUT_FILENO);

	/* Shut in: what else runs at an end (a sanitizer, counters of the coverage) may do nothing of what it would, and complains. */
	_exit(r == 0 ? DG_EXIT_OK : DG_EXIT_FAILED);
}
