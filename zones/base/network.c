#include "zones/base/network.h"

#include "zones/base/buf.h"

#include <string.h>

#define SITE4 24u
#define SITE6 48u

int dg_network_parse(const char *text, size_t len, struct dg_network *ret_network)
{
	const char *slash = memchr(text, '/', len);
	size_t n = slash ? (size_t)(slash - text) : len;
	struct dg_network network;
	unsigned prefix = 0;

	if (dg_address_parse(text, n, &network.address) != 0) {
		return 1;
	}
	network.prefix = network.address.is_ip6 ? 128 : 32;
	if (slash) {
		size_t digits = len - n - 1;
		if (digits < 1 || digits > 3) {
			return 1;
		}
		for (const char *p = slash + 1; p < text + len; p++) {
			if (*p < '0' || *p > '9') {
				return 1;
			}
			prefix = prefix * 10 + (unsigned)(*p - '0');
		}
		if (prefix > network.prefix) {
			return 1;
		}
		network.prefix = prefix;
	}
	*ret_network = network;
	return 0;
}

bool dg_network_holds(const struct dg_network *n, const struct dg_address *a)
{
	unsigned whole = n->prefix / 8;
	unsigned rest = n->prefix % 8;

	if (n->address.is_ip6 != a->is_ip6 || memcmp(n->address.octets, a->octets, whole) != 0) {
		return false;
	}
	return rest == 0 || (n->address.octets[whole] ^ a->octets[whole]) >> (8 - rest) == 0;
}

struct dg_network dg_network_around(const struct dg_address *a)
{
	struct dg_network n = {.prefix = a->is_ip6 ? SITE6 : SITE4};

	n.address.is_ip6 = a->is_ip6;
	memcpy(n.address.octets, a->octets, n.prefix / 8);
	return n;
}

const char *dg_network_text(const struct dg_network *n, char buf[DG_NETWORK_TEXT_MAX])
{
	struct dg_buf b;

	dg_buf_init(&b, DG_NETWORK_TEXT_MAX - 1);
	dg_address_print(&b, &n->address);
	dg_buf_printf(&b, "/%u", n->prefix);
	memcpy(buf, b.data, b.len + 1);
	dg_buf_done(&b);
	return buf;
}
