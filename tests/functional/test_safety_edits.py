"""A person edits the zone between any two messages of a run: the edit is reported and kept."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import between
import lab as lablib
import pytest
from safety import MARKER, RFC2136, ZONE, Site, count_calls, points, report, slow

MX = (f'{ZONE}.', 'MX')
MARKER_KEY = (MARKER, 'TXT')


def replace(*texts, ttl=600, owner=ZONE, kind='MX'):
    return lambda: [('delete', owner, kind), *(('add', owner, ttl, kind, text) for text in texts)]


EDITS = {
    'value': (MX, replace(f'10 mx2.{ZONE}.')),
    'ttl': (MX, None),  # made from what stands there
    'deleted': (MX, lambda: [('delete', ZONE, 'MX')]),
    'second': (MX, lambda: [('add', ZONE, 600, 'MX', f'50 mx2.{ZONE}.')]),
    'marker-deleted': (MARKER_KEY, lambda: [('delete', MARKER[:-1], 'TXT')]),
    'marker-forged': (MARKER_KEY, replace('"v=dg1 x=000000000000000000000000"', owner=MARKER[:-1], kind='TXT')),
}


class Table:
    """A zone with everything applied, and a policy that changes most of it, by way of a proxy that can edit."""

    def __init__(self, lab, kind):
        self.site = site = Site(lab, kind)
        site.apply(site.policy()).expect(0)
        self.before = site.image(has_marker=True)
        self.state = lab.dir / 'prepared'
        shutil.copytree(site.state, self.state)
        self.proxy = between.Proxy(site.server.address, on_request=self.on_request)
        self.direct = site.policy('direct.yaml', mx=f'20 mx1.{ZONE}', dmarc='quarantine', ttl='20m')
        self.policy = site.policy('next.yaml', mx=f'20 mx1.{ZONE}', dmarc='quarantine', ttl='20m',
                                  address=self.proxy.address)
        self.k, self.lines, self.edited = 0, None, None
        self.restart()
        site.run('apply', '--yes', self.policy).expect(0)
        self.after = site.image()
        self.messages = self.proxy.n

    def restart(self):
        self.site.fresh_state(self.state)
        self.site.reset(self.before)
        self.proxy.n = 0
        self.edited = None

    def on_request(self, n, wire, _):
        if n == self.k:
            self.edit()
        return wire

    def edit(self):
        key, lines = self.what
        lines = lines() if lines else self.other_ttl()
        self.site.update(*lines)
        self.edited = self.site.image(has_marker=True).get(key)

    def other_ttl(self):
        ttl, texts = self.site.image()[MX]
        return [('delete', ZONE, 'MX'), *(('add', ZONE, ttl + 77, 'MX', text) for text in texts)]

    def run(self, what, k):
        self.what, self.k = what, k
        self.restart()
        return self.site.run('apply', '--yes', self.policy)


def check_rrset(table, done, told):
    """An edit of one of our RRsets."""
    site = table.site
    if table.edited is None:
        assert MX not in site.image(), told
    else:
        assert site.image().get(MX) == table.edited, told
    again = site.run('apply', '--yes', table.direct)
    told = f'{told}\n{again}'
    assert again.rc == 1, told
    assert f'{ZONE}' in again.stdout + again.stderr, told
    assert site.image().get(MX) == table.edited, told
    if done.rc == 1:
        assert any(words in done.stdout + done.stderr for words in (
            'somebody else changed', 'changed after the plan was made', 'nothing was overwritten',
            'would overwrite')), told


def check_marker(table, done, told):
    """An edit of the marker: all of the step or nothing of it, and the marker stays as the person left it."""
    site = table.site
    image = site.image(has_marker=True)
    assert image.get(MARKER_KEY) == table.edited, told
    image.pop(MARKER_KEY, None)
    before = {k: v for k, v in table.before.items() if k != MARKER_KEY}
    assert image in (before, table.after), told
    again = site.run('apply', '--yes', table.direct)
    told = f'{told}\n{again}'
    assert 'marker' in again.stdout + again.stderr, told
    assert (again.rc == 0) == (image == table.after), told
    assert site.image(has_marker=True).get(MARKER_KEY) == table.edited, told


@pytest.mark.parametrize('kind', RFC2136)
@pytest.mark.parametrize('what', EDITS)
def test_edit_is_kept(request, record_property, lab, kind, what):
    table = Table(lab, kind)
    request.addfinalizer(table.proxy.close)
    check = check_rrset if EDITS[what][0] == MX else check_marker
    n_noticed = 0
    for k in range(1, table.messages + 1):
        done = table.run(EDITS[what], k)
        told = f'{what} before message {k} of {table.messages}: {done}'
        if table.proxy.n < k:  # the counted run had to ask once more
            continue
        n_noticed += done.rc
        check(table, done, told)
    assert n_noticed > table.messages // 2, n_noticed  # what comes after the last look is left to the next run
    report(record_property, kind=kind, edit=what, moments=table.messages, noticed=n_noticed)


@pytest.mark.parametrize('kind', RFC2136)
def test_what_is_not_ours_may_move(request, record_property, lab, kind):
    """An edit of records that the policy does not name: theirs and ours both stand."""
    www = (f'www.{ZONE}.', 'A')
    table = Table(lab, kind)
    request.addfinalizer(table.proxy.close)
    for k in range(1, table.messages + 1):
        done = table.run((www, replace('192.0.2.99', owner=www[0][:-1], kind='A')), k)
        told = f'before message {k} of {table.messages}: {done}'
        assert done.rc == 0, told
        if table.proxy.n < k:
            continue
        assert table.site.image() == {**table.after, www: table.edited}, told
    report(record_property, kind=kind, moments=table.messages)


@pytest.mark.parametrize('kind', ['bind', 'pdns'])
def test_server_compares_another_soa(request, lab, kind):
    """Where the SOA that is served is not the one that is compared, the change is made without that guard."""
    extra = {'bind': 'dnssec-policy default; inline-signing yes;', 'pdns': 'default-soa-edit=INCEPTION-EPOCH'}[kind]
    site = Site(lab, kind, extra=extra)
    if kind == 'bind':
        lablib.wait_for(lambda: site.server.dig(ZONE, 'DNSKEY'), 'signing')
    seen = []
    proxy = between.Proxy(site.server.address, on_request=lambda n, wire, _: seen.append(wire) or wire)
    request.addfinalizer(proxy.close)
    site.apply(site.policy(address=proxy.address)).expect(0)
    assert site.image()[MX] == (600, frozenset({f'10 mx1.{ZONE}.'}))
    assert sum(map(between.is_update, seen)) == 2  # with the guard, and without
    site.run('apply', '--yes', site.policy(mx=f'20 mx1.{ZONE}', address=proxy.address)).expect(0)
    assert site.image()[MX] == (600, frozenset({f'20 mx1.{ZONE}.'}))
    assert site.journal().states == ['applied', 'applied']


@pytest.mark.parametrize('what', ['before', 'between'])
def test_frozen_zone(request, lab, what):
    """A person has frozen the zone to edit it: said in words, nothing is written, and it goes on after the thaw."""
    table = Table(lab, 'knot')
    request.addfinalizer(table.proxy.close)
    control = ['knotc', '-b', '-s', table.site.server.dir / 'knot.sock']  # -b: waits until it is done
    table.restart()
    if what == 'before':
        lab.run(*control, 'zone-freeze', ZONE, check=True)
    else:
        table.k = 8
        table.edit = lambda: lab.run(*control, 'zone-freeze', ZONE, check=True)
    done = table.site.run('apply', '--yes', table.policy).expect(1)
    assert 'REFUSED' in done.stdout + done.stderr
    assert table.site.image(has_marker=True) == table.before
    assert table.site.journal().open_steps == []
    lab.run(*control, 'zone-thaw', ZONE, check=True)
    table.k = 0
    table.site.run('apply', '--yes', table.policy).expect(0)
    assert table.site.image() == table.after


# --- a zone file ------------------------------------------------------------------------------------------

FILE_CALLS = ['openat', 'read', 'fsync', 'fdatasync', 'flock', 'renameat', 'renameat2', 'fchmod', 'newfstatat']
OLD = f'10 mx1.{ZONE}.'


def edit_line(text):
    """What a person does with the MX line, whatever stands in it now."""
    return re.sub(r'(?m)^(\S*\s+.*\bMX\s+)\d+ .*$', r'\g<1>77 mx2', text)


def children_of(process):
    with contextlib.suppress(OSError):
        return pathlib.Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()
    return []


def stopped_child(process):
    """The program under strace, when it has not moved for a while; None: it has ended."""
    still = 0
    while process.poll() is None:
        children = children_of(process)
        try:
            states = [pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(') ', 1)[1][0] for pid in children]
        except OSError:
            states = []
        still = still + 1 if states and states[0] in 'tT' else 0
        if still == 10:
            return int(children[0])
        time.sleep(0.002)
    return None


@slow
def test_edit_of_a_zone_file(record_property, lab):
    """The program is stopped at each system call that has to do with files; a person saves the file; it goes on."""
    site = Site(lab, 'zonefile')
    site.apply(site.policy()).expect(0)
    state, text = lab.dir / 'prepared', site.path.read_text()
    shutil.copytree(site.state, state)
    argv = ['apply', '--yes', site.policy('next.yaml', mx=f'20 mx1.{ZONE}', dmarc='quarantine')]
    done, counts = count_calls(site, argv, FILE_CALLS)
    done.expect(0)
    moments = {}
    for name, k in points({n: c for n, c in counts.items() if n not in ('openat', 'read', 'newfstatat')}) + \
            [(n, k) for n in ('openat', 'read', 'newfstatat') for k in range(max(1, counts[n] - 30), counts[n] + 1)]:
        site.fresh_state(state)
        site.path.write_text(text)
        with open(lab.dir / 'said', 'w', encoding='utf-8') as out, subprocess.Popen(
                ['strace', '-f', '-qq', '-o', lab.dir / 'strace.out', '-e', f'trace={name}', '-e',
                 f'inject={name}:signal=SIGSTOP:when={k}', lab.program, '--state', site.state, *argv],
                cwd=lab.dir, stdout=out, stderr=subprocess.STDOUT) as process:
            pid = stopped_child(process)
            if pid:
                lab.write('edited', edit_line(site.path.read_text()))
                os.replace(lab.dir / 'edited', site.path)  # as editors save
            while process.poll() is None:  # again and again: it may have been slow only, and stop now; or pid was one with
                for child in children_of(process):  # which strace tries at its start what the kernel can do
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(child), signal.SIGCONT)
                time.sleep(0.01)
        said = (lab.dir / 'said').read_text()
        if not pid:
            continue
        told = f'edited at {name} {k} of {counts[name]}: {process.returncode}\n{said}'
        assert site.image()[MX][1] == {f'77 mx2.{ZONE}.'}, told
        moments[process.returncode] = moments.get(process.returncode, 0) + 1
        again = site.run(*argv)
        assert again.rc == 1 and 'MX' in again.stdout, f'{told}\n{again}'
        assert site.image()[MX][1] == {f'77 mx2.{ZONE}.'}, told
    assert moments[1] > 3
    report(record_property, kind='zonefile', moments=sum(moments.values()), noticed=moments[1])
