/* zones/mail/spf_tree.h: an SPF record with all that it includes, resolved: what it costs, and who may send (RFC 7208 section
 * 4.6.4). Pure: asks facts.
 *
 * Shape    Unlike an evaluation it takes every branch: the counts are those of a client that matches nothing. One node a
 *          term that costs a look-up, and one for each list of addresses; in order, depth tells whose child.
 * Limits   DG_SPF_DEPTH_MAX, DG_SPF_RECORDS_MAX, DG_SPF_NODES_MAX (spf.h).
 * Memory   In the arena given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_buf;
struct dg_facts;

struct dg_spf_node {
	unsigned depth;
	const char *term; /* as written ("include:_spf.example.net"); the first node: the owner */
	const char *
		domain; /* the name that it asks for, canonical; NULL: depends on the mail, or none */
	const char *
		record; /* include, redirect and the first node: the record found there; NULL: none */
	const char *remark;     /* "it includes itself", "could not be looked up"; NULL: none */
	unsigned n_lookups;     /* its own and those below it */
	unsigned n_voids;       /* worst case of IPv4 and IPv6 clients */
	double n_addresses4;    /* that may send by it and what is below it with qualifier '+' */
	double n_addresses6_64; /* IPv6, in networks of 64 bits */
	const char *
		shared; /* infrastructure that many senders share ("Amazon SES"); NULL: not known as such */
};

struct dg_spf_tree {
	struct dg_spf_node *nodes;
	size_t n_nodes, n_hidden; /* hidden: above the limit */
	unsigned n_lookups, n_voids, n_voids4, n_voids6;
	unsigned n_pending;     /* > 0: run again when more is known */
	unsigned n_failed;      /* > 0: could not be looked up; all counts are lower bounds */
	const char *failed_why; /* the first of them, in words; NULL */
	unsigned n_macros;      /* terms whose name depends on the mail: counted, not followed */
	bool has_all, has_pass_all, has_neutral_all, has_soft_all,
		has_fail_all; /* what ends the whole tree (redirects followed) */
	double n_addresses4, n_addresses6_64;
	const char *loop; /* a name that includes itself; NULL: none */
	const char
		*broken; /* a name whose record is missing, doubled or does not parse; NULL: none */
	const char *broken_why; /* "it has 2 SPF records, not one" */
	const char *many_mx;    /* a name with more than ten MX hosts (permerror); NULL: none */
};

/* owner is canonical; record: the text that stands (or is about to stand) there. */
void dg_spf_tree(struct dg_arena *a, const char *owner, const char *record,
	const struct dg_facts *facts, struct dg_spf_tree *ret_tree);
/* One term with what it costs and who may send by it, no newline: "mx, 1 look-up, 2 IPv4 addresses". */
void dg_spf_node_print(struct dg_buf *b, const struct dg_spf_node *n);
/* "7 of 10 look-ups, 1 of 2 void, 259 IPv4 addresses", no newline. */
void dg_spf_cost_print(struct dg_buf *b, const struct dg_spf_tree *t);
/* The cost, and one line a node, indented. */
void dg_spf_tree_print(struct dg_buf *b, const struct dg_spf_tree *t);
