/* incident export: the record, its report and every file of its evidence, as a folder or one tar, with checksums of all. */
#include "controller/command/incident_run.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK          512u
#define PLAIN_NAME_MAX 90u
#define SUMS_MAX       ((size_t)1 << 20)

/* Where it goes: a folder that is made (fd), or a tar (file). */
struct out {
	int folder;
	FILE *tar;
	int64_t at; /* time of all of it */
	struct dg_buf sums;
};

/* Names come from a record that somebody may have written by other means: nothing leaves the folder. */
static bool is_plain_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= PLAIN_NAME_MAX && name[0] != '.' && name[0] != '-' &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
		       len;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR) {
			continue;
		}
		if (put <= 0) {
			return -1;
		}
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

static int put_in_folder(struct out *o, const char *name, const struct dg_incident_body *body)
{
	int fd =
		openat(o->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r = fd < 0 ? -1 : write_all(fd, body->p, body->len);

	if (fd >= 0) {
		r = fsync(fd) == 0 && r == 0 ? 0 : -1;
		(void)close(fd);
	}
	return r;
}

/* One header of POSIX.1-1988 ustar. */
static void header(const struct out *o, const char *name, size_t len, char h[BLOCK])
{
	unsigned sum = 0;

	memset(h, 0, BLOCK);
	(void)snprintf(h, 100, "incident/%s", name);
	(void)snprintf(h + 100, 8, "%07o", 0600u); /* mode */
	(void)snprintf(h + 108, 8, "%07o", 0u);    /* owner */
	(void)snprintf(h + 116, 8, "%07o", 0u);    /* group */
	(void)snprintf(h + 124, 12, "%011llo", (unsigned long long)len);
	(void)snprintf(h + 136, 12, "%011llo", (unsigned long long)o->at);
	memset(h + 148, ' ', 8); /* the sum, while it is made */
	h[156] = '0';            /* a file */
	(void)snprintf(h + 257, 6, "ustar");
	h[263] = h[264] = '0';
	for (size_t i = 0; i < BLOCK; i++) {
		sum += (unsigned char)h[i];
	}
	(void)snprintf(h + 148, 8, "%06o", sum);
}

static int put_in_tar(struct out *o, const char *name, const struct dg_incident_body *body)
{
	static const char zeros[BLOCK] = {0};
	char h[BLOCK];
	size_t pad = (BLOCK - body->len % BLOCK) % BLOCK;

	header(o, name, body->len, h);
	bool is_put = fwrite(h, 1, BLOCK, o->tar) == BLOCK &&
		      fwrite(body->p, 1, body->len, o->tar) == body->len &&
		      fwrite(zeros, 1, pad, o->tar) == pad;
	return is_put ? 0 : -1;
}

static int put(struct out *o, const char *name, const void *p, size_t len, struct dg_err *err)
{
	const struct dg_incident_body body = {len > 0 ? p : "", len};
	char hex[DG_DIGEST_TEXT_MAX];
	uint8_t digest[DG_DIGEST_LEN];

	if (!is_plain_name(name)) {
		return dg_fail(err, DG_EINPUT,
			"the record names a file that cannot be written: it was changed by other "
			"means");
	}
	int r = o->tar ? put_in_tar(o, name, &body) : put_in_folder(o, name, &body);
	if (r < 0) {
		return dg_fail(err, DG_EIO, "%s: %s", name, strerrordesc_np(errno));
	}
	dg_digest(body.p, body.len, digest);
	dg_buf_printf(&o->sums, "%s  %s\n", dg_digest_text(digest, DG_DIGEST_LEN, hex), name);
	return 0;
}

static bool is_tar(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && strcmp(path + len - 4, ".tar") == 0;
}

static int open_out(const char *path, int64_t at, struct out *o, struct dg_err *err)
{
	*o = (struct out){.folder = -1, .at = at};
	if (is_tar(path)) {
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

		o->tar = fd >= 0 ? fdopen(fd, "w") : NULL;
	} else if (mkdir(path, 0700) == 0) {
		o->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	}
	if (!o->tar && o->folder < 0) {
		return dg_fail(err, errno == EEXIST ? DG_EINPUT : DG_EIO,
			"%s: %s; export makes a new folder, or a new file that ends in .tar", path,
			strerrordesc_np(errno));
	}
	dg_buf_init(&o->sums, SUMS_MAX);
	return 0;
}

static int close_out(struct out *o, int r, struct dg_err *err)
{
	static const char zeros[2 * BLOCK] = {0};

	if (r == 0) {
		const struct dg_buf sums = o->sums; /* its own sum is not among them */
		struct dg_buf none;

		dg_buf_init(&none, SUMS_MAX);
		o->sums = none;
		r = put(o, "SHA256SUMS", sums.data, sums.len, err);
		dg_buf_done(&o->sums);
		o->sums = sums;
	}
	if (o->tar) {
		bool is_whole = r < 0 || fwrite(zeros, 1, sizeof(zeros), o->tar) == sizeof(zeros);

		is_whole = fclose(o->tar) == 0 && is_whole;
		r = r == 0 && !is_whole ? dg_fail(err, DG_EIO, "the file could not be written: %s",
						  strerrordesc_np(errno))
					: r;
	} else {
		(void)close(o->folder);
	}
	dg_buf_done(&o->sums);
	return r;
}

static int put_text(struct out *o, const char *name, const struct dg_record *record,
	void (*write)(struct dg_buf *b, const struct dg_record *r), struct dg_err *err)
{
	struct dg_buf b;

	dg_buf_init(&b, DG_INCIDENT_OUT);
	write(&b, record);
	int r = b.is_full ? dg_fail(err, DG_ELIMIT, "%s: too large", name)
			  : put(o, name, b.data, b.len, err);
	dg_buf_done(&b);
	return r;
}

static int put_files(
	struct dg_app *app, struct out *o, const struct dg_record *record, struct dg_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < record->n_files; i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) =
			dg_arena_new(2 * DG_INCIDENT_BODY_MAX);
		struct dg_incident_body body = {0};

		r = dg_incident_body(app->store, a, record->id, record->files[i].entry, &body, err);
		r = r == 0 ? put(o, record->files[i].name, body.p, body.len, err) : r < 0 ? r : 0;
	}
	return r;
}

/* 1: no playbook was begun. */
static int put_cacao(struct dg_app *app, struct dg_arena *a, const struct dg_incident_row *row,
	struct dg_buf *b, struct dg_err *err)
{
	struct dg_going *g = dg_new(a, struct dg_going);

	g->app = app;
	g->arena = a;
	g->row = *row;
	int r = dg_going_load(g, err);
	if (r == 0) {
		dg_cacao_json(b, g->playbook, &g->place, &g->record);
	}
	return r;
}

static int put_playbook(struct dg_app *app, struct dg_arena *a, const struct dg_incident_row *row,
	struct out *o, struct dg_err *err)
{
	struct dg_buf b;

	dg_buf_init(&b, DG_INCIDENT_OUT);
	int r = put_cacao(app, a, row, &b, err);
	r = r == 0 ? put(o, "playbook.cacao.json", b.data, b.len, err) : r;
	dg_buf_done(&b);
	return r < 0 ? r : 0;
}

/* The playbook alone. */
static int export_cacao(struct dg_app *app, struct dg_arena *a, const struct dg_incident_row *row,
	struct dg_err *err)
{
	struct dg_buf b;

	dg_buf_init(&b, DG_INCIDENT_OUT);
	int r = put_cacao(app, a, row, &b, err);
	dg_buf_putc(&b, '\n');
	if (r == 0) {
		r = dg_incident_write(app, &b, err);
	} else if (r == 1) {
		r = dg_fail(err, DG_EINPUT,
			"incident %lld: no playbook was begun; `dnsguard incident run %lld` begins "
			"one",
			(long long)row->id, (long long)row->id);
	}
	dg_buf_done(&b);
	return r;
}

static int export_all(struct dg_app *app, struct dg_arena *a, const struct dg_incident_row *row,
	const struct dg_record *record, struct dg_err *err)
{
	struct out o;
	int r = open_out(app->args->output, record->now, &o, err);

	if (r < 0) {
		return r;
	}
	r = put_files(app, &o, record, err);
	r = r == 0 ? put_text(&o, "record.json", record, dg_record_json, err) : r;
	r = r == 0 ? put_text(&o, "report.md", record, dg_record_markdown, err) : r;
	r = r == 0 ? put_text(&o, "report.html", record, dg_record_html, err) : r;
	r = r == 0 ? put_playbook(app, a, row, &o, err) : r;
	return close_out(&o, r, err);
}

int dg_incident_word_export(struct dg_app *app, const struct dg_args *args)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(DG_INCIDENT_MEMORY);
	bool is_cacao = args->format && strcmp(args->format, "cacao") == 0;
	struct dg_incident_row row = {0};
	struct dg_record record = {0};
	struct dg_err err;
	int r = 0;

	if (args->format && !is_cacao) {
		r = dg_fail(&err, DG_EINPUT,
			"--format of an export is cacao, not %s; without it everything is exported",
			args->format);
	} else if (!args->output && !is_cacao) {
		r = dg_fail(&err, DG_EINPUT,
			"export wants --output: a new folder, or a new file that ends in .tar");
	}
	r = r == 0 ? dg_app_open(app, false, &err) : r;
	r = r == 0 ? dg_incident_of(app, args->rest[0], &row, &err) : r;
	if (r == 0 && is_cacao) {
		r = export_cacao(app, a, &row, &err);
	} else if (r == 0) {
		r = dg_incident_load(app, a, &row, &record, &err);
		r = r == 0 ? export_all(app, a, &row, &record, &err) : r;
	}
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	if (!is_cacao) {
		dg_incident_tell(app,
			DG_MESSAGE("incident {n}: {of} files of evidence, the record and the "
				   "report are in {text}; `sha256sum -c SHA256SUMS` there checks "
				   "them"),
			(uint64_t)row.id, record.n_files, args->output);
	}
	return record.broken > 0 ? DG_EXIT_FAILED : DG_EXIT_OK;
}
