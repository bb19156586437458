#!/usr/bin/env python3
"""Does the time of an answer tell how much of a secret was right? Signatures and tokens that are wrong at their first or at their last octet.

    bench_timing.py [N]

N answers of each kind (default 20,000), in random order, over the socket of one `dnsguard serve`. Welch's t of the two: the usual limit
for a leak is 4.5 (dudect). The control, bodies of two lengths, shows that a difference would be seen. Nothing here passes or fails.
"""
import json
import math
import os
import pathlib
import random
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve()
for folder in 'lab', 'functional':
    sys.path.insert(0, str(HERE.parent.parent.parent / folder))
import lab as lablib  # noqa: E402
from serving import Serve  # noqa: E402

KEPT = 0.9  # of the answers: the slowest were held up by something else
LEAK = 4.5
EVENT = json.dumps({'type': 'domain.registered', 'timestamp': '2026-11-30T03:00:00Z', 'data': {'domain': 'a.test'}}).encode()


def changed(text, at):
    return text[:at] + ('A' if text[at] != 'A' else 'B') + text[at + 1:]


def answer_ns(connection, method, path, body, headers):
    start = time.perf_counter_ns()
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    took = time.perf_counter_ns() - start
    assert answer.status in (401, 429), answer.status
    return took


def welch(a, b):
    return (statistics.fmean(a) - statistics.fmean(b)) / math.sqrt(statistics.variance(a) / len(a) + statistics.variance(b) / len(b))


def compare(serve, n, what, kinds):
    """kinds: two requests, as (method, path, body, headers)."""
    took = [], []
    connection = serve.connect()
    order = [0, 1] * n
    random.Random(1).shuffle(order)
    for kind in order:
        took[kind].append(answer_ns(connection, *kinds[kind]))
    connection.close()
    kept = [sorted(t)[:int(len(t) * KEPT)] for t in took]
    t = welch(*kept)
    print(f'{what:36} {len(took[0])} and {len(took[1])} answers, medians {statistics.median(took[0]) / 1000:.1f} and '
          f'{statistics.median(took[1]) / 1000:.1f} us, t = {t:+.2f} ({"a difference" if abs(t) > LEAK else "no difference seen"})')


def event(serve, at, body=EVENT):
    """A signed event that one octet of its signature spoils."""
    headers = {**serve.sign('timing', body), 'content-type': 'application/json'}
    headers['webhook-signature'] = changed(headers['webhook-signature'], at)
    return 'POST', '/v1/events', body, headers


def token(right, at):
    return 'GET', '/v1/domains/a.test', None, {'authorization': f'Bearer {changed(right, at)}'}


def main(n):
    with lablib.Lab(pathlib.Path(os.environ['LAB_DIR']) / 'timing') as lab:
        serve = Serve(lab).start()
        serve.add_zones('a.test')
        right = serve.token('timing', 'a.test', 'status')
        first, last = len('v1,'), len('v1,') + 42  # of 43 characters and the padding
        compare(serve, n, 'signature, first or last character', (event(serve, first), event(serve, last)))
        compare(serve, n, 'token, first or last character', (token(right, right.rindex('_') + 1), token(right, len(right) - 1)))
        compare(serve, n, 'control: 100 or 30,000 octets signed', (event(serve, first), event(serve, first, EVENT + b' ' * 30000)))
        serve.stop()


if __name__ == '__main__':
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20000)
