/* What a sensor keeps of how far it has come, as a damaged store may give it back: read, or refused; what was read and is written again says the
 * same. */
#include "controller/letters/source.h"
#include "controller/watch/sensor_log.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/watch/letterset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_MAX (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

static void look_at_log(const char *text)
{
	char again[DG_LOGPLACE_TEXT_MAX], twice[DG_LOGPLACE_TEXT_MAX];
	struct dg_logplace p, q;

	if (dg_logplace_parse(text, &p)) {
		dg_logplace_print(&p, again);
		check(dg_logplace_parse(again, &q));
		dg_logplace_print(&q, twice);
		check(strcmp(again, twice) == 0 && p.inode == q.inode && p.offset == q.offset &&
			p.head_len == q.head_len);
	}
}

static void look_at_letters(const char *text)
{
	struct dg_letterset s = {0}, t = {0};
	struct dg_buf b;

	if (!dg_letterset_parse(&s, text)) {
		check(s.slots == NULL && s.n == 0);
		return;
	}
	dg_buf_init(&b, DG_LETTERSET_TEXT_MAX);
	dg_letterset_print(&s, &b);
	check(dg_letterset_parse(&t, b.data) && t.n == s.n && t.floor_ms == s.floor_ms);
	for (size_t i = 0; i < s.n_slots; i++) {
		check(s.slots[i].key == 0 ||
			dg_letterset_has(&t, s.slots[i].at_ms, s.slots[i].key));
	}
	dg_buf_done(&b);
	dg_letterset_done(&s);
	dg_letterset_done(&t);
}

/* Opened there, and what it says then is opened again. */
static void look_at_source(const char *what, const char *text)
{
	struct dg_source_options o = {.is_followed = true, .position = text, .stop_fd = -1};
	struct dg_source *s = NULL;
	struct dg_err err;

	check(dg_source_open(what, &o, &s, &err) == 0);
	char *first = strdup(dg_source_position(s));
	dg_source_close(s);
	o.position = first;
	check(dg_source_open(what, &o, &s, &err) == 0);
	check(strcmp(what, "imap://a@127.0.0.1/") != 0 ||
		strcmp(dg_source_position(s), first) == 0);
	dg_source_close(s);
	free(first);
}

static void look_at_mbox(const char *text)
{
	static char what[64];
	static int fd = -1;

	if (fd < 0) {
		static const char letter[] = "From a Thu Nov 26 10:00:00 2026\n\nx\n\n";

		fd = memfd_create("mbox", MFD_CLOEXEC);
		check(fd >= 0 && write(fd, letter, strlen(letter)) == (ssize_t)strlen(letter));
		(void)snprintf(what, sizeof(what), "mbox:/proc/self/fd/%d", fd);
	}
	look_at_source(what, text);
}

/* As a text that ends. */
static char *text_of(const uint8_t *p, size_t n)
{
	char *text = malloc(n + 1);

	if (n > 0) {
		memcpy(text, p, n);
	}
	text[n] = '\0';
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX) {
		return 0;
	}
	char *text = text_of(data, size);
	look_at_log(text);
	look_at_letters(text);
	look_at_mbox(text);
	look_at_source("imap://a@127.0.0.1/", text);
	free(text);
	return 0;
}
