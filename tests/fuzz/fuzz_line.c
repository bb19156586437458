/* Lines of sensors: what is taken for an event can be put into a line again, and says the same. */
#include "controller/watch/line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct dg_line_said *said)
{
	char line[DG_LINE_MAX];
	struct dg_line_said other;
	int n = said->is_event ? dg_line_put_event(line, said->seq, &said->event)
			       : dg_line_put_position(line, said->seq, said->position);

	if (n <= 0 || dg_line_parse(line, (size_t)n, &other) != 0 || other.seq != said->seq ||
		other.is_event != said->is_event) {
		abort();
	}
	if (!said->is_event) {
		if (strcmp(other.position, said->position) != 0) {
			abort();
		}
	} else if (other.event.kind != said->event.kind || other.event.at_ms != said->event.at_ms ||
		   other.event.address.n != said->event.address.n ||
		   memcmp(other.event.address.p, said->event.address.p, other.event.address.n) !=
			   0 ||
		   other.event.client.n != said->event.client.n) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct dg_line_key key = {.n = 0};
	struct dg_line_said said;

	if (size > DG_LINE_MAX) {
		return 0;
	}
	char *line = malloc(size + 1);
	size_t n = size;
	memcpy(line, data, size);
	line[size] = '\0';
	if (dg_line_open(&key, "s", line, &n) == 0 && strlen(line) == n &&
		dg_line_parse(line, n, &said) == 0) {
		again(&said);
	}
	free(line);
	return 0;
}
