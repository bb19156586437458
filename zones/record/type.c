#include "zones/record/rrset.h"

#include "zones/record/lex.h"
#include "zones/record/rdata.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct type {
	const char *name;
	const char *form; /* zones/record/rdata.h; NULL: only as RFC 3597 data */
	uint16_t type;
};

/* In the order of how often zone files have them: the scanner asks by name for every record. */
static const struct type types[] = {
	{"A", "a", 1},
	{"TXT", "*", 16},
	{"MX", "2N", 15},
	{"CNAME", "N", 5},
	{"NS", "N", 2},
	{"AAAA", "A", 28},
	{"SOA", "NN4TTTT", 6},
	{"CAA", "1GR", 257},
	{"SRV", "222N", 33},
	{"PTR", "N", 12},
	{"TLSA", "111X", 52},
	{"SSHFP", "11X", 44},
	{"HTTPS", "2NX", 65},
	{"SVCB", "2NX", 64},
	{"NAPTR", "22SSSN", 35},
	{"DS", "211X", 43},
	{"DNSKEY", "211X", 48},
	{"RRSIG", "2114442NX", 46},
	{"NSEC", "NX", 47},
	{"NSEC3", "X", 50},
	{"NSEC3PARAM", "X", 51},
	{"CDS", "211X", 59},
	{"CDNSKEY", "211X", 60},
	{"DNAME", "N", 39},
	{"SPF", "*", 99},
	{"HINFO", "SS", 13},
	{"RP", "NN", 17},
	{"AFSDB", "2N", 18},
	{"LOC", "X", 29},
	{"KX", "2N", 36},
	{"SMIMEA", "111X", 53},
	{"OPENPGPKEY", "X", 61},
	{"CSYNC", "X", 62},
	{"ZONEMD", "411X", 63},
	{"EUI48", "X", 108},
	{"EUI64", "X", 109},
	{"URI", "22R", 256},
	{"MD", "N", 3},
	{"MF", "N", 4},
	{"MB", "N", 7},
	{"MG", "N", 8},
	{"MR", "N", 9},
	{"NULL", NULL, 10},
	{"WKS", NULL, 11},
	{"MINFO", "NN", 14},
	{"X25", "S", 19},
	{"ISDN", NULL, 20},
	{"RT", "2N", 21},
	{"NSAP", NULL, 22},
	{"SIG", NULL, 24},
	{"KEY", NULL, 25},
	{"PX", NULL, 26},
	{"GPOS", "SSS", 27},
	{"NXT", NULL, 30},
	{"CERT", NULL, 37},
	{"APL", NULL, 42},
	{"IPSECKEY", NULL, 45},
	{"DHCID", NULL, 49},
	{"HIP", NULL, 55},
	{"NID", NULL, 104},
	{"L32", NULL, 105},
	{"L64", NULL, 106},
	{"LP", "2N", 107},
	{"TKEY", NULL, 249},
	{"TSIG", NULL, 250},
	{"AVC", "*", 258},
	{"AMTRELAY", NULL, 260},
	{"RESINFO", "*", 261},
	{"WALLET", "*", 262},
	{"TA", NULL, 32768},
	{"DLV", NULL, 32769},
};

#define N_TYPES (sizeof(types) / sizeof(types[0]))

const char *dg_type_text(uint16_t type, char buf[16])
{
	for (size_t i = 0; i < N_TYPES; i++) {
		if (types[i].type == type) {
			(void)snprintf(buf, 16, "%s", types[i].name);
			return buf;
		}
	}
	(void)snprintf(buf, 16, "TYPE%u", (unsigned)type);
	return buf;
}

int dg_type_parse(const char *text, size_t len, uint16_t *ret_type)
{
	uint32_t v = 0;

	if (len == 0) {
		return 1;
	}
	for (size_t i = 0; i < N_TYPES; i++) {
		const char *name = types[i].name;

		if ((name[0] | 0x20) == (text[0] | 0x20) && strlen(name) == len &&
			strncasecmp(name, text, len) == 0) {
			*ret_type = types[i].type;
			return 0;
		}
	}
	if (len > 4 && strncasecmp(text, "TYPE", 4) == 0 &&
		dg_u32_parse(text + 4, len - 4, UINT16_MAX, &v) == 0) {
		*ret_type = (uint16_t)v;
		return 0;
	}
	return 1;
}

bool dg_type_is_ours(uint16_t type)
{
	return type == DG_TYPE_MX || type == DG_TYPE_TXT;
}

const char *dg_rdata_form(uint16_t type)
{
	for (size_t i = 0; i < N_TYPES; i++) {
		if (types[i].type == type) {
			return types[i].form;
		}
	}
	return NULL;
}
