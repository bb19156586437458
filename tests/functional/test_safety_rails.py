"""Rails: how much one run may change, exactly at the borders; and commands that only look write nothing at all."""
import json
import os
import re

import lab as lablib
import pytest
from safety import EVERYWHERE, ZONE, Site

HOSTS = [f'h{n}' for n in range(20)]


def one_zone(lab, n_rrsets, name='zone.yaml'):
    """A zone file and a policy of exactly n_rrsets managed RRsets: a TXT of its own for each host."""
    assert n_rrsets % 2 == 0
    zone = lab.dir / 'one.zone'
    hosts = HOSTS[:n_rrsets // 2]
    if not zone.exists():
        zone.write_text(lablib.zone_text(ZONE, ['192.0.2.53'], ''.join(f'{h} A 192.0.2.1\n' for h in HOSTS)))

    def policy(moved=()):
        mail = ''.join(f'  {h}: {{mx: [{20 if h in moved else 10} mx.example.net], spf: ["ip4:192.0.2.{9 if h in moved else 1}"]}}\n'
                       for h in hosts)
        return lab.write(name, f'zone: {ZONE}\nprovider: {{zonefile: {{path: one.zone}}}}\nhosts: ignore\nttl: 1h\n'
                               f'verify: {{servers: none}}\nmail:\n{mail}')
    return zone, policy


@pytest.mark.parametrize('n_rrsets, n_changed, is_refused', [
    (10, 2, False), (10, 4, True), (20, 6, False), (20, 8, True), (8, 8, False), (8, 2, False)])
def test_share_of_one_zone(lab, dnsguard, n_rrsets, n_changed, is_refused):
    zone, policy = one_zone(lab, n_rrsets)
    dnsguard('apply', '--yes', policy()).expect(0)  # all new: additions are not counted
    before = zone.read_bytes()
    moved = policy(HOSTS[:n_changed // 2])
    plan = dnsguard('plan', moved)
    done = dnsguard('apply', '--yes', moved)
    if not is_refused:
        assert done.rc == 0, done
        assert zone.read_bytes() != before
        return
    for said in (plan, done):
        assert said.rc == 1, said
        told = said.stdout + said.stderr
        assert re.search(rf'\b{n_changed} of the {n_rrsets} RRsets', told), told
        assert '30 %' in told and f'at most {n_rrsets * 30 // 100}' in told and '--force' in told, told
    assert zone.read_bytes() == before
    dnsguard('apply', '--yes', '--force', moved).expect(0)
    assert zone.read_bytes() != before


def test_exactly_30_percent_and_one_more(lab, dnsguard):
    """10 RRsets: 3 may change, 4 may not."""
    zone, policy = one_zone(lab, 10)
    dnsguard('apply', '--yes', policy()).expect(0)
    text = policy().read_text()

    def changed(n):
        for host in HOSTS[:n]:
            text_now = lab.dir / 'zone.yaml'
            text_now.write_text(text_now.read_text().replace(f'{host}: {{mx: [10', f'{host}: {{mx: [20'))
        return lab.dir / 'zone.yaml'
    before = zone.read_bytes()
    done = dnsguard('apply', '--yes', changed(4)).expect(1)
    assert '4 of the 10 RRsets' in done.stdout + done.stderr
    assert zone.read_bytes() == before
    (lab.dir / 'zone.yaml').write_text(text)
    dnsguard('apply', '--yes', changed(3)).expect(0)


def test_ttl_alone_is_no_change(lab, dnsguard):
    _, policy = one_zone(lab, 20)
    dnsguard('apply', '--yes', policy()).expect(0)
    path = policy()
    path.write_text(path.read_text().replace('ttl: 1h', 'ttl: 2h'))
    dnsguard('apply', '--yes', path).expect(0)


class Fleet:
    """n zones of one MX and one SPF each."""

    def __init__(self, lab, n):
        self.lab, self.names = lab, [f'z{i}.test' for i in range(n)]
        for name in self.names:
            lab.write(f'{name}.zone', lablib.zone_text(name, ['192.0.2.53'], 'mx A 192.0.2.1'))

    def policy(self, moved=0, spf=0):
        """moved: zones whose MX changes; spf: zones whose SPF does."""
        zones = ''.join(
            f'  {name}: {{provider: {{zonefile: {{path: {name}.zone}}}}, mail: {{"@": {{'
            f'mx: [{20 if n < moved else 10} mx.example.net], spf: ["ip4:192.0.2.{9 if n < spf else 1}"]}}}}}}\n'
            for n, name in enumerate(self.names))
        return self.lab.write('fleet.yaml', 'defaults: {hosts: ignore, ttl: 1h, verify: {servers: none}}\nzones:\n' + zones)

    def bytes(self):
        return [(self.lab.dir / f'{name}.zone').read_bytes() for name in self.names]


@pytest.mark.parametrize('n_zones, moved, spf, is_refused', [
    (10, 6, 0, False), (10, 7, 0, True), (10, 5, 1, False), (10, 5, 2, True), (9, 9, 9, False), (11, 6, 0, False),
    (11, 7, 0, True)])
def test_share_of_a_fleet(lab, dnsguard, n_zones, moved, spf, is_refused):
    fleet = Fleet(lab, n_zones)
    dnsguard('apply', '--yes', fleet.policy()).expect(0)
    before = fleet.bytes()
    done = dnsguard('apply', '--yes', fleet.policy(moved, spf))
    if not is_refused:
        assert done.rc == 0, done
        assert sum(a != b for a, b in zip(before, fleet.bytes())) == max(moved, spf)
        return
    assert done.rc == 1, done
    told = done.stdout + done.stderr
    assert f'{moved + spf} of the {2 * n_zones} RRsets' in told, told
    assert f'{n_zones} zones' in told and f'at most {2 * n_zones * 30 // 100}' in told and '--force' in told, told
    assert fleet.bytes() == before
    dnsguard('apply', '--yes', '--force', fleet.policy(moved, spf)).expect(0)


def test_additions_are_not_counted(lab, dnsguard):
    """Ten zones that get everything anew."""
    dnsguard('apply', '--yes', Fleet(lab, 10).policy()).expect(0)


# --- looking only ---------------------------------------------------------------------------------------

WRITES = ('pwrite64', 'pwritev', 'pwritev2', 'writev', 'fsync', 'fdatasync', 'rename', 'renameat', 'renameat2', 'unlink',
          'unlinkat', 'mkdir', 'mkdirat', 'ftruncate', 'truncate', 'chmod', 'fchmod', 'fchmodat', 'chown', 'fchown', 'link',
          'linkat', 'symlink', 'symlinkat', 'utimensat', 'creat', 'mknod', 'mknodat', 'setxattr', 'fsetxattr')
SENDS = ('sendto', 'sendmsg', 'sendmmsg', 'write')


# What readers of a journal share, made and taken away by SQLite; nothing of it outlives the command.
SHARED = r'/state/journal\.db-(shm|wal)'


def snapshot(folder):
    found = {}
    for root, _, files in os.walk(folder):
        for name in files:
            st = os.lstat(os.path.join(root, name))
            found[os.path.join(root, name)] = (st.st_ino, st.st_size, st.st_mtime_ns, st.st_mode)
    return found


def calls(lab):
    return (lab.dir / 'calls').read_text(errors='replace').splitlines()


def sent_updates(lines):
    """UPDATE messages with changes, and HTTP requests that are more than questions, as strace -xx shows them."""
    found = []
    for line in lines:
        match = re.search(r'(?:sendto|sendmsg|write)\((\d+).*?"((?:\\x[0-9a-f]{2})+)"', line)
        if not match or match[1] in '12':
            continue
        data = bytes.fromhex(match[2].replace('\\x', ''))
        if data.startswith(b'GET '):
            continue
        if data[:4] in (b'PATC', b'PUT ', b'POST', b'DELE'):
            found.append(data[:40])
        elif len(data) > 14 and data[4] >> 3 & 15 == 5 and data[10:12] != b'\0\0':
            found.append(data[:40])
    return found


@pytest.mark.traced
@pytest.mark.parametrize('kind', EVERYWHERE)
@pytest.mark.parametrize('has_state', [False, True], ids=['no-state', 'state'])
def test_looking_writes_nothing(lab, kind, has_state):
    site = Site(lab, kind)
    policy = site.policy()
    if has_state:
        site.apply(policy).expect(0)
        policy = site.policy('next.yaml', mx='20 mx2.example.test')
    zones = lab.dir / 'zones'
    before = site.image(has_marker=True), site.serial(), snapshot(site.state), snapshot(zones)
    looks = [['plan', '--adopt', policy], ['plan', '--json', policy], ['plan', '--diff', '--force', policy], ['verify', policy],
             ['log'], ['restore', '--offline'], ['schema'], ['providers'], ['help'], ['version']]
    for look in looks:
        done = lab.run('strace', '-f', '-qq', '-y', '-s', '4096', '-e', 'trace=' + ','.join(WRITES + ('openat', 'open')),
                       '-o', lab.dir / 'calls', lab.program, '--state', site.state, *look)
        assert done.rc in (0, 2, 3) or (look[0] in ('verify', 'restore') and done.rc == 1), done
        wrote = [line for line in calls(lab) if re.search(rf'^\d+ +({"|".join(WRITES)})\(', line)]
        assert [line for line in wrote if not re.search(SHARED, line)] == [], look
        opened = [line for line in calls(lab) if re.search(r'O_CREAT|O_WRONLY|O_RDWR|O_TRUNC', line)]
        assert [line for line in opened if not re.search(SHARED + '|/state/journal.db"|/dev/', line)] == [], look
        lab.run('strace', '-f', '-qq', '-xx', '-s', '4096', '-e', 'trace=' + ','.join(SENDS),
                '-o', lab.dir / 'calls', lab.program, '--state', site.state, *look)
        lines = calls(lab)
        assert sent_updates(lines) == [], look
        assert (site.image(has_marker=True), site.serial(), snapshot(site.state), snapshot(zones)) == before, look
    assert site.state.exists() == has_state


def test_the_scan_sees_an_update(lab):
    """What the test above looks for is there when something is published."""
    for kind in ('knot', 'powerdns'):
        with lablib.Lab(lab.dir / kind) as own:
            site = Site(own, kind)
            own.run('strace', '-f', '-qq', '-xx', '-s', '4096', '-e', 'trace=' + ','.join(SENDS), '-o', own.dir / 'calls',
                    own.program, '--state', site.state, 'apply', '--yes', '--adopt', site.policy()).expect(0)
            assert len(sent_updates(calls(own))) >= 1


def test_asks_before_it_publishes(lab):
    """Without a terminal, --yes or --plan nothing is published; an old digest is refused."""
    site = Site(lab, 'knot')
    policy = site.policy()
    done = site.run('apply', '--adopt', policy, stdin='y\n')
    assert done.rc == 2 and '--yes' in done.stderr, done
    told = [json.loads(line) for line in site.run('plan', '--adopt', '--json', policy).stdout.splitlines()]
    digest = next(o['digest'] for o in told if 'digest' in o)
    site.update(('delete', ZONE, 'MX'), ('add', ZONE, 300, 'MX', f'5 mx2.{ZONE}.'))
    image = site.image()
    done = site.run('apply', '--adopt', '--plan', digest, policy).expect(1)
    assert 'since it was looked at' in done.stderr, done
    assert site.image() == image
    assert site.journal().steps == []
