/* Names, durations and records as people read them. */
#include "zones/plan/build.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/mx.h"

#include <string.h>

#define RECORD_TEXT_MAX (300u << 10) /* bytes: 65,535 octets, each escaped to four, and quotes */
#define WORD_MAX        60u          /* bytes of a word that is shown whole */
#define WORD_HEAD       14u
#define WORD_TAIL       16u

const char *dg_duration_text(struct dg_arena *a, uint32_t seconds)
{
	if (seconds < 60) {
		return dg_printf(a, "%u s", seconds);
	}
	if (seconds < 3600) {
		return seconds % 60 == 0 ? dg_printf(a, "%u min", seconds / 60)
					 : dg_printf(a, "%u min %u s", seconds / 60, seconds % 60);
	}
	if (seconds < 86400) {
		return dg_printf(a, "%u h %u min", seconds / 3600, seconds % 3600 / 60);
	}
	return dg_printf(a, "%u d %u h", seconds / 86400, seconds % 86400 / 3600);
}

static void put_word(struct dg_buf *b, const char *word, size_t len)
{
	uint8_t digest[DG_DIGEST_LEN];
	char hex[9];

	if (len <= WORD_MAX) {
		dg_buf_put(b, word, len);
		return;
	}
	/* RSA keys of one size begin and end alike: the digest is what tells two of them apart. */
	dg_digest(word, len, digest);
	dg_buf_put(b, word, WORD_HEAD);
	dg_buf_puts(b, "...");
	dg_buf_put(b, word + len - WORD_TAIL, WORD_TAIL);
	dg_buf_printf(b, " (%zu characters, sha256 %s)", len, dg_digest_text(digest, 4, hex));
}

static void put_shortened(struct dg_buf *b, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = 0;

		while (i + n < len && text[i + n] != ' ') {
			n++;
		}
		put_word(b, text + i, n);
		i += n;
		for (; i < len && text[i] == ' '; i++) {
			dg_buf_putc(b, ' ');
		}
	}
}

const char *dg_record_words(
	struct dg_arena *a, uint16_t type, const struct dg_rdata *rd, bool in_full)
{
	const struct dg_rrset one = {.owner = ".", .type = type, .rdata = rd, .n = 1};
	struct dg_buf b;

	dg_buf_init(&b, RECORD_TEXT_MAX);
	if (type == DG_TYPE_TXT && !in_full) {
		put_shortened(&b, dg_txt_join(a, rd), dg_txt_len(rd));
	} else {
		dg_rdata_print(&b, type, rd);
	}
	if (type == DG_TYPE_MX && dg_mx_state(&one) == DG_MX_NULL) {
		dg_buf_puts(&b, "  (null MX: takes no mail)");
	}
	const char *text = dg_strndup(a, b.data, b.len);
	dg_buf_done(&b);
	return text;
}
