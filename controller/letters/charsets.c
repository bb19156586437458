#include "controller/letters/charsets.h"

#include "zones/base/arena.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

/* What mail is written in, as iconv calls it, and other names for the same; what a label means in practice comes first: mail that
 * says Shift_JIS is written with the additions of Windows-31J. */
static const struct {
	const char *name;
	const char *labels; /* between blanks, lower case */
} sets[] = {
	{"UTF-8", " utf-8 utf8 unicode-1-1-utf-8 us-ascii ascii "},
	{"ISO-2022-JP-2", " iso-2022-jp iso-2022-jp-1 iso-2022-jp-2 "},
	{"ISO-2022-JP-3", " iso-2022-jp-3 iso-2022-jp-ms cp50220 cp50221 "},
	{"CP932", " shift_jis shift-jis sjis x-sjis cp932 ms932 windows-31j ms_kanji "},
	{"EUC-JP", " euc-jp x-euc-jp eucjp cp51932 "},
	{"ISO-2022-KR", " iso-2022-kr "},
	{"CP949", " euc-kr ks_c_5601-1987 ks_c_5601 cp949 x-windows-949 uhc "},
	{"GB18030", " gb2312 gbk gb18030 x-gbk cp936 hz-gb-2312 gb_2312-80 "},
	{"BIG5-HKSCS", " big5 big5-hkscs x-big5 cp950 "},
	{"KOI8-R", " koi8-r koi8r "},
	{"KOI8-U", " koi8-u "},
	{"CP1250", " windows-1250 cp1250 "},
	{"CP1251", " windows-1251 cp1251 x-cp1251 "},
	{"CP1252", " windows-1252 cp1252 iso-8859-1 iso8859-1 latin1 "},
	{"CP1253", " windows-1253 cp1253 iso-8859-7 "},
	{"CP1254", " windows-1254 cp1254 iso-8859-9 "},
	{"CP1255", " windows-1255 cp1255 iso-8859-8-i iso-8859-8 "},
	{"CP1256", " windows-1256 cp1256 "},
	{"CP1257", " windows-1257 cp1257 iso-8859-13 "},
	{"CP1258", " windows-1258 cp1258 "},
	{"CP866", " cp866 ibm866 "},
	{"CP437", " cp437 ibm437 "},
	{"CP850", " cp850 ibm850 "},
	{"CP852", " cp852 ibm852 "},
	{"ISO-8859-2", " iso-8859-2 iso8859-2 latin2 "},
	{"ISO-8859-4", " iso-8859-4 "},
	{"ISO-8859-5", " iso-8859-5 iso8859-5 "},
	{"ISO-8859-6", " iso-8859-6 "},
	{"ISO-8859-10", " iso-8859-10 "},
	{"ISO-8859-15", " iso-8859-15 iso8859-15 latin-9 "},
	{"TIS-620", " tis-620 windows-874 iso-8859-11 "},
	{"UTF-7", " utf-7 unicode-1-1-utf-7 "},
};
#define N_SETS (sizeof(sets) / sizeof(sets[0]))

struct dg_charsets {
	iconv_t open[N_SETS];
};

struct dg_charsets *dg_charsets_open(void)
{
	struct dg_charsets *c = calloc(1, sizeof(*c));

	if (!c) {
		abort();
	}
	for (size_t i = 0; i < N_SETS; i++) {
		c->open[i] = iconv_open("UTF-8", sets[i].name);
	}
	return c;
}

/* NOLINTNEXTLINE(performance-no-int-to-ptr): what iconv_open() says when it cannot */
#define NO_ICONV ((iconv_t)(intptr_t)-1)

struct dg_charsets *dg_charsets_free(struct dg_charsets *c)
{
	for (size_t i = 0; c && i < N_SETS; i++) {
		if (c->open[i] != NO_ICONV) {
			(void)iconv_close(c->open[i]);
		}
	}
	free(c);
	return NULL;
}

static iconv_t find(struct dg_charsets *c, const char *charset)
{
	size_t n = strlen(charset);

	for (size_t i = 0; n > 0 && i < N_SETS; i++) {
		const char *at = strstr(sets[i].labels, charset);

		if (at && at > sets[i].labels && at[-1] == ' ' && at[n] == ' ') {
			return c->open[i];
		}
	}
	return NO_ICONV;
}

/* What cannot be read is U+FFFD, octet by octet. */
const char *dg_charsets_to_utf8(void *arg, struct dg_arena *a, const char *charset, const char *p,
	size_t len, size_t *ret_len)
{
	iconv_t cd = find(arg, charset);
	size_t room = len * 4 + 16;
	char *in = NULL;

	if (cd == NO_ICONV || len > DG_BOUNCE_READ_MAX) {
		return NULL;
	}
	char *out = dg_get(a, 1, room);
	char *end = out;
	memcpy(&in, &p, sizeof(in)); /* iconv() does not write there, its type does not say so */
	(void)iconv(cd, NULL, NULL, NULL, NULL);
	while (len > 0 && room > 3 && iconv(cd, &in, &len, &end, &room) == (size_t)-1 &&
		errno != E2BIG && len > 0) {
		/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): its length is told */
		memcpy(end, "\xef\xbf\xbd", 3);
		end += 3;
		room -= 3;
		in++;
		len--;
	}
	(void)iconv(cd, NULL, NULL, &end, &room);
	*ret_len = (size_t)(end - out);
	return out;
}
