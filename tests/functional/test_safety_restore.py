"""Restore drill: a zone of random records, applied, split, taken back; then every change is undone, newest first,
and the zone is what it was: canonical RRsets, string boundaries of TXT, TTLs; no marker is left.
"""
import os
import random

import dns.zone
import lab as lablib
import pytest
from safety import EVERYWHERE, ZONE, Site, image_of, report, soak

HOSTS = 'mx1 A 192.0.2.25\nmx2 A 192.0.2.26\nwww A 192.0.2.10\n'
WORDS = ['alpha', 'Beta', 'GAMMA', 'd e l t a', 'semi;colon', 'quo\\"te', 'back\\\\slash', '\\223\\200', 'x' * 255, '', '(', ')', '@']
DRILLS = int(os.environ.get('DNSGUARD_DRILLS', '20'))
TTLS = [0, 1, 59, 60, 61, 299, 300, 600, 3600, 86400, 604800]


def random_zone(seed):
    """Mail records as people write them, right and wrong, and others beside them."""
    r = random.Random(seed)
    lines = []
    for owner in ('@', 'www', 'lists', 'm', 'mx1', '_dmarc', '_dmarc.m', '*.wild'):
        for kind in ('MX', 'TXT'):
            if r.random() < 0.45 or (kind == 'MX' and owner[0] == '_'):  # BIND: not a host name
                continue
            if owner in ('m', '_dmarc.m') and r.random() < 0.7:
                continue
            ttl = r.choice(TTLS)
            for text in sorted({data(r, owner, kind) for _ in range(r.randint(1, 3))}):
                lines.append(f'{owner} {ttl} {kind} {text}')
    return '\n'.join(lines) + '\n'


def data(r, owner, kind):
    if kind == 'MX':
        return f'{r.choice([0, 1, 10, 65535])} {r.choice(["mx1", "mx2", "MX1", "mx.Example.NET."])}'
    kinds = ['v=spf1 mx ~all', 'v=spf1 ip4:192.0.2.0/24 include:_spf.example.net -all', 'v=DMARC1; p=none']
    text = r.choice(kinds) if r.random() < 0.4 else None
    if text and r.random() < 0.5:
        cut = r.randrange(1, len(text))
        return f'"{text[:cut]}" "{text[cut:]}"'
    return f'"{text}"' if text else ' '.join(f'"{r.choice(WORDS)}"' for _ in range(r.randint(1, 4)))


def random_policy(r):
    """A policy that takes over some of them."""
    mail = {'@': f'''    mx: [{r.choice([5, 10, 20])} mx1.{ZONE}{r.choice(["", f", 30 mx2.{ZONE}"])}]
    spf: [{r.choice(["mx", '"ip4:192.0.2.0/24"', "mx, a"])}]
    dmarc: {{policy: {r.choice(["reject", "quarantine", "none"])}}}
    split: {{to: m, armed-ttl: {r.choice(["30s", "60s"])}}}
'''}
    if r.random() < 0.5:
        mail['lists'] = f'    mx: [10 mx2.{ZONE}]\n    spf: [mx]\n'
    silent = r.choice(['', 'silent: [www]\n', 'silent: [www, "*.wild"]\n'])
    return 'mail:\n' + ''.join(f'  "{name}":\n{body}' for name, body in mail.items()) + silent


def undo_all(site):
    """Restores the newest change that stands, until there is none."""
    for _ in range(30):
        done = site.run('restore', '--yes')
        if done.rc == 2 and 'no change' in done.stderr:
            return
        assert done.rc == 0, done
    raise AssertionError('it never ends')


def drill(site, seed):
    r = random.Random(seed)
    site.fresh_state()
    site.run('apply', '--yes', '--adopt', '--force', site.policy(body=random_policy(r), ttl=r.choice(['5m', '1h', '1d']))).expect(0)
    if r.random() < 0.3:  # a second policy over the first
        site.run('apply', '--yes', '--adopt', '--force', site.policy(body=random_policy(r))).expect(0)
    policy = site.lab.dir / 'zone.yaml'
    site.run('split', '--yes', '--no-smtp', '--now', '--force', policy, '@').expect(0)
    assert site.image()[f'{ZONE}.', 'MX'][1] == {'0 .'}
    site.run('unsplit', '--yes', '--now', '--force', policy, '@').expect(0)
    n_steps = len(site.journal().steps)
    undo_all(site)
    assert len(site.journal().steps) > n_steps >= 3
    assert site.image() == site.first, f'seed {seed}'
    if site.kind != 'zonefile':
        assert site.marker() is None, f'seed {seed}'
        site.run('plan', '--adopt', policy)
    assert site.journal().open_steps == []
    assert site.journal().stages == {}


def run(record, lab, kind, seeds):
    site = Site(lab, kind, HOSTS)
    base, text = site.first, site.path.read_text() if kind == 'zonefile' else None
    for seed in seeds:
        records = random_zone(seed)
        if kind == 'zonefile':
            site.path.write_text(text + records)
        else:
            zone = dns.zone.from_text(lablib.zone_text(ZONE, [], records), origin=ZONE, relativize=False, check_origin=False)
            site.reset({**base, **image_of(zone)})
        site.first = site.image()
        try:
            drill(site, seed)
        except AssertionError as why:
            raise AssertionError(f'seed {seed}:\n{records}\n{why}') from None
    report(record, kind=kind, zones=len(seeds))


@pytest.mark.parametrize('kind', EVERYWHERE)
def test_drill(record_property, lab, kind):
    run(record_property, lab, kind, range(6))


@soak
@pytest.mark.parametrize('kind', EVERYWHERE)
def test_drill_many(record_property, lab, kind):
    run(record_property, lab, kind, range(100, 100 + DRILLS))
