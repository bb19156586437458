/* tests/bench/triage/triage.c: what bench_triage.py measures.
 *
 *     bench_triage records PROGRAM      messages named on standard input, one path a line; a JSON object for each record
 *     bench_triage direct               the same, without a reader process: "scanner" or "library" says who took it apart
 *     bench_triage speed PROGRAM N      the same messages N times through reader processes; CPU seconds of all processes
 *     bench_triage gmime N              the same messages N times through GMime alone: parsed and walked
 */
#include "controller/letters/charsets.h"
#include "controller/letters/letters.h"
#include "controller/letters/library.h"
#include "tests/bench/reports/peak.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/base/json.h"
#include "zones/bounce/bounce.h"
#include "zones/bounce/mime.h"

#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct message {
	char *path;
	char *text;
	size_t n;
};

struct messages {
	struct message *list;
	size_t n, room;
	size_t octets;
};

static void die(const char *text)
{
	(void)fprintf(stderr, "bench_triage: %s\n", text);
	exit(1);
}

static void read_message(struct message *m)
{
	FILE *f = fopen(m->path, "re");

	m->text = malloc(DG_BOUNCE_READ_MAX + 1);
	if (!f || !m->text) {
		die(m->path);
	}
	m->n = fread(m->text, 1, DG_BOUNCE_READ_MAX + 1, f);
	(void)fclose(f);
	m->text = realloc(m->text, m->n + 1);
}

static void read_all(struct messages *all)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (all->n == all->room) {
			all->room = all->room * 2 + 64;
			all->list = reallocarray(all->list, all->room, sizeof(*all->list));
		}
		all->list[all->n] = (struct message){.path = strdup(line)};
		read_message(&all->list[all->n]);
		all->octets += all->list[all->n++].n;
	}
}

/* --- records as JSON ---------------------------------------------------------------------------- */
static json_t *address(bool has, const struct dg_address *a)
{
	char text[DG_ADDRESS_TEXT_MAX];

	return dg_json_text(has ? dg_address_text(a, text) : "");
}

static json_t *head(const struct dg_bounce_head *h)
{
	json_t *o = json_object();
	json_t *hops = json_array();

	dg_json_set(o, "from", dg_json_text(h->from));
	dg_json_set(o, "return_path", dg_json_text(h->return_path));
	dg_json_set(o, "is_null", json_boolean(h->is_null));
	dg_json_set(o, "to", dg_json_text(h->to));
	dg_json_set(o, "delivered_to", dg_json_text(h->delivered_to));
	dg_json_set(o, "subject", dg_json_text(h->subject));
	dg_json_set(o, "message_id", dg_json_text(h->message_id));
	dg_json_set(o, "date", json_integer(h->at));
	dg_json_set(o, "auto_submitted", dg_json_text(h->auto_submitted));
	dg_json_set(o, "list_id", dg_json_text(h->list_id));
	dg_json_set(o, "x_originating_ip", dg_json_text(h->x_originating_ip));
	for (size_t i = 0; i < h->n_hops; i++) {
		const struct dg_bounce_hop *hop = &h->hops[i];
		json_t *one = json_object();

		dg_json_set(one, "helo", dg_json_text(hop->helo));
		dg_json_set(one, "name", dg_json_text(hop->name));
		dg_json_set(one, "address", address(hop->has_address, &hop->address));
		dg_json_set(one, "by", dg_json_text(hop->by));
		dg_json_set(one, "with", dg_json_text(hop->with));
		dg_json_set(one, "id", dg_json_text(hop->id));
		dg_json_set(one, "user", dg_json_text(hop->user));
		dg_json_set(one, "at", json_integer(hop->at));
		dg_json_set(one, "authenticated", json_boolean(hop->is_authenticated));
		dg_json_set(one, "local", json_boolean(hop->is_local));
		(void)json_array_append_new(hops, one);
	}
	dg_json_set(o, "hops", hops);
	return o;
}

static json_t *recipients(const struct dg_bounce *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->n_recipients; i++) {
		const struct dg_bounce_recipient *r = &b->recipients[i];
		json_t *one = json_object();

		dg_json_set(one, "address", dg_json_text(r->address));
		dg_json_set(one, "original", dg_json_text(r->original));
		dg_json_set(one, "action", dg_json_text(dg_bounce_action_text(r->action)));
		dg_json_set(one, "status", dg_json_text(r->status));
		dg_json_set(one, "diagnostic", dg_json_text(r->diagnostic));
		dg_json_set(one, "remote_mta", dg_json_text(r->remote_mta));
		(void)json_array_append_new(list, one);
	}
	return list;
}

static void print(const char *path, const char *by, const struct dg_bounce *b)
{
	json_t *o = json_object();
	char *text = NULL;

	dg_json_set(o, "file", dg_json_text(path));
	dg_json_set(o, "by", dg_json_text(by));
	dg_json_set(o, "kind", dg_json_text(dg_bounce_kind_text(b->kind)));
	dg_json_set(o, "form", dg_json_text(dg_bounce_form_text(b->form)));
	dg_json_set(o, "shape", dg_json_text(b->shape));
	dg_json_set(o, "basis", dg_json_text(b->basis));
	dg_json_set(o, "outer", head(&b->outer));
	dg_json_set(o, "recipients", recipients(b));
	dg_json_set(o, "reporting_mta", dg_json_text(b->reporting_mta));
	dg_json_set(o, "organisation", dg_json_text(b->reporting_organisation));
	dg_json_set(o, "original_is", json_integer(b->original_is));
	dg_json_set(o, "original", head(&b->original));
	dg_json_set(o, "nested", dg_json_count(b->n_nested));
	if (b->innermost) {
		dg_json_set(o, "innermost", head(b->innermost));
	}
	dg_json_set(o, "handoff", address(b->handoff.has_address, &b->handoff.address));
	dg_json_set(o, "handoff_why", dg_json_text(b->handoff.why));
	dg_json_set(o, "via", dg_json_text(b->handoff.via));
	dg_json_set(o, "first_public", address(b->has_first_public, &b->first_public));
	dg_json_set(o, "original_len", dg_json_count(b->original_len));
	dg_json_set(o, "is_cut", json_boolean(b->is_cut));
	text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	(void)puts(text ? text : "{}");
	free(text);
	json_decref(o);
}

/* --- through reader processes --------------------------------------------------------------------- */
struct job {
	const struct messages *all;
	struct dg_letters *letters;
	size_t n_found, n_records;
	bool prints;
};

static void on_record(void *arg, uint64_t tag, const struct dg_bounce *b)
{
	struct job *job = arg;

	job->n_records++;
	job->n_found += b->kind == DG_BOUNCE_BOUNCE || b->kind == DG_BOUNCE_DELAY;
	if (job->prints) {
		print(job->all->list[tag].path, "process", b);
	}
}

static void through(struct job *job, const char *program, size_t n_times)
{
	struct dg_letters_options o = {.program = program, .on_record = on_record, .arg = job};
	struct dg_err err;
	int r = dg_letters_new(&o, &job->letters, &err);

	for (size_t i = 0; r >= 0 && i < job->all->n * n_times; i++) {
		const struct message *m = &job->all->list[i % job->all->n];

		while ((r = dg_letters_push(job->letters, i % job->all->n, m->text, m->n, &err)) ==
			1) {
			r = dg_letters_wait(job->letters, DG_LETTERS_WAITING / 2, &err);
			if (r < 0) {
				break;
			}
		}
	}
	r = r < 0 ? r : dg_letters_wait(job->letters, 0, &err);
	if (r < 0) {
		die(err.text);
	}
}

static double cpu_of(int who)
{
	struct rusage u;

	(void)getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int speed(const struct messages *all, const char *program, size_t n_times)
{
	struct job job = {.all = all};
	struct dg_letters_counts counts;
	struct rusage u;
	double before = cpu_of(RUSAGE_SELF);

	through(&job, program, n_times);
	dg_letters_counts(job.letters, &counts);
	(void)dg_letters_free(job.letters);
	(void)getrusage(RUSAGE_CHILDREN, &u);
	printf("{\"messages\": %llu, \"found\": %zu, \"unreadable\": %llu, \"by_library\": %llu, "
	       "\"readers\": %llu, \"octets\": %zu, \"cpu_s\": %.4f, \"reader_s\": %.4f, "
	       "\"reader_kib\": %ld, \"kib\": %ld}\n",
		(unsigned long long)counts.n_messages, job.n_found,
		(unsigned long long)counts.n_unreadable, (unsigned long long)counts.n_by_library,
		(unsigned long long)counts.n_readers, all->octets * n_times,
		cpu_of(RUSAGE_SELF) - before + cpu_of(RUSAGE_CHILDREN), cpu_of(RUSAGE_CHILDREN),
		u.ru_maxrss, peak_kib());
	return 0;
}

/* --- in this process --------------------------------------------------------------------------------- */
static void direct(const struct message *m, struct dg_charsets *sets, bool by_library)
{
	struct dg_bounce_charsets charsets = {dg_charsets_to_utf8, sets};
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	struct dg_bounce b;

	if (by_library) {
		struct dg_raw raw;
		struct dg_parts parts;

		dg_mime_prepare(a, m->text, m->n, &raw);
		dg_library_parse(a, &raw, &parts);
		dg_bounce_read_parts(a, &raw, &parts, &charsets, &b);
		print(m->path, "library", &b);
	} else if (dg_bounce_read(a, m->text, m->n, &charsets, &b) == 0) {
		print(m->path, "scanner", &b);
	}
	(void)dg_arena_free(a);
}

static void touch(GMimeObject *parent, GMimeObject *part, gpointer arg)
{
	(void)parent;
	(void)part;
	++*(size_t *)arg;
}

static int gmime(const struct messages *all, size_t n_times)
{
	double before = cpu_of(RUSAGE_SELF);
	size_t n_parts = 0;

	for (size_t i = 0; i < all->n * n_times; i++) {
		const struct message *m = &all->list[i % all->n];
		GMimeStream *stream = g_mime_stream_mem_new_with_buffer(m->text, m->n);
		GMimeParser *parser = g_mime_parser_new_with_stream(stream);
		GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

		if (message) {
			g_mime_message_foreach(message, touch, &n_parts);
			g_object_unref(message);
		}
		g_object_unref(parser);
		g_object_unref(stream);
	}
	printf("{\"messages\": %zu, \"parts\": %zu, \"cpu_s\": %.4f}\n", all->n * n_times, n_parts,
		cpu_of(RUSAGE_SELF) - before);
	return 0;
}

int main(int argc, char **argv)
{
	struct messages all = {0};
	const char *what = argc > 1 ? argv[1] : "";

	g_mime_init();
	read_all(&all);
	if (strcmp(what, "records") == 0 && argc == 3) {
		struct job job = {.all = &all, .prints = true};

		through(&job, argv[2], 1);
		(void)dg_letters_free(job.letters);
		return 0;
	}
	if (strcmp(what, "speed") == 0 && argc == 4) {
		return speed(&all, argv[2], strtoul(argv[3], NULL, 10));
	}
	if (strcmp(what, "gmime") == 0 && argc == 3) {
		return gmime(&all, strtoul(argv[2], NULL, 10));
	}
	if (strcmp(what, "direct") != 0) {
		die("records PROGRAM | direct | speed PROGRAM N | gmime N");
	}
	struct dg_charsets *sets = dg_charsets_open();
	for (size_t i = 0; i < all.n; i++) {
		direct(&all.list[i], sets, false);
		direct(&all.list[i], sets, true);
	}
	(void)dg_charsets_free(sets);
	return 0;
}
