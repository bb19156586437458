"""Signed events at the edge of the clock: five minutes away, as Standard Webhooks has it, and one second more."""
import time

import pytest
from serving import Serve


def in_one_second(send):
    """What send(now) gave, of a try in which no second began: both sides had the same one."""
    for _ in range(100):
        while time.time() % 1 < 0.05:  # the other side's clock may be a little coarser
            time.sleep(0.01)
        now = int(time.time())
        answer = send(now)
        if int(time.time()) == now:
            return answer
    raise AssertionError('a request takes longer than a second')


@pytest.mark.parametrize('skew, status', [(-300, 202), (300, 202), (-301, 401), (301, 401)])
def test_edge_of_the_clock(lab, skew, status):
    serve = Serve(lab).start()
    serve.add_zones('a.test')
    answer = in_one_second(lambda now: serve.event(f'edge{now}', 'domain.registered', 'a.test', at=now + skew))
    answer.expect(status)
    assert status == 202 or '300 s from our clock' in answer.body['detail'], answer.body
