/* controller/watch/sensor.h: something that sees null-sender mail and hands it to the hub.
 *
 * Shape    A const struct each; watch: sensors: in zone.yaml names them. open() starts it on the loop; it runs until close().
 * Restart  A sensor tells the hub its position (dg_hub_position) and goes on from dg_hub_last_position().
 * Errors   What goes wrong later (a file that is gone) is told to `tell`, once until it is better, and tried again; a sensor never
 *          ends the process and never blocks the loop.
 */
#pragma once

#include "controller/watch/hub.h"

struct dg_own;
struct dg_sensor;
struct dg_shed;

struct dg_sensor_host {
	struct dg_loop *loop;
	struct dg_hub *hub;
	struct dg_shed *shed; /* what is to be refused at RCPT; NULL: nothing */
	void (*tell)(void *arg, const char *sensor,
		const char *text); /* for people: a warning, or that it is over */
	void *arg;
	struct dg_own *own; /* what is ours, for judging whole messages; NULL: not known */
};

struct dg_sensor_ops {
	const char *name;    /* "log": the key in zone.yaml */
	const char *summary; /* one line */
	bool is_whole;       /* it reads whole messages, and judges them by what is ours */
	/* what: the text after the key ("/var/log/mail.log", "unix:/run/dnsguard/policy"). key: names it among the sensors ("log /var/log/mail.log"). */
	int (*open)(const struct dg_sensor_host *host, const char *key, const char *what,
		struct dg_sensor **ret_sensor, struct dg_err *err);
	struct dg_sensor *(*close)(struct dg_sensor *s);
};

extern const struct dg_sensor_ops dg_sensor_log, dg_sensor_journal, dg_sensor_maildir,
	dg_sensor_mbox, dg_sensor_imap, dg_sensor_reports;
const struct dg_sensor_ops *dg_sensor_find(const char *name); /* NULL: no such */
const struct dg_sensor_ops *dg_sensor_at(size_t i);
