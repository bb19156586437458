#include "controller/command/command.h"
#include "controller/command/incident.h"
int dg_incident_word_run(struct dg_app *app, const struct dg_args *args)
{
	(void)app;
	(void)args;
	return DG_EXIT_FAILED;
}
