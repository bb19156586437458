#include "controller/command/app.h"
#include "controller/command/command.h"

int dg_cmd_dmarc(struct dg_app *app, const struct dg_args *args)
{
	(void)args;
	dg_app_say(app, "not there yet\n");
	return DG_EXIT_FAILED;
}
