/* zones/policy/scalar.c: words to values. YAML's own idea of what a word is plays no part. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define ENDPOINT_TEXT_MAX 270u /* a name, brackets and a port */

/* Decimal digits without a leading zero. Returns how many, 0: none or too large. */
static size_t digits(const char *text, uint32_t *ret_value)
{
	uint64_t v = 0;
	size_t n = 0;

	for (; text[n] >= '0' && text[n] <= '9'; n++) {
		v = v * 10 + (uint64_t)(text[n] - '0');
		if (v > UINT32_MAX) {
			return 0;
		}
	}
	*ret_value = (uint32_t)v;
	return n > 1 && text[0] == '0' ? 0 : n;
}

int dg_duration_parse(const char *text, uint32_t *ret_seconds)
{
	static const char units[] = "wdhms";
	static const uint32_t seconds[] = {604800, 86400, 3600, 60, 1};
	size_t unit = 0; /* the largest that may still come */
	uint64_t total = 0;
	uint32_t v = 0;
	size_t n = digits(text, &v);

	if (n > 0 && text[n] == '\0') {
		*ret_seconds = v;
		return 0;
	}
	do {
		const char *u = NULL;

		n = digits(text, &v);
		u = n > 0 && text[n] != '\0' && unit < sizeof(seconds) / sizeof(seconds[0])
			    ? strchr(units + unit, text[n])
			    : NULL;
		if (!u) {
			return 1;
		}
		total += (uint64_t)v * seconds[u - units];
		unit = (size_t)(u - units) + 1;
		text += n + 1;
	} while (*text != '\0' && total <= UINT32_MAX);
	if (total > UINT32_MAX) {
		return 1;
	}
	*ret_seconds = (uint32_t)total;
	return 0;
}

static int bad_number(const struct dg_loader *l, const struct dg_node *node,
	const struct dg_field *f, struct dg_err *err)
{
	char expected[160];
	bool is_duration = f->kind == DG_DURATION;

	(void)snprintf(expected, sizeof(expected), "%s from %u to %u%s",
		is_duration ? "a duration" : "a whole number", f->min, f->max,
		is_duration ? " seconds, for example 300, 5m or 1h30m" : "");
	return dg_node_expected(l, node, err, expected);
}

static int read_number(const struct dg_loader *l, const struct dg_node *node,
	const struct dg_field *f, uint32_t *at, struct dg_err *err)
{
	uint32_t v = 0;
	bool is_valid = false;

	if (node->kind == DG_NODE_SCALAR) {
		size_t n = digits(node->text, &v);

		is_valid = f->kind == DG_DURATION ? dg_duration_parse(node->text, &v) == 0
						  : n > 0 && node->text[n] == '\0';
	}
	if (!is_valid || v < f->min || v > f->max) {
		return bad_number(l, node, f, err);
	}
	*at = v;
	return 0;
}

static int read_bool(
	const struct dg_loader *l, const struct dg_node *node, bool *at, struct dg_err *err)
{
	bool is_true = dg_node_is(node, "true");

	if (is_true || dg_node_is(node, "false")) {
		*at = is_true;
		return 0;
	}
	return dg_node_expected(
		l, node, err, "true or false (yes, no, on and off are words like any other here)");
}

static int bad_word(const struct dg_loader *l, const struct dg_node *node, const struct dg_field *f,
	struct dg_err *err)
{
	char expected[200] = "one of ";
	size_t start = strlen(expected);
	size_t len = start;

	for (size_t i = 0; f->words[i]; i++) {
		if (f->words[i][0] != '\0' && len < sizeof(expected)) {
			len += (size_t)snprintf(expected + len, sizeof(expected) - len, "%s%s",
				len > start ? ", " : "", f->words[i]);
		}
	}
	return dg_node_expected(l, node, err, expected);
}

static int read_enum(const struct dg_loader *l, const struct dg_node *node,
	const struct dg_field *f, int *at, struct dg_err *err)
{
	for (int i = 0; f->words[i]; i++) {
		if (node->len > 0 && dg_node_is(node, f->words[i])) {
			*at = i;
			return 0;
		}
	}
	return bad_word(l, node, f, err);
}

static int bad_text(const struct dg_loader *l, const struct dg_node *node, const struct dg_field *f,
	size_t min, size_t max, struct dg_err *err)
{
	char expected[160];

	(void)snprintf(expected, sizeof(expected), "%s of %zu to %zu bytes%s%s",
		f->kind == DG_STRING ? "text" : "the path of a file", min, max,
		f->example ? ", for example " : "", f->example ? f->example : "");
	if (f->kind == DG_SECRET &&
		node->kind == DG_NODE_SCALAR) { /* it may be the secret itself */
		return dg_node_fail(l, node, err, "expected %s", expected);
	}
	return dg_node_expected(l, node, err, expected);
}

static int read_text(const struct dg_loader *l, const struct dg_node *node,
	const struct dg_field *f, const char **at, struct dg_err *err)
{
	size_t min = f->min > 0 ? f->min : 1;
	size_t max = f->max > 0 ? f->max : DG_POLICY_TEXT_MAX;

	if (node->kind != DG_NODE_SCALAR || node->len < min || node->len > max) {
		return bad_text(l, node, f, min, max, err);
	}
	*at = f->kind == DG_STRING ? dg_strdup(l->out, node->text) : dg_loader_path(l, node->text);
	return 0;
}

int dg_scalar_read(struct dg_loader *l, const struct dg_node *node, const struct dg_field *f,
	void *at, struct dg_err *err)
{
	switch (f->kind) {
	case DG_BOOL:
		return read_bool(l, node, at, err);
	case DG_U32:
	case DG_DURATION:
		return read_number(l, node, f, at, err);
	case DG_ENUM:
		return read_enum(l, node, f, at, err);
	case DG_STRING:
	case DG_PATH:
	case DG_SECRET:
		return read_text(l, node, f, at, err);
	case DG_NAME:
	case DG_HOST:
	case DG_STRINGS:
	case DG_HOSTS:
	case DG_STRUCT:
	case DG_CUSTOM:
		break;
	}
	return dg_node_fail(l, node, err, "not a scalar");
}

static int bad_strings(const struct dg_loader *l, const struct dg_node *node, size_t min,
	size_t max, struct dg_err *err)
{
	char expected[100];

	(void)snprintf(expected, sizeof(expected), "a list of texts of %zu to %zu bytes", min, max);
	return dg_node_expected(l, node, err, expected);
}

int dg_node_strings(struct dg_loader *l, const struct dg_node *node, size_t min, size_t max,
	struct dg_strings *ret_strings, struct dg_err *err)
{
	const struct dg_node *list = node->kind == DG_NODE_LIST ? node->list : node;
	size_t n = node->kind == DG_NODE_LIST ? node->n : 1;

	if (node->kind == DG_NODE_MAP || dg_node_is_empty(node)) {
		return bad_strings(l, node, min, max, err);
	}
	struct dg_string *out = dg_newn(l->out, struct dg_string, n);
	for (size_t i = 0; i < n; i++) {
		if (list[i].kind != DG_NODE_SCALAR || list[i].len < min || list[i].len > max) {
			return bad_strings(l, &list[i], min, max, err);
		}
		out[i] =
			(struct dg_string){.text = dg_memdup(l->out, list[i].text, list[i].len + 1),
				.pos = dg_node_pos(l, &list[i])};
	}
	*ret_strings = (struct dg_strings){.list = out, .n = n};
	return 0;
}

static int bad_endpoint(const struct dg_loader *l, const struct dg_node *node, struct dg_err *err)
{
	return dg_node_expected(l, node, err,
		"an address or a host name, with a port or without, for example 192.0.2.1:53, "
		"[2001:db8::1]:53 or ns1.example.net");
}

/* Cuts text ("[v6]:port", "host:port", "v6") into host and port. False: no such form. */
static bool cut_endpoint(char *text, char **ret_host, const char **ret_port)
{
	char *colon = strchr(text, ':');
	char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;

	*ret_host = text;
	*ret_port = NULL;
	if (text[0] == '[') {
		if (!bracket || (bracket[1] != '\0' && bracket[1] != ':')) {
			return false;
		}
		*ret_port = bracket[1] == ':' ? bracket + 2 : NULL;
		*bracket = '\0';
		*ret_host = text + 1;
		return strchr(*ret_host, ':') != NULL;
	}
	if (colon && !strchr(colon + 1, ':')) {
		*colon = '\0';
		*ret_port = colon + 1;
	}
	return true;
}

/* A host name (RFC 1123 section 2.1) whose last label is not a number, or an address. */
static bool is_host(struct dg_arena *a, const char *host)
{
	uint8_t address[16];
	const char *name = NULL;
	struct dg_err ignored;
	const char *last = strrchr(host, '.');

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1) {
		return true;
	}
	last = last ? last + 1 : host;
	return host[0] != '\0' &&
	       host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.")] == '\0' &&
	       strspn(last, "0123456789") < strlen(last) &&
	       dg_name_parse(a, host, strlen(host), NULL, &name, &ignored) == 0;
}

int dg_node_endpoint(struct dg_loader *l, const struct dg_node *node,
	struct dg_endpoint *ret_endpoint, struct dg_err *err)
{
	char text[ENDPOINT_TEXT_MAX];
	char *host = NULL;
	const char *port = NULL;
	uint32_t number = 0;

	if (node->kind != DG_NODE_SCALAR || node->len >= sizeof(text) || dg_node_is_empty(node)) {
		return bad_endpoint(l, node, err);
	}
	for (size_t i = 0; i <= node->len; i++) {
		char c = node->text[i];

		text[i] = c;
		if (c >= 'A' && c <= 'Z') {
			text[i] = (char)(c - 'A' + 'a');
		}
	}
	if (!cut_endpoint(text, &host, &port) || !is_host(l->scratch, host)) {
		return bad_endpoint(l, node, err);
	}
	if (port) {
		size_t n = digits(port, &number);

		if (n == 0 || port[n] != '\0' || number == 0 || number > UINT16_MAX) {
			return dg_node_expected(
				l, node, err, "a port from 1 to 65535 after the colon");
		}
	}
	*ret_endpoint = (struct dg_endpoint){.host = dg_strdup(l->out, host),
		.port = (uint16_t)number,
		.pos = dg_node_pos(l, node)};
	return 0;
}

int dg_node_endpoints(struct dg_loader *l, const struct dg_node *node,
	struct dg_endpoints *ret_endpoints, struct dg_err *err)
{
	const struct dg_node *list = node->kind == DG_NODE_LIST ? node->list : node;
	size_t n = node->kind == DG_NODE_LIST ? node->n : 1;
	struct dg_endpoint *out = dg_newn(l->out, struct dg_endpoint, n);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = dg_node_endpoint(l, &list[i], &out[i], err);
	}
	if (r == 0) {
		*ret_endpoints = (struct dg_endpoints){.list = out, .n = n};
	}
	return r;
}
