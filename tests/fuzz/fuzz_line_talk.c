/* What a controller says to a sensor after its welcome: acknowledgements, and what is to be refused. A set counts only once it is whole, and nothing that
 * was not sent is ever acknowledged. */
#include "controller/watch/line_client_parts.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (64u << 10)
#define SENT      4u /* lines that went out before */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

static void count(void *arg, const char *entry)
{
	check(entry[0] != '\0' && strlen(entry) < DG_SHED_ENTRY_MAX && !strchr(entry, '\n'));
	++*(size_t *)arg;
}

static bool is_end_of_set(const char *line, size_t n)
{
	return n > 9 && memcmp(line, "shed ", 5) == 0 && memcmp(line + n - 4, " . -", 4) == 0;
}

static void talk(struct dg_line_client *c, const uint8_t *data, size_t size)
{
	uint64_t generation = dg_shed_generation(c->o.shed);
	int r = 0;

	for (size_t at = 0; r == 0 && at < size;) {
		const uint8_t *eol = memchr(data + at, '\n', size - at);
		size_t n = eol ? (size_t)(eol - data) - at : size - at;

		if (n >= DG_LINE_MAX) {
			break;
		}
		memcpy(c->in, data + at, n);
		c->in[n] = '\0';
		c->n_in = n + 1;
		r = dg_line_take(c, n);
		check(c->n_in == 0 || r != 0);
		check(c->acknowledged < c->to_send && c->n_shed <= DG_SHED_MAX);
		if (dg_shed_generation(c->o.shed) != generation) {
			check(is_end_of_set((const char *)data + at, n));
			generation = dg_shed_generation(c->o.shed);
		}
		at += n + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = 0;

	if (size > INPUT_MAX) {
		return 0;
	}
	struct dg_line_client *c = calloc(1, sizeof(*c));
	c->o.shed = dg_shed_new();
	c->first = 1;
	c->next = c->to_send = SENT + 1;
	(void)pthread_mutex_init(&c->lock, NULL);
	talk(c, data, size);
	dg_shed_list(c->o.shed, count, &n);
	check(n <= DG_SHED_MAX && c->counts.n_acknowledged == c->acknowledged);
	dg_line_forget_shed(c);
	(void)pthread_mutex_destroy(&c->lock);
	(void)dg_shed_free(c->o.shed);
	free(c);
	return 0;
}
