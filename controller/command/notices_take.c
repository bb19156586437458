/* controller/command/notices_take.c: what was seen: out of a triage's result, or of the mailbox itself. */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/notices.h"
#include "controller/command/triage.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/base/map.h"
#include "zones/incident/case.h"
#include "zones/incident/evidence.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLES_MAX  4096u
#define OWN_NAME_MAX 254u

struct sample {
	const char *name, *header;
};

struct taking {
	struct dg_arena *arena;
	const struct dg_case *found;
	struct dg_map samples; /* address or host of ours to struct sample */
	size_t n_samples;
	struct dg_notice_seen seen;
};

/* --- a result that is there ------------------------------------------------------------------- */
/* 1: it is no such file. */
static int read_result(
	struct dg_arena *a, const char *path, struct dg_notice_seen *ret_seen, struct dg_err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool is_file = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		       (size_t)st.st_size <= DG_NOTICE_JSON_MAX;
	char first = 0;
	int r = 1;

	if (is_file && pread(fd, &first, 1, 0) == 1 && first == '{') {
		char *text = dg_get(a, (size_t)st.st_size + 1, 1);
		ssize_t n = read(fd, text, (size_t)st.st_size);
		r = dg_notice_seen_read(a, text, n > 0 ? (size_t)n : 0, ret_seen, err);
		r = r < 0 && !strstr(text, "\"triage\"") ? 1 : r; /* a feed is JSON, too */
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return r;
}

/* --- a mailbox -------------------------------------------------------------------------------- */
static void keep(struct taking *t, const char *key, const char *name, const char *header)
{
	if (key[0] == '\0' || t->n_samples >= SAMPLES_MAX || dg_map_get(&t->samples, key)) {
		return;
	}
	struct sample *s = dg_new(t->arena, struct sample);
	*s = (struct sample){dg_strdup(t->arena, name), dg_strdup(t->arena, header)};
	(void)dg_map_put(&t->samples, dg_strdup(t->arena, key), s);
	t->n_samples++;
}

/* Each address that handed forged mail over, each host that let it through: a header of the first one. */
static void on_bounce(void *arg, uint64_t number, const char *name, const struct dg_evidence *e,
	const struct dg_ruling *r)
{
	struct taking *t = arg;
	char text[DG_ADDRESS_TEXT_MAX] = "";
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)1 << 20);

	(void)number;
	(void)name;
	(void)r;
	if (e->has_handoff) {
		(void)dg_address_text(&e->handoff, text);
	}
	if ((text[0] == '\0' || dg_map_get(&t->samples, text)) &&
		(e->host[0] == '\0' || dg_map_get(&t->samples, e->host))) {
		return;
	}
	const char *header = dg_notice_sample(a, e);
	if (header[0] != '\0') {
		keep(t, text, e->handoff_name, header);
		keep(t, e->host, "", header);
	}
}

static int on_case(void *arg, const struct dg_case *c, struct dg_err *err)
{
	struct taking *t = arg;
	struct dg_buf b;

	dg_buf_init(&b, DG_NOTICE_JSON_MAX);
	dg_case_json(&b, c);
	int r = dg_notice_seen_read(t->arena, b.data, b.len, &t->seen, err);
	dg_buf_done(&b);
	return r;
}

static void put_samples(const struct taking *t, const struct dg_notice_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct sample *s = dg_map_get(&t->samples, list->items[i].text);
		if (s) {
			bool is_name = strchr(s->name, '.') && strlen(s->name) <= OWN_NAME_MAX;
			list->items[i].name = is_name ? s->name : "";
			list->items[i].sample = s->header;
		}
	}
}

int dg_notices_take(
	struct dg_app *app, struct dg_arena *a, struct dg_notice_seen *ret_seen, struct dg_err *err)
{
	const struct dg_args *args = app->args;
	struct taking t = {.arena = a};
	const struct dg_triage_take take = {.sources = args->rest,
		.n_sources = args->n_rest,
		.on_bounce = on_bounce,
		.on_case = on_case,
		.arg = &t};
	int r = args->n_rest == 1 ? read_result(a, args->rest[0], ret_seen, err) : 1;

	if (r <= 0) {
		return r;
	}
	dg_map_init(&t.samples, a);
	r = dg_triage_take(app, &take, err);
	if (r == 0) {
		put_samples(&t, &t.seen.origins);
		put_samples(&t, &t.seen.hosts);
		*ret_seen = t.seen;
	}
	return r;
}
