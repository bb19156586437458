/* controller/watch/policy.h: a policy service for Postfix (check_policy_service) that counts, and refuses what shed: asks for; else it
 * never says more than DUNNO.
 *
 * Shape    {policy: "unix:/run/dnsguard/policy group=postfix"} or {policy: "inet:127.0.0.1:10040"}. What counts: zones/watch/policyreq.h.
 * Delay    A thread of its own answers each request as soon as it is whole, whatever the loop is doing; events wait for the loop in a
 *          bounded queue, and what does not fit is dropped. What is no request is answered with DUNNO as well, and hung up on.
 * Restart  Nothing to go on from: what Postfix asks while nobody listens is not counted.
 * Limits   DG_POLICY_CONNECTIONS at once; on the network only loopback, because Postfix does not say who it is.
 */
#pragma once

#include "controller/watch/sensor.h"

#include <stdint.h>

#define DG_POLICY_CONNECTIONS 512u

struct dg_line_queue;
struct dg_policy_server;

extern const struct dg_sensor_ops dg_sensor_policy;

/* The thread: answers on the listening socket fd until dg_policy_server_free(). fd stays the caller's. */
int dg_policy_server_new(int fd, struct dg_line_queue *queue, struct dg_shed *shed,
	struct dg_policy_server **ret_server, struct dg_err *err);
struct dg_policy_server *dg_policy_server_free(
	struct dg_policy_server *s); /* NULL is fine; returns NULL */
