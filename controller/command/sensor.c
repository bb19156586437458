#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/watch/line_client.h"
#include "controller/watch/line_log.h"
#include "controller/watch/line_socket.h"
#include "controller/watch/milter.h"
#include "controller/watch/shed.h"
#include "zones/base/err.h"
#include "zones/watch/opensmtpd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_MS 2000

struct sensing {
	const struct kind *kind;
	const struct dg_args *args;
	struct dg_line_client *client;
	struct dg_shed *shed; /* milter: what the controller wants refused */
};

struct kind {
	const char *name;
	int (*run)(struct sensing *s, struct dg_err *err);
};

static void tell(void *arg, const char *text)
{
	const struct sensing *s = arg;

	(void)fprintf(stderr, "dnsguard: sensor %s: %s\n", s->kind->name, text);
}

/* --- what it senses ---------------------------------------------------------------------------- */
static int run_milter(struct sensing *s, struct dg_err *err)
{
	struct dg_line_place place;

	if (!s->args->socket) {
		return dg_fail(err, DG_EINPUT,
			"sensor milter: expected --socket unix:/PATH, the one in smtpd_milters");
	}
	int r = dg_line_place_parse(s->args->socket, &place, err);
	return r == 0 ? dg_milter_run(&place, s->client, s->shed, err) : r;
}

static void on_event(void *arg, const struct dg_mail_event *e)
{
	(void)dg_line_client_push(arg, e);
}

/* Whole lines out of what is there; a line that is too long is passed over. Returns how much is left. */
static size_t take_lines(struct dg_opensmtpd *o, char *text, size_t n, bool *is_skipping)
{
	size_t at = 0;

	for (char *end; (end = memchr(text + at, '\n', n - at)) != NULL;) {
		size_t len = (size_t)(end - text) - at;

		if (!*is_skipping && dg_opensmtpd_line(o, text + at, len) == 1) {
			(void)fputs(dg_opensmtpd_register(), stdout);
			(void)fflush(stdout);
		}
		*is_skipping = false;
		at += len + 1;
	}
	memmove(text, text + at, n - at);
	if (n - at > DG_OPENSMTPD_LINE_MAX) {
		*is_skipping = true;
		return 0;
	}
	return n - at;
}

static int run_opensmtpd(struct sensing *s, struct dg_err *err)
{
	const size_t room = (size_t)2 * DG_OPENSMTPD_LINE_MAX;
	struct dg_opensmtpd *o = dg_opensmtpd_new(on_event, s->client);
	char *text = calloc(1, room);
	bool is_skipping = false;
	size_t n = 0;
	ssize_t more = 0;

	do {
		more = text ? read(STDIN_FILENO, text + n, room - n) : -1;
		if (more > 0) {
			n = take_lines(o, text, n + (size_t)more, &is_skipping);
		}
	} while (more > 0 || (more < 0 && errno == EINTR));
	int r = more == 0 ? 0 : dg_fail(err, DG_EIO, "standard input: %s", strerrordesc_np(errno));
	free(text);
	(void)dg_opensmtpd_free(o);
	return r;
}

static int run_log(struct sensing *s, struct dg_err *err)
{
	if (!s->args->file) {
		return dg_fail(
			err, DG_EINPUT, "sensor log: expected --file, the log of the mail server");
	}
	return dg_line_log_run(s->args->file, s->client, tell, s, err);
}

static const struct kind kinds[] = {
	{"log", run_log},
	{"milter", run_milter},
	{"opensmtpd", run_opensmtpd},
};

/* --- the command ------------------------------------------------------------------------------- */
/* "MX1.example.com" and "milter" to "mx1.example.com-milter". */
static void name_of(const char *kind, char name[DG_LINE_NAME_MAX + 1])
{
	size_t n = DG_LINE_NAME_MAX - strlen(kind) - 1;

	if (gethostname(name, n) != 0) {
		name[0] = '\0';
	}
	name[n] = '\0';
	for (n = 0; name[n]; n++) {
		if (name[n] >= 'A' && name[n] <= 'Z') {
			name[n] = (char)(name[n] | 0x20);
		}
	}
	(void)snprintf(name + n, DG_LINE_NAME_MAX + 1 - n, "%s%s", n > 0 ? "-" : "", kind);
}

static int open_client(struct sensing *s, struct dg_err *err)
{
	const struct dg_args *args = s->args;
	char name[DG_LINE_NAME_MAX + 1];
	struct dg_line_client_options o = {
		.name = args->name ? args->name : name, .shed = s->shed, .tell = tell, .arg = s};

	if (!args->to) {
		return dg_fail(err, DG_EINPUT,
			"sensor %s: expected --to unix:/PATH or --to inet:HOST:PORT, the sensors: "
			"of the controller",
			s->kind->name);
	}
	int r = dg_line_place_parse(args->to, &o.place, err);
	const char *key_file = args->key_file ? args->key_file : o.place.key_file;
	if (r == 0 && key_file[0]) {
		r = dg_line_key_read(key_file, &o.key, err);
	}
	name_of(s->kind->name, name);
	r = r == 0 ? dg_line_client_new(&o, &s->client, err) : r;
	explicit_bzero(&o.key, sizeof(o.key));
	return r;
}

static void end_client(struct sensing *s, bool is_sound)
{
	struct dg_line_client_counts n;
	char text[200];

	s->client = dg_line_client_free(s->client, is_sound ? FLUSH_MS : 0, &n);
	(void)snprintf(text, sizeof(text), "%llu events, %llu of them acknowledged, %llu dropped",
		(unsigned long long)n.n_pushed, (unsigned long long)n.n_acknowledged,
		(unsigned long long)n.n_dropped);
	if (is_sound) {
		tell(s, text);
	}
}

static int sense(const struct dg_args *args, struct dg_err *err)
{
	struct sensing s = {.args = args};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(args->rest[0], kinds[i].name) == 0) {
			s.kind = &kinds[i];
		}
	}
	if (!s.kind) {
		return dg_fail(err, DG_EINPUT,
			"there is no sensor \"%.40s\"; expected log, milter or opensmtpd",
			args->rest[0]);
	}
	s.shed = dg_shed_new();
	int r = open_client(&s, err);
	if (r == 0) {
		r = s.kind->run(&s, err);
		end_client(&s, r == 0);
	}
	s.shed = dg_shed_free(s.shed);
	return r;
}

int dg_cmd_sensor(struct dg_app *app, const struct dg_args *args)
{
	struct dg_err err;
	int r = sense(args, &err);

	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	return DG_EXIT_OK;
}
