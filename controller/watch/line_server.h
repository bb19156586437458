/* controller/watch/line_server.h: the controller's sensor socket: events from sensors in other processes and on other hosts (line.h).
 *
 * Shape    {sensors: "unix:/run/dnsguard/sensor group=dnsguard"}: whoever may connect is believed: root, the user that the controller runs
 *          as, members of the group. {sensors: "inet:192.0.2.1:4460 key-file=/etc/dnsguard/sensor.key"}: whoever has the key.
 * Restart  What came from a sensor is noted with the hub (position "EPOCH SEQ TEXT") before it is acknowledged; after a crash the
 *          sensor sends again what came after the last checkpoint.
 * Limits   DG_LINES_CONNECTIONS at once, DG_LINES_PEERS names in all; ten seconds to say who it is. A second connection of one name ends the
 *          first.
 */
#pragma once

#include "controller/watch/sensor.h"

#define DG_LINES_CONNECTIONS  128u
#define DG_LINES_PEERS        64u
#define DG_LINES_HANDSHAKE_MS 10000

extern const struct dg_sensor_ops dg_sensor_lines;
