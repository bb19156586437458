#include "tests/unit/unit.h"

#include "controller/watch/reports.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/watch/aggregate.h"
#include "zones/watch/rows.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define REPORTS DG_TEST_DATA "/reports/"
#define MIB     ((size_t)1 << 20)
#define REPORT                                                                              \
	"<?xml version='1.0'?><feedback><report_metadata><org_name>a.example</org_name>"    \
	"<report_id>1</report_id></report_metadata><policy_published><domain>example.com"   \
	"</domain></policy_published><record><row><source_ip>192.0.2.1</source_ip><count>2" \
	"</count></row></record></feedback>"

struct seen {
	unsigned n_reports, n_rows;
	char id[256];
};

static int on_report(void *arg, const struct dg_aggregate_report *r)
{
	struct seen *s = arg;

	s->n_reports++;
	(void)snprintf(s->id, sizeof(s->id), "%s", r->id);
	return 0;
}

static void on_row(void *arg, const struct dg_aggregate_row *row)
{
	struct seen *s = arg;

	(void)row;
	s->n_rows++;
}

static int parse(const void *p, size_t n, struct seen *s, struct dg_err *err)
{
	struct dg_aggregate_options o = {.on_report = on_report, .on_row = on_row, .arg = s};

	*s = (struct seen){0};
	*err = (struct dg_err){0};
	return dg_reports_parse(p, n, &o, err);
}

static size_t load(const char *name, uint8_t *buf, size_t max)
{
	char path[512];
	(void)snprintf(path, sizeof(path), "%s%s", REPORTS, name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(buf, 1, max, f);
	(void)fclose(f);
	return n;
}

/* --- packing ---------------------------------------------------------------------------------- */
static size_t pack(const void *p, size_t n, int bits, uint8_t *out, size_t max)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)p,
		.avail_in = (unsigned)n,
		.next_out = out,
		.avail_out = (unsigned)max};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	(void)deflateEnd(&z);
	return z.total_out;
}

static void put16(struct dg_buf *b, unsigned v)
{
	dg_buf_putc(b, (char)(v & 0xff));
	dg_buf_putc(b, (char)(v >> 8 & 0xff));
}

static void put32(struct dg_buf *b, size_t v)
{
	put16(b, (unsigned)(v & 0xffff));
	put16(b, (unsigned)(v >> 16 & 0xffff));
}

struct zip {
	unsigned n_entries, method, flags;
	size_t offset, len_more;
};

static void put_zip(struct dg_buf *b, const void *data, size_t len, struct zip z)
{
	size_t start = b->len;

	dg_buf_put(b, "PK\3\4\24\0\0\0\0\0", 10);
	for (int i = 0; i < 16; i++) {
		dg_buf_putc(b, '\0');
	}
	put16(b, 1);
	put16(b, 0);
	dg_buf_putc(b, 'x');
	dg_buf_put(b, data, len);
	size_t directory = b->len - start;
	dg_buf_put(b, "PK\1\2\24\0\24\0", 8);
	put16(b, z.flags);
	put16(b, z.method);
	for (int i = 0; i < 8; i++) {
		dg_buf_putc(b, '\0');
	}
	put32(b, len + z.len_more);
	for (int i = 0; i < 18; i++) {
		dg_buf_putc(b, '\0');
	}
	put32(b, z.offset);
	dg_buf_putc(b, 'x');
	size_t size = b->len - start - directory;
	dg_buf_put(b, "PK\5\6\0\0\0\0", 8);
	put16(b, z.n_entries);
	put16(b, z.n_entries);
	put32(b, size);
	put32(b, directory);
	put16(b, 0);
}

/* --- what is sound ---------------------------------------------------------------------------- */
static void test_mails_of_stalwart(void **state)
{
	static uint8_t buf[65536];
	char name[64];
	struct seen s;
	struct dg_err err;

	(void)state;
	for (int i = 100; i <= 104; i++) {
		(void)snprintf(name, sizeof(name), "stalwart/%d.eml", i);
		size_t n = load(name, buf, sizeof(buf));
		assert_int_equal(parse(buf, n, &s, &err), 0);
		(void)snprintf(name, sizeof(name), "stalwart/%d.json", i);
		n = load(name, buf, sizeof(buf));
		json_t *theirs = json_loadb((char *)buf, n, 0, NULL);
		assert_string_equal(
			s.id, json_string_value(json_object_get(
				      json_object_get(theirs, "report_metadata"), "report_id")));
		assert_int_equal(s.n_rows, json_array_size(json_object_get(theirs, "record")));
		json_decref(theirs);
	}
}

static void test_samples_of_parsedmarc(void **state)
{
	static const struct {
		const char *name;
		unsigned n;
	} samples[] = {
		{"fastmail.com!example.com!1516060800!1516147199!102675056.xml.gz", 1},
		{"nice-input.xml", 20},
		{"nice-input.xml.gz", 20},
		{"nice-input.xml.zip", 20},
		{"twilight.eml", 1},
		{"borschow.eml", 1},
	};
	static uint8_t buf[65536];
	char name[256];
	struct seen s;
	struct dg_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		(void)snprintf(name, sizeof(name), "parsedmarc/%s", samples[i].name);
		size_t n = load(name, buf, sizeof(buf));
		assert_int_equal(parse(buf, n, &s, &err), 0);
		assert_int_equal(s.n_reports, 1);
		assert_int_equal(s.n_rows, samples[i].n);
		for (size_t cut = 0; cut < n; cut += 1 + n / 97) { /* a report cut off is none */
			assert_true(parse(buf, cut, &s, &err) != 0 || strstr(name, ".eml") != NULL);
		}
	}
}

static void test_no_report(void **state)
{
	static uint8_t buf[65536];
	struct seen s;
	struct dg_err err;
	static const char mail[] =
		"From: a@example.com\nContent-Type: multipart/mixed; boundary=\"b\"\n"
		"\n--b\n\nhello\n--b--\n";

	(void)state;
	size_t n = load("stalwart/arf-001.eml", buf, sizeof(buf));
	assert_int_equal(parse(buf, n, &s, &err), DG_REPORTS_NONE);
	n = load("parsedmarc/google.com_smtp_tls_report.eml", buf, sizeof(buf));
	assert_int_equal(parse(buf, n, &s, &err), DG_REPORTS_NONE);
	assert_int_equal(parse(mail, sizeof(mail) - 1, &s, &err), DG_REPORTS_NONE);
	assert_int_equal(parse("", 0, &s, &err), DG_REPORTS_NONE);
	assert_int_equal(parse("<html>", 6, &s, &err), DG_EREMOTE);
}

static void test_mails(void **state)
{
	static const char *const mails[] = {
		"Content-Type: application/xml\n\n" REPORT,
		"Content-Type: text/xml\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" REPORT,
		"CONTENT-TYPE: multipart/mixed;\r\n\tBoundary = \"a b\"\r\n\r\nx\r\n--a "
		"b\r\n\r\ny\r\n"
		"--a b\r\nContent-Type: text/xml\r\n\r\n" REPORT "\r\n--a b--\r\n",
		"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; "
		"boundary=i\n\n--i\n\n" REPORT "\n--i--\n--o--\n",
		"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n<?xml version='1.0'?><!-- "
		"not\n"
		"-->" /* begins as a boundary does */
		"<feedback><report_metadata/><policy_published/><record><row><source_ip>::1</"
		"source_ip>"
		"<count>1</count></row></record></feedback>\n--b--\n",
		"From x Mon\nContent-Transfer-Encoding: BASE64\n\n"
		"PGZlZWRiYWNrPjxyZXBvcnRfbWV0YWRhdGEvPjxwb2xp\nY3lfcHVibGlzaGVkLz48cmVjb3JkPjxyb3c+"
		"PHNv"
		"dXJjZV9pcD46OjE8L3NvdXJjZV9pcD48Y291bnQ+MTwvY291bnQ+PC9yb3c+PC9yZWNvcmQ+\n"
		"PC9mZWVkYmFjaz4=\n",
	};
	struct seen s;
	struct dg_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
		assert_int_equal(parse(mails[i], strlen(mails[i]), &s, &err), 0);
		assert_int_equal(s.n_rows, 1);
	}
}

static void test_zips(void **state)
{
	static uint8_t packed[4096];
	size_t n = pack(REPORT, strlen(REPORT), -15, packed, sizeof(packed));
	struct dg_buf b;
	struct seen s;
	struct dg_err err;

	(void)state;
	dg_buf_init(&b, MIB);
	put_zip(&b, packed, n, (struct zip){.n_entries = 1, .method = 8});
	assert_int_equal(parse(b.data, b.len, &s, &err), 0);
	assert_int_equal(s.n_rows, 1);
	dg_buf_clear(&b);
	put_zip(&b, REPORT, strlen(REPORT), (struct zip){.n_entries = 1});
	assert_int_equal(parse(b.data, b.len, &s, &err), 0);
	assert_int_equal(s.n_rows, 1);
	for (size_t i = 0; i < b.len; i++) { /* any octet may be anything */
		char was = b.data[i];
		for (int v = 0; v < 256; v += 51) {
			b.data[i] = (char)v;
			(void)parse(b.data, b.len, &s, &err);
		}
		b.data[i] = was;
	}
	dg_buf_done(&b);
}

static void refuse_zip(struct zip z, int rc, const char *why)
{
	struct dg_buf b;
	struct seen s;
	struct dg_err err;

	dg_buf_init(&b, MIB);
	put_zip(&b, REPORT, strlen(REPORT), z);
	assert_int_equal(parse(b.data, b.len, &s, &err), rc);
	assert_non_null(strstr(err.text, why));
	assert_int_equal(s.n_rows, 0);
	dg_buf_done(&b);
}

static void test_bad_zips(void **state)
{
	struct seen s;
	struct dg_err err;

	(void)state;
	refuse_zip((struct zip){.n_entries = 2}, DG_ELIMIT, "2 entries");
	refuse_zip((struct zip){.n_entries = 65535}, DG_ELIMIT, "entries");
	refuse_zip((struct zip){.n_entries = 0}, DG_ELIMIT, "0 entries");
	refuse_zip((struct zip){.n_entries = 1, .flags = 1}, DG_EREMOTE, "encrypted");
	refuse_zip((struct zip){.n_entries = 1, .method = 12}, DG_EREMOTE, "method 12");
	refuse_zip((struct zip){.n_entries = 1, .offset = 7}, DG_EREMOTE, "not where");
	refuse_zip((struct zip){.n_entries = 1, .offset = UINT32_MAX}, DG_EREMOTE, "not where");
	refuse_zip((struct zip){.n_entries = 1, .len_more = 1000}, DG_EREMOTE, "longer");
	refuse_zip(
		(struct zip){.n_entries = 1, .len_more = UINT32_MAX - 2000}, DG_EREMOTE, "longer");
	assert_int_equal(parse("PK\3\4", 4, &s, &err), DG_EREMOTE);
}

/* --- bombs ------------------------------------------------------------------------------------ */
static void test_bombs(void **state)
{
	size_t n_blank = 24 * MIB;
	char *blanks = malloc(n_blank);
	uint8_t *packed = malloc(MIB);
	struct dg_buf b;
	struct seen s;
	struct dg_err err;

	(void)state;
	assert_true(blanks && packed);
	memset(blanks, ' ', n_blank);
	size_t n = pack(blanks, n_blank, 31, packed, MIB);
	assert_int_equal(parse(packed, n, &s, &err), DG_ELIMIT);
	assert_non_null(strstr(err.text, "come out of one"));
	n = pack(blanks, n_blank, -15, packed, MIB);
	dg_buf_init(&b, 2 * MIB);
	put_zip(&b, packed, n, (struct zip){.n_entries = 1, .method = 8});
	assert_int_equal(parse(b.data, b.len, &s, &err), DG_ELIMIT);
	n = pack(REPORT, strlen(REPORT), 31, packed, MIB); /* an archive in an archive */
	dg_buf_clear(&b);
	put_zip(&b, packed, n, (struct zip){.n_entries = 1});
	assert_int_equal(parse(b.data, b.len, &s, &err), DG_REPORTS_NONE);
	assert_int_equal(parse(blanks, DG_REPORTS_FILE_MAX + 1, &s, &err), DG_ELIMIT);
	dg_buf_done(&b);
	free(packed);
	free(blanks);
}

static void test_mail_bombs(void **state)
{
	struct dg_buf b;
	struct seen s;
	struct dg_err err;

	(void)state;
	dg_buf_init(&b, 16 * MIB);
	dg_buf_puts(&b, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 300000; i++) {
		dg_buf_puts(&b, "--b\n\nx\n");
	}
	assert_int_equal(parse(b.data, b.len, &s, &err), DG_ELIMIT);
	assert_non_null(strstr(err.text, "parts"));
	dg_buf_clear(&b);
	for (int i = 0; i < 300000; i++) {
		dg_buf_printf(&b, "Content-Type: multipart/mixed; boundary=b%d\n ", i);
	}
	dg_buf_puts(&b, "\n\n" REPORT);
	assert_int_equal(parse(b.data, b.len, &s, &err), 0);
	dg_buf_clear(&b);
	dg_buf_puts(&b, "Content-Type: multipart/mixed; boundary=\"");
	for (int i = 0; i < 100000; i++) {
		dg_buf_putc(&b, 'b');
	}
	dg_buf_puts(&b, "\"\n\nx");
	assert_int_equal(parse(b.data, b.len, &s, &err), DG_REPORTS_NONE);
	dg_buf_done(&b);
}

/* --- files ------------------------------------------------------------------------------------ */
static void write_file(const char *folder, const char *name, const char *text)
{
	char path[512];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	(void)fwrite(text, 1, strlen(text), f);
	(void)fclose(f);
}

struct walked {
	struct dg_rows *rows;
	unsigned n_sound, n_again, n_none, n_bad;
};

static int on_file(void *arg, const char *path, struct dg_err *err)
{
	struct walked *w = arg;
	int r = dg_reports_read(path, w->rows, err);

	w->n_sound += r == 0;
	w->n_again += r == DG_REPORTS_AGAIN;
	w->n_none += r == DG_REPORTS_NONE;
	w->n_bad += r < 0;
	assert_true(r >= 0 || strstr(dg_err_line(err, (char[600]){0}, 600), "/cur/bad") != NULL);
	return 0;
}

static void test_maildir(void **state)
{
	static const char *const folders[] = {"", "/new", "/cur", "/tmp", "/.hidden"};
	char root[] = "/tmp/dg-reports-XXXXXX";
	char path[256];
	struct walked w = {.rows = dg_rows_new(NULL, 1)};
	struct dg_rows_counts c;
	struct dg_err err;

	(void)state;
	assert_non_null(mkdtemp(root));
	for (size_t i = 1; i < 5; i++) {
		(void)snprintf(path, sizeof(path), "%s%s", root, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	write_file(root, "new/1", "Subject: x\n\n" REPORT);
	write_file(root, "cur/2:2,S", "Subject: x\n\n" REPORT);
	write_file(root, "cur/3:2,S", "Subject: lunch\n\nhello\n");
	write_file(root, "cur/bad", "Subject: x\n\n<?xml version='1.0'?><feedback><record>");
	write_file(root, "tmp/4", REPORT);
	write_file(root, ".hidden/5", REPORT);
	(void)snprintf(path, sizeof(path), "%s/new/loop", root);
	assert_int_equal(symlink(root, path), 0);
	assert_int_equal(dg_reports_walk(root, on_file, &w, &err), 0);
	assert_int_equal(w.n_sound, 1);
	assert_int_equal(w.n_again, 1);
	assert_int_equal(w.n_none, 1);
	assert_int_equal(w.n_bad, 1);
	dg_rows_counts(w.rows, &c);
	assert_int_equal(c.n_reports, 1);
	assert_int_equal(c.n_rows, 1);
	assert_int_equal(dg_reports_read("/dev/zero", w.rows, &err), DG_EIO);
	assert_int_equal(dg_reports_read(root, w.rows, &err), DG_EIO);
	assert_int_equal(dg_reports_walk("/nonexistent/x", on_file, &w, &err), DG_EIO);
	(void)dg_rows_free(w.rows);
	static const char *const all[] = {"/new/loop", "/new/1", "/cur/2:2,S", "/cur/3:2,S",
		"/cur/bad", "/tmp/4", "/.hidden/5", "/new", "/cur", "/tmp", "/.hidden", ""};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", root, all[i]);
		assert_int_equal(remove(path), 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mails_of_stalwart),
		cmocka_unit_test(test_samples_of_parsedmarc),
		cmocka_unit_test(test_no_report),
		cmocka_unit_test(test_mails),
		cmocka_unit_test(test_zips),
		cmocka_unit_test(test_bad_zips),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_mail_bombs),
		cmocka_unit_test(test_maildir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
