"""This machine's clock is wrong: what is signed with it is refused, and the terminal says so in one line."""
import os
import pathlib
import struct

import pytest
from safety import RFC2136, ZONE, Site


def run_at(site, shift, *args):
    """The program with a clock that is so many seconds ahead (tests/lab/sceneclock.c)."""
    path = site.lab.dir / 'clock'
    path.write_bytes(struct.pack('qq', 0, int(shift * 1e9)))
    library = pathlib.Path(site.lab.program).resolve().parents[1] / 'tests/lab/sceneclock.so'
    asan = os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'
    return site.run(*args, env={'SCENE_CLOCK': str(path), 'LD_PRELOAD': str(library), 'ASAN_OPTIONS': asan})


def check(site, shift):
    policy = site.policy()
    serial = site.serial()
    for command in (['plan', '--adopt'], ['apply', '--yes', '--adopt']):
        done = run_at(site, shift, *command, policy).expect(1)
        said = [line for line in done.stderr.splitlines() if line]
        assert len(said) == 1, done
        assert 'clock' in said[0] or site.kind == 'pdns', done  # PowerDNS refuses a transfer without a reason
        if site.kind != 'pdns':
            assert 'BADTIME' in said[0] and 'seconds apart' in said[0], done
    assert site.serial() == serial and not site.journal().open_steps
    assert 'applied' not in site.journal().states


@pytest.mark.parametrize('shift', [-3600, 3600])
def test_an_hour(lab, shift):
    check(Site(lab, 'knot'), shift)


@pytest.mark.soak
@pytest.mark.parametrize('kind', RFC2136)
@pytest.mark.parametrize('shift', [-3600, -301, 310, 3600, -366 * 86400, 366 * 86400])
def test_everywhere(lab, kind, shift):
    """310: what is on the way for some seconds is late by less."""
    site = Site(lab, kind)
    check(site, shift)
    run_at(site, 299 if shift > 0 else -290, 'apply', '--yes', '--adopt', site.policy()).expect(0)
    assert site.image()[f'{ZONE}.', 'MX'][1] == {f'10 mx1.{ZONE}.'}
