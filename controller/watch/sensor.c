#include "controller/watch/sensor.h"

#include "controller/watch/line_server.h"
#include "controller/watch/policy.h"

#include <string.h>

static const struct dg_sensor_ops *const all[] = {
	&dg_sensor_log,
	&dg_sensor_journal,
	&dg_sensor_maildir,
	&dg_sensor_mbox,
	&dg_sensor_imap,
	&dg_sensor_reports,
	&dg_sensor_policy,
	&dg_sensor_lines,
};

const struct dg_sensor_ops *dg_sensor_at(size_t i)
{
	return i < sizeof(all) / sizeof(all[0]) ? all[i] : NULL;
}

const struct dg_sensor_ops *dg_sensor_find(const char *name)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(all[i]->name, name) == 0) {
			return all[i];
		}
	}
	return NULL;
}
