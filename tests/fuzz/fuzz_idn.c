/* Domain names and mail addresses as people write them: what is read is canonical, what is shown is safe. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/idn.h"
#include "zones/record/name.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

static void check_safe(const char *text)
{
	struct dg_buf b;

	dg_buf_init(&b, 8 * strlen(text) + 1);
	dg_buf_put_safe(&b, text, strlen(text));
	check(strcmp(text, b.data ? b.data : "") == 0);
	dg_buf_done(&b);
}

static void check_name(struct dg_arena *a, const char *name)
{
	const char *again = NULL;
	struct dg_err err;

	check(strcmp(name, ".") != 0);
	check(dg_name_parse(a, name, strlen(name), NULL, &again, &err) == 0);
	check(strcmp(name, again) == 0);
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.*") == strlen(name)) {
		int r = dg_domain_parse(a, name, strlen(name), &again, &err);
		check(r == 0 ? strcmp(name, again) == 0 : strstr(err.text, "IP address") != NULL);
	}
	const char *unicode = dg_name_to_unicode(a, name);
	if (unicode) {
		check_safe(unicode);
		check(dg_domain_parse(a, unicode, strlen(unicode), &again, &err) == 0);
		check(strcmp(name, again) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(64u << 20);
	const char *name = NULL;
	const char *local = NULL;
	struct dg_err err;

	if (size > INPUT_MAX) {
		return 0;
	}
	const char *text = dg_memdup(a, data, size);
	if (dg_domain_parse(a, text, size, &name, &err) == 0) {
		check_name(a, name);
	} else {
		check(err.rc == DG_EINPUT);
		check_safe(err.text);
	}
	int r = dg_mail_address_domain(a, text, size, &local, &name, &err);
	if (r == 0) {
		check_name(a, name);
		check_safe(local);
		check(local[0] != '\0' && strlen(local) <= DG_MAIL_LOCAL_MAX);
	} else if (r < 0) {
		check(err.rc == DG_EINPUT);
		check_safe(err.text);
	}
	return 0;
}
