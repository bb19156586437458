#include "controller/watch/milter.h"

#include "controller/watch/line_client.h"
#include "controller/watch/line_socket.h"
#include "controller/watch/shed.h"
#include "zones/base/err.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define HELD_FIRST 512u
#define REPLY_MAX  512u

/* Set before smfi_main(), not written afterwards. */
static struct dg_line_client *events;
static struct dg_shed *shed;

struct session {
	char client[INET6_ADDRSTRLEN]; /* "": not over the network */
	bool is_local;
	bool is_message, has_null_sender, is_authenticated;
	char sender[DG_LINE_ADDRESS_MAX];
	size_t n_sender;
	char *held; /* recipients that were taken, each ended by a NUL */
	size_t n_held, room;
};

static void tell(const struct session *s, enum dg_mail_kind kind, struct dg_text address)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	struct dg_mail_event e = {.kind = kind,
		.at_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000,
		.address = address,
		.client = {s->client, strlen(s->client)}};
	(void)dg_line_client_push(events, &e);
}

/* "<alice@example.com>" to what is inside. */
static struct dg_text inside(const char *path)
{
	size_t n = strlen(path);

	while (n > 0 && strchr("< \t", *path)) {
		path++;
		n--;
	}
	while (n > 0 && strchr("> \t", path[n - 1])) {
		n--;
	}
	return (struct dg_text){path, n};
}

static void tell_taken(const struct session *s, struct dg_text recipient)
{
	if (!s->has_null_sender && s->is_authenticated) {
		tell(s, DG_MAIL_SENT, (struct dg_text){s->sender, s->n_sender});
	} else if (!s->is_local) {
		tell(s, s->has_null_sender ? DG_MAIL_TAKEN : DG_MAIL_RECEIVED, recipient);
	}
}

static void end_message(struct session *s, bool is_taken)
{
	for (size_t at = 0; at < s->n_held;) {
		struct dg_text recipient = {s->held + at, strlen(s->held + at)};

		if (is_taken) {
			tell_taken(s, recipient);
		} else if (s->has_null_sender && !s->is_local) {
			tell(s, DG_MAIL_BARRED, recipient);
		}
		at += recipient.n + 1;
	}
	s->n_held = 0;
	s->is_message = false;
}

static bool hold(struct session *s, struct dg_text recipient)
{
	size_t n = s->n_held + recipient.n + 1;

	if (n > DG_MILTER_HELD) {
		return false;
	}
	if (n > s->room) {
		size_t room = s->room > 0 ? s->room : HELD_FIRST;
		while (room < n) {
			room *= 2;
		}
		char *held = realloc(s->held, room);
		if (!held) {
			return false;
		}
		s->held = held;
		s->room = room;
	}
	memcpy(s->held + s->n_held, recipient.p, recipient.n);
	s->held[n - 1] = '\0';
	s->n_held = n;
	return true;
}

/* --- callbacks --------------------------------------------------------------------------------- */
/* NOLINTNEXTLINE(readability-function-size): libmilter has this form */
static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long offered,
	unsigned long f2, unsigned long f3, unsigned long *ret_actions, unsigned long *ret_protocol,
	unsigned long *ret_f2, unsigned long *ret_f3)
{
	const unsigned long wanted = SMFIP_NOHELO | SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NOBODY |
				     SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_RCPT_REJ;

	(void)ctx;
	(void)actions;
	(void)f2;
	(void)f3;
	*ret_actions = 0;
	*ret_protocol = offered & wanted;
	*ret_f2 = *ret_f3 = 0;
	return SMFIS_CONTINUE;
}

static bool is_loopback(const char *client)
{
	return strncmp(client, "127.", 4) == 0 || strcmp(client, "::1") == 0 ||
	       strncmp(client, "::ffff:127.", 11) == 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libmilter has this form */
static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	struct session *s = calloc(1, sizeof(*s));
	struct sockaddr_in a4;
	struct sockaddr_in6 a6;
	const char *text = NULL;

	(void)name;
	if (!s || smfi_setpriv(ctx, s) != MI_SUCCESS) {
		free(s);
		return SMFIS_ACCEPT; /* no more is asked of us in this session */
	}
	if (address && address->sa_family == AF_INET) {
		memcpy(&a4, address, sizeof(a4));
		text = inet_ntop(AF_INET, &a4.sin_addr, s->client, sizeof(s->client));
	} else if (address && address->sa_family == AF_INET6) {
		memcpy(&a6, address, sizeof(a6));
		text = inet_ntop(AF_INET6, &a6.sin6_addr, s->client, sizeof(s->client));
	}
	s->is_local = !text || is_loopback(text);
	return SMFIS_CONTINUE;
}

/* The name of a macro is not written to; libmilter's prototype only does not say so. */
static const char *macro(SMFICTX *ctx, const char *name)
{
	char copy[32];

	(void)snprintf(copy, sizeof(copy), "%s", name);
	return smfi_getsymval(ctx, copy);
}

static sfsistat on_mail(SMFICTX *ctx, char **argv)
{
	struct session *s = smfi_getpriv(ctx);

	if (!s) {
		return SMFIS_CONTINUE;
	}
	end_message(s, false);
	const char *known = macro(ctx, "{mail_addr}"), *user = macro(ctx, "{auth_authen}");
	struct dg_text sender = inside(known || !argv[0] ? known ? known : "" : argv[0]);
	s->is_message = true;
	s->has_null_sender = sender.n == 0;
	s->is_authenticated = user && *user;
	s->n_sender = sender.n <= sizeof(s->sender) ? sender.n : 0;
	memcpy(s->sender, sender.p, s->n_sender);
	return SMFIS_CONTINUE;
}

static sfsistat refuse(SMFICTX *ctx, enum dg_shed_why why)
{
	char code[] = "550", extended[] = "5.7.1", text[REPLY_MAX];

	(void)snprintf(text, sizeof(text), "%s", dg_shed_text(why));
	return smfi_setreply(ctx, code, extended, text) == MI_SUCCESS ? SMFIS_REJECT
								      : SMFIS_CONTINUE;
}

static sfsistat on_rcpt(SMFICTX *ctx, char **argv)
{
	struct session *s = smfi_getpriv(ctx);

	if (!s || !s->is_message || !argv[0]) {
		return SMFIS_CONTINUE;
	}
	const char *mailer = macro(ctx, "{rcpt_mailer}"), *status = macro(ctx, "{rcpt_host}");
	struct dg_text recipient = inside(argv[0]);
	if (!mailer || strcmp(mailer, "error") != 0) {
		enum dg_shed_why why = s->has_null_sender && !s->is_local
					       ? dg_shed_ask(shed, recipient)
					       : DG_SHED_NO;
		if (why != DG_SHED_NO) {
			tell(s, DG_MAIL_BARRED, recipient);
			return refuse(ctx, why);
		}
		if (!hold(s, recipient)) {
			tell_taken(s, recipient);
		}
	} else if (s->has_null_sender && !s->is_local) {
		bool is_unknown = status && strcmp(status, "5.1.1") == 0;
		tell(s, is_unknown ? DG_MAIL_UNKNOWN : DG_MAIL_BARRED, recipient);
	}
	return SMFIS_CONTINUE;
}

static sfsistat on_end(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);

	if (s) {
		end_message(s, true);
	}
	return SMFIS_CONTINUE;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);

	if (s) {
		end_message(s, false);
	}
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);

	if (s) {
		end_message(s, false);
		free(s->held);
		free(s);
		(void)smfi_setpriv(ctx, NULL);
	}
	return SMFIS_CONTINUE;
}

/* --- life -------------------------------------------------------------------------------------- */
/* libmilter's way to say where: "unix:/run/x", "inet:10030@127.0.0.1". */
static int set_place(const struct dg_line_place *p)
{
	char text[sizeof(p->host) + sizeof(p->port) + 16];

	if (!p->is_inet) {
		(void)snprintf(text, sizeof(text), "unix:%s", p->path);
	} else {
		(void)snprintf(text, sizeof(text), "%s:%s@%s",
			strchr(p->host, ':') ? "inet6" : "inet", p->port, p->host);
	}
	return smfi_setconn(text) == MI_SUCCESS ? 0 : 1;
}

static int open_socket(const struct dg_line_place *p, struct dg_err *err)
{
	mode_t before = umask(0117);
	bool is_open = smfi_opensocket(true) == MI_SUCCESS;
	int code = errno;

	(void)umask(before);
	if (!is_open) {
		return dg_fail(err, DG_EIO, "%s: cannot listen: %s", p->is_inet ? p->host : p->path,
			strerrordesc_np(code));
	}
	return p->is_inet ? 0 : dg_line_give_to_group(p, err);
}

int dg_milter_run(const struct dg_line_place *place, struct dg_line_client *client,
	struct dg_shed *refused, struct dg_err *err)
{
	char name[] = "dnsguard";
	const struct smfiDesc callbacks = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_connect = on_connect,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_eom = on_end,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};

	events = client;
	shed = refused;
	if (smfi_register(callbacks) != MI_SUCCESS || set_place(place) != 0 ||
		smfi_setbacklog(DG_MILTER_BACKLOG) != MI_SUCCESS) {
		return dg_fail(err, DG_EIO, "libmilter refuses to be set up");
	}
	int r = open_socket(place, err);
	if (r == 0 && smfi_main() != MI_SUCCESS) {
		r = dg_fail(err, DG_EIO, "libmilter has given up");
	}
	return r;
}
