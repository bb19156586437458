"""Mode never, and --dry-run: whatever happens, no provider is written to. All that the program and its children call is looked at."""
import os
import re
import time

import lab as lablib
import pytest
from safety import EVERYWHERE, ZONE, Site
from test_safety_rails import SENDS, WRITES, calls, sent_updates, snapshot

MAIL = '''mail:
  "@":
    mx: [10 mx1.example.test]
    spf: [mx]
    dmarc: {{policy: reject}}
    split: {{to: m, armed-ttl: 60s, when: {when}, rotate: [m2], sink: [10 mx2.example.test]}}
watch:
  sensors: [{{log: "{log}"}}]
'''
OPENED = ('open', 'openat')
pytestmark = pytest.mark.traced


def strace(site, *argv, log='calls'):
    return ['strace', '-D', '-f', '-qq', '-y', '-xx', '-s', '4096', '-e', 'trace=' + ','.join(WRITES + SENDS + OPENED + ('exit_group',)),
            '-o', site.lab.dir / log, site.lab.program, '--state', site.state, *argv]


def text_of(octets):
    return bytes.fromhex(octets.replace('\\x', '')).decode(errors='replace')


def written_files(lines):
    """What was opened to be written to, made, renamed, removed: names of files outside the state folder, without devices."""
    found = []
    for line in lines:
        name = re.match(r'^\d+ +(\w+)\(', line)
        if not name or ' = -1 ' in line or (name[1] in OPENED and not re.search(r'O_CREAT|O_WRONLY|O_RDWR|O_TRUNC', line)):
            continue
        if name[1] not in SENDS and name[1] not in ('fsync', 'fdatasync', 'pwrite64', 'writev', 'pwritev', 'pwritev2'):
            folder = next(map(text_of, re.findall(r'<((?:\\x[0-9a-f]{2})+)>', line)), '')
            paths = [os.path.join(folder, text_of(octets)) for octets in re.findall(r'"((?:\\x[0-9a-f]{2})+)"', line)]
            found += [path for path in paths if '/state' not in path and not path.startswith(('/dev/', '/proc/'))]
    return found


def check(site, before, log='calls'):
    path = site.lab.dir / log
    lablib.wait_for(lambda: 'exit_group(' in path.read_text(errors='replace'), 'the end of the trace')
    lines = path.read_text(errors='replace').splitlines()
    assert len(lines) > 8  # what the loader opens, at least
    assert sent_updates(lines) == []
    assert written_files(lines) == []
    assert (site.image(has_marker=True), site.serial(), snapshot(site.lab.dir / 'zones')) == before


def state_of(site):
    return site.image(has_marker=True), site.serial(), snapshot(site.lab.dir / 'zones')


@pytest.mark.parametrize('kind', ['zonefile', 'knot', *[pytest.param(kind, marks=pytest.mark.soak) for kind in EVERYWHERE[2:]]])
def test_dry_runs(lab, kind):
    site = Site(lab, kind)
    log = lab.write('mail.log', '')
    policy = site.policy(body=MAIL.format(when='approved', log=log))
    site.apply(policy).expect(0)
    for stage in (None, ['split', '--yes', '--no-smtp', '--now', '--force', policy, '@']):
        if stage:
            site.run(*stage).expect(0)
        before = state_of(site)
        for command, *more in (['arm', '@'], ['split', '@'], ['unsplit', '@'], ['probe', '@'], ['rotate', '@', 'm2'], ['retire', '@']):
            done = lab.run(*strace(site, command, '--dry-run', '--no-smtp' if command != 'unsplit' else '--now', policy, *more))
            assert done.rc in (0, 1, 2, 3), done
            check(site, before)
        for look in (['status'], ['backtest', policy, log], ['log'], ['plan', policy]):
            done = lab.run(*strace(site, *look))
            assert done.rc in (0, 1, 2, 3), done
            check(site, before)


def test_mode_never(lab):
    """An attack that would move the name in any other mode: an alarm, and nothing but that."""
    site = Site(lab, 'knot')
    log = lab.write('mail.log', '')
    policy = site.policy(body=MAIL.format(when='never', log=log))
    site.apply(policy).expect(0)
    before = state_of(site)
    lab.daemon('watch', strace(site, 'watch', '--json', policy, log='watch.calls'))
    said = lab.dir / 'watch.log'
    lab.wait_ready('watch', lambda: '"watching"' in said.read_text())
    stamp = time.time() - 1700  # for half an hour already
    with open(log, 'a', encoding='ascii') as f:
        for n in range(300):
            at = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(stamp + n * 5.5))
            f.write(f'{at}.000000+00:00 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from a[198.51.{n % 250}.9]: 550 5.1.1 <n{n}@{ZONE}>: Recipient '
                    f'address rejected: User unknown in local recipient table; from=<> to=<n{n}@{ZONE}> proto=ESMTP helo=<a>\n')
    lablib.wait_for(lambda: '"alarm"' in said.read_text(), 'the alarm')
    lablib.wait_for(lambda: site.journal().path.exists() and 'nothing is done' in said.read_text(), 'what the guard said')
    lab.stop('watch')
    check(site, before, 'watch.calls')
    assert site.run('approve', 'ffffffff').rc == 2


def test_the_scan_sees_a_write(lab):
    """What the tests above look for is there when something is published."""
    for kind in ('zonefile', 'knot'):
        with lablib.Lab(lab.dir / kind) as own:
            site = Site(own, kind)
            own.run(*strace(site, 'apply', '--yes', '--adopt', site.policy())).expect(0)
            lablib.wait_for(lambda own=own: 'exit_group(' in (own.dir / 'calls').read_text(errors='replace'), 'the end of the trace')
            assert sent_updates(calls(own)) if kind == 'knot' else any(ZONE in path for path in written_files(calls(own)))
