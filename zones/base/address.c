#include "zones/base/address.h"

#include <arpa/inet.h>
#include <string.h>

#include "zones/base/buf.h"

_Static_assert(INET6_ADDRSTRLEN <= DG_ADDRESS_TEXT_MAX, "room for every address");

/* The special-purpose registries of IANA (RFC 6890 and its updates). The first that fits counts. */
struct range {
	uint8_t prefix[16];
	unsigned bits;
	const char *what;
};

static const struct range ranges4[] = {
	{{0}, 8, "unspecified"},
	{{10}, 8, "private"},
	{{100, 64}, 10, "shared (carrier NAT)"},
	{{127}, 8, "loopback"},
	{{169, 254}, 16, "link-local"},
	{{172, 16}, 12, "private"},
	{{192, 0, 0}, 24, "for protocols"},
	{{192, 0, 2}, 24, "documentation"},
	{{192, 88, 99}, 24, "deprecated (6to4 relays)"},
	{{192, 168}, 16, "private"},
	{{198, 18}, 15, "benchmarking"},
	{{198, 51, 100}, 24, "documentation"},
	{{203, 0, 113}, 24, "documentation"},
	{{224}, 4, "multicast"},
	{{255, 255, 255, 255}, 32, "broadcast"},
	{{240}, 4, "reserved"},
};

static const struct range ranges6[] = {
	{{0}, 128, "unspecified"},
	{{[15] = 1}, 128, "loopback"},
	{{0}, 96, "deprecated (IPv4-compatible)"},
	{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "private (NAT64)"},
	{{0x01}, 64, "discard"},
	{{0x01, [7] = 0x01}, 64, "dummy"},
	{{0x20, 0x01, 0x00, 0x00}, 32, "deprecated (Teredo)"},
	{{0x20, 0x01, 0x00, 0x02}, 48, "benchmarking"},
	{{0x20, 0x01}, 23, "for protocols"},
	{{0x20, 0x01, 0x0d, 0xb8}, 32, "documentation"},
	{{0x3f, 0xff}, 20, "documentation"},
	{{0x5f}, 16, "segment routing"},
	{{0xfc}, 7, "private"},
	{{0xfe, 0x80}, 10, "link-local"},
	{{0xfe, 0xc0}, 10, "deprecated (site-local)"},
	{{0xff}, 8, "multicast"},
};

/* IPv6 addresses that stand for an IPv4 one, and where that begins. */
static const struct inner {
	uint8_t prefix[16];
	unsigned bits;
	unsigned at;
} inners[] = {
	{{[10] = 0xff, [11] = 0xff}, 96, 12}, /* mapped, RFC 4291 section 2.5.5.2 */
	{{0x00, 0x64, 0xff, 0x9b}, 96, 12},   /* NAT64, RFC 6052 section 2.1 */
	{{0x20, 0x02}, 16, 2},                /* 6to4, RFC 3056 section 2 */
};

static bool is_in(const uint8_t *octets, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8;
	unsigned rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	return memcmp(octets, prefix, whole) == 0 &&
	       (rest == 0 || ((octets[whole] ^ prefix[whole]) & mask) == 0);
}

static const char *find(const struct range *ranges, size_t n, const uint8_t *octets)
{
	for (size_t i = 0; i < n; i++) {
		if (is_in(octets, ranges[i].prefix, ranges[i].bits)) {
			return ranges[i].what;
		}
	}
	return NULL;
}

static const char *special4(const uint8_t *octets)
{
	return find(ranges4, sizeof(ranges4) / sizeof(ranges4[0]), octets);
}

int dg_address_parse(const char *text, size_t len, struct dg_address *ret_address)
{
	char copy[DG_ADDRESS_TEXT_MAX];
	struct dg_address a = {0};

	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len)) {
		return 1;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, a.octets) != 1) {
		a.is_ip6 = inet_pton(AF_INET6, copy, a.octets) == 1;
		if (!a.is_ip6) {
			return 1;
		}
		return dg_address_of(a.octets, 16, ret_address);
	}
	*ret_address = a;
	return 0;
}

int dg_address_of(const uint8_t *octets, size_t len, struct dg_address *ret_address)
{
	struct dg_address a = {0};

	if (len != 4 && len != 16) {
		return 1;
	}
	if (len == 16 && is_in(octets, inners[0].prefix, inners[0].bits)) {
		octets += inners[0].at;
		len = 4;
	}
	a.is_ip6 = len == 16;
	memcpy(a.octets, octets, len);
	*ret_address = a;
	return 0;
}

bool dg_address_is_literal(const char *text)
{
	struct dg_address a;

	return dg_address_parse(text, strlen(text), &a) == 0;
}

const char *dg_address_text(const struct dg_address *a, char buf[DG_ADDRESS_TEXT_MAX])
{
	return inet_ntop(a->is_ip6 ? AF_INET6 : AF_INET, a->octets, buf, DG_ADDRESS_TEXT_MAX);
}

void dg_address_print(struct dg_buf *b, const struct dg_address *a)
{
	char text[DG_ADDRESS_TEXT_MAX];

	dg_buf_puts(b, dg_address_text(a, text));
}

const char *dg_address_special(const struct dg_address *a)
{
	if (!a->is_ip6) {
		return special4(a->octets);
	}
	for (size_t i = 0; i < sizeof(inners) / sizeof(inners[0]); i++) {
		if (is_in(a->octets, inners[i].prefix, inners[i].bits)) {
			return special4(a->octets + inners[i].at);
		}
	}
	const char *what = find(ranges6, sizeof(ranges6) / sizeof(ranges6[0]), a->octets);
	if (!what && (a->octets[0] & 0xe0) != 0x20) {
		return "not allocated"; /* global unicast is 2000::/3, RFC 4291 section 2.4 */
	}
	return what;
}
