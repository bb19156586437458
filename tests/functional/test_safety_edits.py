"""A person edits the zone between any two messages of a run: the edit is reported and kept."""
import shutil

import between
import lab as lablib
import pytest
from safety import MARKER, RFC2136, ZONE, Site, report

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
        assert table.proxy.n >= k, told
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
    control = ['knotc', '-s', table.site.server.dir / 'knot.sock']
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
