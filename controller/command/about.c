/* help, version, schema: what the program says of itself. */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/options.h"
#include "providers/provider.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/policy/load.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <ldns/ldns.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>
#include <yaml.h>

#define TEXT_MAX (4u << 20)
#define WRAP_AT  78u

/* Words of text, wrapped, each line after indent blanks. */
static void wrap(struct dg_buf *b, const char *text, size_t indent)
{
	size_t at = indent;

	for (const char *p = text; *p != '\0';) {
		size_t len = strcspn(p, " ");

		if (at > indent && at + 1 + len > WRAP_AT) {
			dg_buf_printf(b, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			dg_buf_putc(b, ' ');
			at++;
		}
		dg_buf_put(b, p, len);
		at += len;
		p += len;
		p += strspn(p, " ");
	}
	dg_buf_putc(b, '\n');
}

static void put_option(struct dg_buf *b, const struct dg_option *o)
{
	char left[64];

	(void)snprintf(left, sizeof(left), "%s%c%s--%s%s%s", o->letter ? "-" : "  ",
		o->letter ? o->letter : ' ', o->letter ? ", " : " ", o->name, o->arg ? " " : "",
		o->arg ? o->arg : "");
	dg_buf_printf(b, "  %-26s ", left);
	if (strlen(left) > 26) {
		dg_buf_printf(b, "\n%29s", "");
	}
	wrap(b, o->help, 29);
}

static void help_all(struct dg_buf *b)
{
	const struct dg_command *c = NULL;
	const struct dg_option *o = NULL;

	dg_buf_puts(b, "dnsguard protects a domain whose name is forged as the sender of spam.\n\n"
		       "usage: dnsguard [OPTIONS] COMMAND ...\n\n");
	for (size_t i = 0; (c = dg_command_at(i)) != NULL; i++) {
		dg_buf_printf(b, "  %-10s %s\n", c->name, c->summary);
	}
	dg_buf_puts(b, "\noptions of every command:\n");
	for (size_t i = 0; (o = dg_option_at(i)) != NULL; i++) {
		if (o->is_global) {
			put_option(b, o);
		}
	}
	dg_buf_puts(b,
		"\nexit status: 0 done or sound, 1 failed, 2 wrong usage or bad policy,\n"
		"3 findings or changes pending\n\n"
		"`dnsguard help COMMAND` tells more; dnsguard(1) and zone.yaml(5) tell all.\n");
}

static void help_one(struct dg_buf *b, const struct dg_command *c)
{
	const struct dg_option *o = NULL;

	dg_buf_printf(
		b, "usage: dnsguard %s [OPTIONS]%s%s\n\n", c->name, c->args[0] ? " " : "", c->args);
	wrap(b, c->help, 0);
	dg_buf_puts(b, "\noptions:\n");
	for (size_t i = 0; (o = dg_option_at(i)) != NULL; i++) {
		if (dg_option_is_of(o, c)) {
			put_option(b, o);
		}
	}
}

int dg_cmd_help(struct dg_app *app, const struct dg_args *args)
{
	const struct dg_command *c = args->n_rest > 0 ? dg_command_find(args->rest[0]) : NULL;
	struct dg_buf b;

	if (args->n_rest > 0 && !c) {
		struct dg_err err = {0};

		(void)dg_command_unknown(args->rest[0], &err);
		dg_app_complain(app, &err);
		return DG_EXIT_USAGE;
	}
	dg_buf_init(&b, TEXT_MAX);
	if (c) {
		help_one(&b, c);
	} else {
		help_all(&b);
	}
	dg_app_out(app, &b);
	dg_buf_done(&b);
	return DG_EXIT_OK;
}

int dg_cmd_version(struct dg_app *app, const struct dg_args *args)
{
	const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);

	(void)args;
	dg_app_say(app,
		"dnsguard %s (ldns %s, unbound %s, curl %s, yaml %s, libevent %s, sqlite %s)",
		DG_VERSION, ldns_version(), ub_version(), curl ? curl->version : "missing",
		yaml_get_version_string(), event_get_version(), sqlite3_libversion());
	return DG_EXIT_OK;
}

int dg_cmd_schema(struct dg_app *app, const struct dg_args *args)
{
	struct dg_buf b;

	dg_buf_init(&b, TEXT_MAX);
	if (args->is_man) {
		dg_policy_man_page(&b, dg_provider_schemas_all());
	} else {
		dg_policy_json_schema(&b, dg_provider_schemas_all());
	}
	dg_app_out(app, &b);
	dg_buf_done(&b);
	return DG_EXIT_OK;
}
