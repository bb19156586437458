/* floor FILE...: the least that reading compressed reports costs: zlib and expat, records counted and the numbers in <count> summed. */
#include "tests/bench/reports/peak.h"

#include <expat.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct floor {
	uint64_t n_rows, n_messages;
	bool is_in_count;
	size_t len;
	char digits[32];
};

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct floor *f = arg;

	(void)attributes;
	f->n_rows += strcmp(name, "record") == 0;
	f->is_in_count = strcmp(name, "count") == 0;
	f->len = 0;
}

static void on_end(void *arg, const XML_Char *name)
{
	struct floor *f = arg;

	(void)name;
	if (f->is_in_count) {
		f->digits[f->len] = '\0';
		f->n_messages += strtoul(f->digits, NULL, 10);
		f->is_in_count = false;
	}
}

static void on_text(void *arg, const XML_Char *text, int len)
{
	struct floor *f = arg;

	if (f->is_in_count && f->len + (size_t)len < sizeof(f->digits)) {
		memcpy(f->digits + f->len, text, (size_t)len);
		f->len += (size_t)len;
	}
}

static int read_file(struct floor *f, const char *path)
{
	static char block[65536];
	gzFile in = gzopen(path, "rb");
	XML_Parser xml = XML_ParserCreate(NULL);
	int n = -1;

	if (in && xml) {
		XML_SetUserData(xml, f);
		XML_SetElementHandler(xml, on_start, on_end);
		XML_SetCharacterDataHandler(xml, on_text);
		while ((n = gzread(in, block, sizeof(block))) > 0 &&
			XML_Parse(xml, block, n, 0) == XML_STATUS_OK) {
		}
		n = n == 0 && XML_Parse(xml, "", 0, 1) == XML_STATUS_OK ? 0 : -1;
	}
	XML_ParserFree(xml);
	if (in) {
		(void)gzclose(in);
	}
	return n;
}

int main(int argc, char **argv)
{
	struct floor f = {0};

	for (int i = 1; i < argc; i++) {
		if (read_file(&f, argv[i]) != 0) {
			(void)fprintf(stderr, "%s: cannot be read\n", argv[i]);
			return 1;
		}
	}
	(void)printf("{\"what\":\"zlib and expat\",\"reports\":%d,\"rows\":%llu,\"messages\":%llu,"
		     "\"cpu_s\":%.3f,\"rss_kib\":%ld}\n",
		argc - 1, (unsigned long long)f.n_rows, (unsigned long long)f.n_messages, cpu_s(),
		peak_kib());
	return 0;
}
