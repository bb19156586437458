/* tests/unit/providers/pdns.h: the PowerDNS provider, open against a scripted server. */
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "providers/powerdns/body.h"
#include "providers/powerdns/powerdns.h"
#include "providers/provider.h"
#include "tests/unit/providers/fakehttp.h"
#include "zones/base/arena.h"
#include "zones/policy/schema.h"

#define KEY     "labapi-S3CR3T"
#define HEAD_OK "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n"
#define SOA                                                                                    \
	"{\"name\":\"example.test.\",\"type\":\"SOA\",\"ttl\":3600,\"records\":[{\"content\":" \
	"\"ns1.example.test. hostmaster.example.test. 2026112207 10800 3600 604800 300\","     \
	"\"disabled\":false}],\"comments\":[]}"
#define MX                                                                                     \
	"{\"name\":\"example.test.\",\"type\":\"MX\",\"ttl\":300,\"records\":[{\"content\":"   \
	"\"10 Mail.example.test.\",\"disabled\":false},{\"content\":\"20 old.example.test.\"," \
	"\"disabled\":true}]}"
#define ZONE(head, rrsets) "{\"name\":\"example.test.\"," head ",\"rrsets\":[" rrsets "]}"
#define NATIVE             "\"kind\":\"Native\",\"soa_edit_api\":\"DEFAULT\""

#define RRSET(name, type, ttl, records) \
	"{\"name\":\"" name "\",\"type\":\"" type "\",\"ttl\":" ttl ",\"records\":" records "}"

/* The struct that the schema fills, by its keys. */
struct filled {
	char bytes[256];
};

struct scene {
	struct dg_loop *loop;
	struct dg_provider provider; /* open when priv is set */
	struct fake_http *server;
	struct dg_arena *arena;
	struct filled opts;
	char key_path[64];
	char url[64];
	struct dg_timer *guard;
	const char *zone;  /* answer to GET; NULL: close without one */
	const char *patch; /* answer to PATCH; NULL: close without one */
	bool is_mute;      /* to PATCH: no answer, open */
	unsigned n_patches;
	char order[128]; /* G and P, as they came */
	char patched[65536];
	int rc;
	enum dg_outcome outcome;
	unsigned n_done;
	struct dg_read read;
	struct dg_apply apply;
};

static inline void play(struct fake_http *f, const char *request, struct fake_answer *answer)
{
	struct scene *s = f->arg;

	assert_non_null(strstr(request, "X-API-Key: " KEY "\r\n"));
	assert_non_null(
		strstr(request, " /api/v1/servers/localhost/zones/example.test. HTTP/1.1\r\n"));
	assert_true(strlen(s->order) + 1 < sizeof(s->order));
	s->order[strlen(s->order)] = request[0];
	if (strncmp(request, "PATCH ", 6) != 0) {
		answer->bytes = s->zone;
		return;
	}
	s->n_patches++;
	(void)snprintf(s->patched, sizeof(s->patched), "%s", strstr(request, "\r\n\r\n") + 4);
	answer->bytes = s->patch;
	answer->stays_open = s->is_mute;
}

static inline void on_guard(void *arg)
{
	(void)arg;
	fail_msg("no callback within 120 s");
}

static inline void write_key(struct scene *s, const char *text, mode_t mode)
{
	int fd = open(s->key_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static inline void set_option(struct scene *s, const char *key, const void *value, size_t len)
{
	for (size_t i = 0; i < dg_schema_powerdns.n_fields; i++) {
		const struct dg_field *f = &dg_schema_powerdns.fields[i];
		if (strcmp(f->key, key) == 0) {
			assert_true(f->offset + len <= dg_schema_powerdns.size);
			memcpy(s->opts.bytes + f->offset, value, len);
			return;
		}
	}
	fail_msg("no option %s", key);
}

static inline void set_text(struct scene *s, const char *key, const char *value)
{
	set_option(s, key, (const void *)&value, sizeof(value));
}

static inline struct scene *scene_new(void)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct dg_err err;
	uint32_t timeout = 60;

	assert_non_null(s);
	assert_true(dg_schema_powerdns.size <= sizeof(s->opts));
	s->server = calloc(1, sizeof(*s->server));
	assert_non_null(s->server);
	s->arena = dg_arena_new(64u << 20);
	assert_int_equal(dg_loop_new(NULL, &s->loop, &err), 0);
	fake_start(s->server, s->loop, play, s);
	(void)snprintf(s->key_path, sizeof(s->key_path), "/tmp/dg-pdns-key-%d", (int)getpid());
	write_key(s, KEY "\n", 0600);
	(void)snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/", s->server->port);
	set_text(s, "url", s->url);
	set_text(s, "server", "localhost");
	set_text(s, "api_key_file", s->key_path);
	set_option(s, "timeout", &timeout, sizeof(timeout));
	s->zone = HEAD_OK ZONE(NATIVE, SOA "," MX);
	s->patch = "HTTP/1.1 204 No Content\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
	s->guard = dg_loop_after_ms(s->loop, 120000, on_guard, s);
	return s;
}

static inline void open_provider(struct scene *s)
{
	struct dg_err err;

	if (!s->provider.priv) {
		s->provider = (struct dg_provider){
			.ops = &dg_provider_powerdns, .loop = s->loop, .opts = &s->opts};
		if (dg_provider_powerdns.open(&s->provider, &err) < 0) {
			fail_msg("%s", err.text);
		}
	}
}

static inline void scene_free(struct scene *s)
{
	(void)dg_timer_cancel(s->guard);
	if (s->provider.priv) {
		dg_provider_powerdns.close(&s->provider);
	}
	fake_stop(s->server);
	(void)dg_loop_free(s->loop);
	(void)dg_arena_free(s->arena);
	(void)unlink(s->key_path);
	free(s->server);
	free(s);
}

static inline void on_read(struct dg_read *r, int rc)
{
	struct scene *s = r->arg;

	s->rc = rc;
	s->n_done++;
	dg_loop_stop(s->loop);
}

static inline void run_read(struct scene *s, const struct dg_rrkey *keys, size_t n, bool mail_only)
{
	open_provider(s);
	s->read = (struct dg_read){
		.zone = "example.test.",
		.keys = keys,
		.n_keys = n,
		.whole = keys == NULL,
		.mail_only = mail_only,
		.deadline_ms = 60000,
		.arena = s->arena,
		.done = on_read,
		.arg = s,
	};
	s->n_done = 0;
	dg_provider_powerdns.read(&s->provider, &s->read);
	assert_int_equal(s->n_done, 0);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
	if (s->rc < 0) {
		assert_int_equal((int)s->read.err.rc, s->rc);
		assert_null(strstr(s->read.err.text, "S3CR3T"));
	}
}

static inline void on_apply(struct dg_apply *a, enum dg_outcome outcome)
{
	struct scene *s = a->arg;

	s->outcome = outcome;
	s->n_done++;
	dg_loop_stop(s->loop);
}

static inline enum dg_outcome run_apply(
	struct scene *s, const struct dg_swap *swaps, size_t n, bool dry)
{
	open_provider(s);
	s->apply = (struct dg_apply){
		.zone = "example.test.",
		.swaps = swaps,
		.n_swaps = n,
		.version = "2026112207",
		.is_dry_run = dry,
		.deadline_ms = 60000,
		.arena = s->arena,
		.done = on_apply,
		.arg = s,
	};
	s->n_done = 0;
	dg_provider_powerdns.apply(&s->provider, &s->apply);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
	assert_null(strstr(s->apply.err.text, "S3CR3T"));
	return s->outcome;
}

static inline struct dg_rrset set_of(
	struct scene *s, const char *owner, uint16_t type, uint32_t ttl, const char *content)
{
	struct dg_rdata *rd = dg_newn(s->arena, struct dg_rdata, 1);
	struct dg_err err;

	if (!content) {
		return dg_rrset_none(owner, type);
	}
	assert_int_equal(
		dg_rdata_parse(s->arena, type, content, strlen(content), ".", rd, &err), 0);
	return dg_rrset_make(owner, type, ttl, rd, 1);
}

/* example.test. MX 300 "10 mail.example.test." to 60 "0 ." */
static inline struct dg_swap null_mx(struct scene *s)
{
	return (struct dg_swap){
		.before = set_of(s, "example.test.", DG_TYPE_MX, 300, "10 mail.example.test."),
		.after = set_of(s, "example.test.", DG_TYPE_MX, 60, "0 ."),
	};
}
