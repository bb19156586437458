/* sensor_driver KEY=WHAT... : sensors on a loop, without a hub: each event and each position as a line on stdout. Ends by SIGTERM.
 * SENSOR_POSITION="KEY TEXT" in the environment is the position that the hub knows; on SIGUSR1 the loop sleeps until SIGUSR2 comes. */
#include "controller/watch/line_server.h"
#include "controller/watch/policy.h"
#include "providers/net/loop.h"
#include "zones/base/err.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const kinds[] = {"taken", "unknown", "barred", "sent", "received"};

void dg_hub_event(struct dg_hub *h, const char *sensor, const struct dg_mail_event *e)
{
	(void)h;
	printf("event %s: %s %.*s %.*s\n", sensor, kinds[e->kind], (int)e->address.n, e->address.p,
		e->client.n > 0 ? (int)e->client.n : 1, e->client.n > 0 ? e->client.p : "-");
}

void dg_hub_position(struct dg_hub *h, const char *sensor, const char *position)
{
	(void)h;
	printf("position %s: %s\n", sensor, position);
}

const char *dg_hub_last_position(struct dg_hub *h, const char *sensor)
{
	const char *known = getenv("SENSOR_POSITION");
	size_t n = strlen(sensor);

	(void)h;
	return known && strncmp(known, sensor, n) == 0 && known[n] == '=' ? known + n + 1 : NULL;
}

static void tell(void *arg, const char *sensor, const char *text)
{
	(void)arg;
	printf("tell %s: %s\n", sensor, text);
}

static void on_term(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	dg_loop_stop(arg);
}

static void on_usr1(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	int number = 0;

	printf("busy\n");
	(void)sigwait(arg, &number);
}

int main(int argc, char **argv)
{
	const struct dg_sensor_ops *const known[] = {&dg_sensor_lines, &dg_sensor_policy};
	struct dg_sensor *sensors[2] = {NULL, NULL};
	struct dg_sensor_host host = {.tell = tell};
	struct dg_err err;

	sigset_t wake;
	(void)sigemptyset(&wake);
	(void)sigaddset(&wake, SIGUSR2);
	(void)sigprocmask(SIG_BLOCK, &wake, NULL); /* in the threads of sensors too */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (dg_loop_new(NULL, &host.loop, &err) != 0) {
		return 1;
	}
	struct event *term = evsignal_new(dg_loop_base(host.loop), SIGTERM, on_term, host.loop);
	struct event *usr1 = evsignal_new(dg_loop_base(host.loop), SIGUSR1, on_usr1, &wake);
	(void)event_add(term, NULL);
	(void)event_add(usr1, NULL);
	for (int i = 1; i < argc; i++) {
		const char *what = strchr(argv[i], '=');
		for (size_t k = 0; what && k < 2; k++) {
			if (strncmp(argv[i], known[k]->name, (size_t)(what - argv[i])) == 0 &&
				known[k]->open(
					&host, known[k]->name, what + 1, &sensors[k], &err) != 0) {
				fprintf(stderr, "%s\n", err.text);
				return 1;
			}
		}
	}
	printf("ready\n");
	dg_loop_run(host.loop);
	for (size_t k = 0; k < 2; k++) {
		(void)known[k]->close(sensors[k]);
	}
	event_free(term);
	event_free(usr1);
	(void)dg_loop_free(host.loop);
	printf("done\n");
	return 0;
}
