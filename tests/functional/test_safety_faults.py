"""Killed at each system call that writes or sends, and no room or a broken disk at each write: the next run ends as one
that nobody disturbed would have, nothing is done twice, and nothing is sent that is not in the journal.
"""
import os
import shutil
import subprocess
import time

import lab as lablib
import pytest
from safety import EVERYWHERE, MAIL, ZONE, Site, count_calls, points, report, slow, soak, strace

KILL_AT = ['write', 'pwrite64', 'writev', 'pwritev2', 'sendto', 'sendmsg', 'sendmmsg', 'fsync', 'fdatasync', 'rename',
           'renameat', 'renameat2', 'unlink', 'unlinkat', 'ftruncate', 'mkdir', 'fchown', 'fchmod', 'recvfrom', 'recvmsg',
           'epoll_wait']
FAIL_AT = ['write', 'pwrite64', 'writev', 'pwritev2', 'fsync', 'fdatasync', 'rename', 'renameat', 'renameat2', 'ftruncate',
           'mkdir', 'fallocate']
HOW_OFTEN = ('epoll_wait', 'recvfrom', 'recvmsg')  # is up to the kernel and the load: no two runs agree
SHORT = 9  # of how many points the ordinary run takes one


# Each command with what comes before it.
FLOWS = {'apply': [], 'arm': ['apply'], 'split': ['apply'], 'restore': ['apply'], 'unsplit': ['apply', 'split'], 'probe': ['apply', 'split'],
         'renull': ['apply', 'split', 'probe'], 'rotate': ['apply', 'split'], 'retire': ['apply', 'split', 'rotate']}
MOVING = MAIL.replace('armed-ttl: 60s', 'armed-ttl: 60s, sink: [10 mx2.example.test], rotate: [m2]')


def argv_of(command, policy):
    if command in ('apply', 'restore'):
        return [command, '--yes', *(['--adopt', policy] if command == 'apply' else ['1'])]
    options = [] if command == 'unsplit' else ['--no-smtp']
    options += ['--now'] if command in ('arm', 'split', 'unsplit', 'renull') else []
    return ['split' if command == 'renull' else command, '--yes', *options, policy, '@', *(['m2'] if command == 'rotate' else [])]


class Flow:
    """One command on a site, from a state that can be brought back; what it ends in when nobody disturbs it."""

    def __init__(self, lab, kind, command):
        self.site = Site(lab, kind)
        body = MOVING if command in ('probe', 'renull', 'rotate', 'retire') else MAIL
        self.policy = self.site.policy(body=body.format(mx='10 mx1.example.test', dmarc='reject'))
        self.before, self.state = self.site.first, None
        self.argv = argv_of(command, self.policy)
        for step in FLOWS[command]:
            self.site.run(*argv_of(step, self.policy)).expect(0)
        if FLOWS[command]:
            self.state = lab.dir / 'prepared'
            shutil.copytree(self.site.state, self.state)
            self.before = self.site.image(has_marker=True)
        self.bytes = self.site.path.read_bytes() if kind == 'zonefile' else None
        self.restart()
        start = self.site.serial()
        done, self.counts = count_calls(self.site, self.argv, KILL_AT + FAIL_AT)
        done.expect(0)
        self.after = self.site.image()
        self.moves = self.site.serial() - start  # of the serial: one a step
        self.steps = len(self.site.journal().steps)
        assert self.moves >= (2 if command == 'split' else 1)
        self.plan_rc = self.site.run('plan', self.policy).rc
        assert self.plan_rc == 0 or command == 'restore'

    def restart(self):
        self.site.fresh_state(self.state)
        if self.bytes is not None:
            self.site.path.write_bytes(self.bytes)
        else:
            self.site.reset(self.before)
        self.serial = self.site.serial()

    def check_next_run(self, told):
        """A plain second run of the same command line ends as the undisturbed one."""
        site = self.site
        again = site.run(*self.argv)
        told = f'{told}\n{again}'
        assert again.rc == 0, told
        assert site.image() == self.after, told
        assert site.serial() - self.serial == self.moves, told
        journal = site.journal()
        assert journal.open_steps == [], told
        if site.kind != 'zonefile':
            assert site.marker() == journal.markers.get(ZONE), told
        assert site.run('plan', self.policy).rc == self.plan_rc, told
        if leftovers(site):  # of a run that was killed after its change was made: gone with the next one
            site.run(*(argv_of('apply', self.policy) if self.argv[0] == 'restore' else ['restore', '--yes'])).expect(0)
            assert leftovers(site) == [], told


def leftovers(site):
    return [name for name in os.listdir(site.path.parent) if name.startswith('.')] if site.kind == 'zonefile' else []


def check_journaled(flow, told):
    """What the zone shows beyond the state before is a step of the journal."""
    moved = flow.site.serial() - flow.serial
    sent = [s for s in flow.site.journal().steps if s['state'] in ('intended', 'applied', 'verified')]
    assert moved <= len(sent), told


def kill(record, lab, kind, command, stride, one_of=1):
    flow = Flow(lab, kind, command)
    at = points({n: c for n, c in flow.counts.items() if n in KILL_AT}, stride)[::one_of]
    survived = []
    for name, k in at:
        flow.restart()
        done = strace(flow.site, flow.argv, '-e', f'trace={name}', '-e', f'inject={name}:signal=SIGKILL:when={k}')
        told = f'killed at {name} {k}: {done}'
        assert done.rc in (0, -9, 137), told
        if done.rc == 0:  # it called it less often than the counted run did
            assert k > 1, told
            survived.append(name)
        check_journaled(flow, told)
        flow.check_next_run(told)
    certain = [name for name, _ in at if name not in HOW_OFTEN]
    assert 2 * len([name for name in survived if name not in HOW_OFTEN]) <= len(certain), survived  # most points are there
    report(record, kind=kind, command=command, kills=len(at) - len(survived), calls=sum(flow.counts.values()))


# Slow: where sanitizers run the counters of the coverage are written too, in hundreds of calls.
@slow
@pytest.mark.parametrize('kind', ['zonefile', 'knot'])
def test_killed_apply(record_property, lab, kind):
    kill(record_property, lab, kind, 'apply', SHORT)


@slow
@pytest.mark.parametrize('kind', ['knot'])
def test_killed_split(record_property, lab, kind):
    kill(record_property, lab, kind, 'split', SHORT)


def test_killed_while_it_waits(lab):
    """The TTLs are lowered, the caches still hold the old MX: the next run waits for them too."""
    site = Site(lab, 'knot', ttl=15)
    policy = site.policy(ttl='15s', body=MAIL.format(mx='10 mx1.example.test', dmarc='reject').replace('60s', '1s'))
    site.apply(policy).expect(0)
    with subprocess.Popen([lab.program, '--state', site.state, 'split', '--yes', '--no-smtp', policy, '@'], cwd=lab.dir,
                          stdout=subprocess.DEVNULL) as process:
        lablib.wait_for(lambda: site.image()[f'{ZONE}.', 'MX'][0] == 1, 'lowered TTL')
        lowered = time.time()
        lablib.wait_for(lambda: site.journal().open_steps == [], 'journal')
        process.kill()
    assert site.image()[f'{ZONE}.', 'MX'] == (1, frozenset({f'10 mx1.{ZONE}.'}))
    said = site.run('split', '--yes', '--no-smtp', policy, '@').expect(0)
    assert 'caches may still hold the old MX with its long TTL' in said.stdout
    assert time.time() - lowered >= 13
    assert site.image()[f'{ZONE}.', 'MX'] == (1, frozenset({'0 .'}))


@soak
@pytest.mark.parametrize('kind', EVERYWHERE)
def test_killed_apply_at_each_call(record_property, lab, kind):
    kill(record_property, lab, kind, 'apply', 1)


@soak
@pytest.mark.parametrize('kind, stride', [('zonefile', 1), ('knot', 1), ('bind', 3), ('pdns', 3)])
def test_killed_split_at_each_call(record_property, lab, kind, stride):
    kill(record_property, lab, kind, 'split', stride)


@slow
@pytest.mark.parametrize('command', ['restore', 'unsplit'])
def test_killed_on_the_way_back(record_property, lab, command):
    kill(record_property, lab, 'zonefile', command, SHORT, 8)


@pytest.mark.soak
@pytest.mark.parametrize('kind', ['zonefile', 'knot', 'bind', 'pdns'])
@pytest.mark.parametrize('command', ['arm', 'restore', 'unsplit', 'probe', 'renull', 'rotate', 'retire'])
def test_killed_on_the_way_at_each_call(record_property, lab, kind, command):
    kill(record_property, lab, kind, command, 1)


def fail(record, lab, kind, command, stride):
    flow = Flow(lab, kind, command)
    at = points({n: c for n, c in flow.counts.items() if n in FAIL_AT}, stride)
    failed = 0
    for name, k in at:
        for error, words in (('ENOSPC', 'No space left on device'), ('EIO', 'Input/output error')):
            flow.restart()
            lasts = '' if name == 'write' else '+'  # words must come out somewhere
            done = strace(flow.site, flow.argv, '-e', f'trace={name}', '-e', f'inject={name}:error={error}:when={k}{lasts}')
            told = f'{error} from {name} {k} on: {done}'
            assert done.rc in (0, 1), told
            failed += done.rc
            check_journaled(flow, told)
            if done.rc == 0:  # it was not needed for what was promised
                assert flow.site.image() == flow.after, told
            else:
                assert 'dnsguard: ' in done.stderr or f'{ZONE}: ' in done.stdout, told
            flow.check_next_run(told)
    report(record, kind=kind, command=command, faults=2 * len(at), failed=failed)


@slow
@pytest.mark.parametrize('kind', ['zonefile', 'knot'])
def test_disk_fails(record_property, lab, kind):
    fail(record_property, lab, kind, 'apply', SHORT)


@soak
@pytest.mark.parametrize('command, kind, stride', [('apply', 'zonefile', 1), ('apply', 'knot', 1), ('split', 'knot', 3)])
def test_disk_fails_at_each_call(record_property, lab, kind, command, stride):
    fail(record_property, lab, kind, command, stride)


@pytest.mark.parametrize('kind', ['zonefile', 'knot'])
@pytest.mark.parametrize('free_kib', [0, 4, 16, 40, 64, 100])
def test_full_disk(lab, request, kind, free_kib):
    """The state folder (and the zone file) on a file system that has no more room than this."""
    site = Site(lab, kind)
    disk = lab.dir / 'disk'
    disk.mkdir()
    lab.run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'full', disk, check=True)
    request.addfinalizer(lambda: lab.run('umount', '-l', disk))
    if kind == 'zonefile':
        shutil.copy(site.path, disk / site.path.name)
        site.path = disk / site.path.name
    site.state = disk / 'state'
    policy = site.policy()
    serial = site.serial()
    room = os.statvfs(disk)
    (disk / 'ballast').write_bytes(b'x' * max(0, room.f_bavail * room.f_frsize - free_kib * 1024))
    done = site.apply(policy)
    if done.rc == 1:
        assert 'dnsguard: ' in done.stderr, done
        assert 'space' in done.stderr or 'full' in done.stderr, done
    else:
        assert done.rc == 0, done
    steps = [] if site.serial() == serial else site.journal().steps
    assert site.serial() - serial <= len(steps), done
    assert free_kib > 0 or done.rc == 1, done
    (disk / 'ballast').unlink()
    site.apply(policy).expect(0)
    assert site.serial() == serial + 1
    assert site.journal().open_steps == []


def test_standard_output_is_full(lab):
    """What was done is on record, and that nobody could read of it is said."""
    site = Site(lab, 'zonefile')
    with open('/dev/full', 'w', encoding='utf-8') as full:
        done = subprocess.run([lab.program, '--state', site.state, 'apply', '--yes', '--adopt', site.policy()], stdout=full,
                              stderr=subprocess.PIPE, text=True, cwd=lab.dir, check=False)
    assert done.returncode == 1
    assert 'cannot write to standard output' in done.stderr
    assert site.journal().open_steps == []
