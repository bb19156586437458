"""Libraries come with their first call, but where a process stays at once: it may have no file descriptor left later."""
import pathlib
import re

import pytest
from serving import Serve
from test_watch import Watch

MUST = re.compile(r'/(lib(?:crypto|ssl|event_openssl|ldns|expat|psl|idn2)\b)[^/]*$', re.M)
ALL = {'libcrypto', 'libssl', 'libevent_openssl', 'libldns', 'libexpat', 'libpsl', 'libidn2'}


def loaded(pid):
    return set(MUST.findall(pathlib.Path(f'/proc/{pid}/maps').read_text()))


@pytest.mark.parametrize('start', [Serve, Watch])
def test_what_stays_has_all(lab, start):
    daemon = start(lab)
    daemon.start()
    assert loaded(daemon.process.pid) == ALL
    daemon.stop()
