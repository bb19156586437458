"""A bad zone.yaml: file, line and column, the code for wrong usage, at once, and nothing is changed or written."""
import os
import re
import resource

import pytest
from safety import MAIL, ZONE, Site

HEAD = f'zone: {ZONE}\nprovider: {{zonefile: {{path: zones/{ZONE}.zone}}}}\n'
GOOD = HEAD + MAIL.format(mx='10 mx1.example.test', dmarc='reject') + 'hosts: ignore\nverify: {servers: none}\n'
MAX_CPU_S = 20.0  # what is quadratic takes longer than this; about 0.01 is usual, and printed

# name: (text, place in it or None for the file alone, words of the message)
BAD = {
    'wrong-type': (HEAD + 'ttl: [1h]\n', '3:6', 'found a list'),
    'map-for-list': (HEAD + 'mail: {"@": {mx: {a: b}}}\n', '3:18', 'found'),
    'unknown-key': (HEAD + 'mial: {}\n', '3:1', 'mail'),
    'unknown-inner-key': (HEAD + 'mail:\n  "@":\n    dmrac: {policy: reject}\n', '5:5', 'dmarc'),
    'anchor': (HEAD + 'ttl: &a 1h\n', '3:6', 'anchor'),
    'alias': (HEAD + 'ttl: *a\n', '3:6', 'alias'),
    'self-alias': ('a: &a [*a]\n', '1:4', 'anchor'),
    'merge-key': (HEAD + '<<: {ttl: 1h}\n', '3:1', '<<'),
    'tag': (HEAD + 'ttl: !!int 5\n', '3:6', 'tag'),
    'two-documents': (GOOD + '---\n' + GOOD, None, 'document'),
    'deep': (HEAD + 'mail: ' + '[' * 200_000 + '\n', '3:', 'deep'),
    'deep-maps': (HEAD + 'mail: ' + '{a: ' * 50_000 + '\n', '3:', 'deep'),
    'deep-block': (HEAD + ''.join(' ' * n + 'a:\n' for n in range(1000)), None, ''),
    'dashes': ('- ' * 500_000 + '\n', '1:1', 'list'),
    'big-scalar': (HEAD + 'ttl: "' + 'a' * 10_000_000 + '"\n', None, 'bytes'),
    'big-key': ('a' * 900_000 + ': 1\n', '1:1', ''),
    'many-keys': (HEAD + 'mail:\n' + ''.join(f'  n{n}: {{}}\n' for n in range(100_000)), None, ''),
    'utf8-invalid': (HEAD.encode() + b'ttl: \xff\xfe\n', '3:6', 'UTF-8'),
    'utf8-overlong': (HEAD.encode() + b'ttl: \xc0\xaf\n', '3:6', 'UTF-8'),
    'utf8-surrogate': (HEAD.encode() + b'ttl: \xed\xa0\x80\n', '3:6', 'UTF-8'),
    'utf16': (GOOD.encode('utf-16'), '1:1', 'UTF-'),
    'duplicate-key': (HEAD + 'ttl: 1h\nttl: 2h\n', '4:1', 'ttl'),
    'duplicate-zone': (f'zone: {ZONE}\nzone: {ZONE}\n', '2:1', 'zone'),
    'bad-name': (HEAD.replace(ZONE, 'exa mple..test', 1), '1:7', 'exa mple'),
    'long-label': (HEAD.replace(ZONE, 'a' * 64 + '.test', 1), '1:7', '63'),
    'outside-name': (HEAD + 'mail: {"other.invalid": {mx: null}}\n', '3:8', 'other.invalid'),
    'bad-cidr': (HEAD + 'mail: {"@": {spf: ["ip4:192.0.2.0/33"]}}\n', '3:20', '33'),
    'bad-address': (HEAD + 'mail: {"@": {spf: ["ip4:192.0.2.256"]}}\n', '3:20', '192.0.2.256'),
    'bad-preference': (HEAD + 'mail: {"@": {mx: [70000 mx1.example.test]}}\n', '3:19', '65535'),
    'bad-duration': (HEAD + 'ttl: 5 parsecs\n', '3:6', 'parsecs'),
    'negative-ttl': (HEAD + 'ttl: -5\n', '3:6', '-5'),
    'huge-ttl': (HEAD + 'ttl: 99999999999w\n', '3:6', ''),
    'tab': (HEAD + 'mail:\n\t"@": {}\n', '4:1', 'tab'),
    'nul': (HEAD.encode() + b'ttl: 1h\0\n', '3:8', ''),
    'escape-sequence': (HEAD.encode() + b'ttl: \x1b[31mred\n', '3:6', ''),
    'bidi-mark': (HEAD + 'ttl: "\u202e1h"\n', '3:6', ''),
    'empty': ('', None, 'empty'),
    'only-comment': ('# nothing\n', None, ''),
    'scalar': ('zone\n', '1:1', 'zone'),
    'list': ('- zone: a\n', '1:1', ''),
    'no-zone': ('ttl: 1h\n', None, 'zone'),
    'no-provider': (f'zone: {ZONE}\nmail: {{}}\n', None, 'provider'),
    'unknown-provider': (HEAD.replace('zonefile', 'zonefiel', 1), '2:12', 'zonefile'),
    'two-providers': (f'zone: {ZONE}\nprovider: {{zonefile: {{path: a}}, rfc2136: {{server: "127.0.0.1"}}}}\n', '2:', 'provider'),
    'unclosed': (HEAD + 'mail: {"@": {mx: [10 a.test\n', None, ''),
    'null-mx-and-mx': (HEAD + 'mail: {"@": {mx: ["0 .", "10 mx1.example.test"]}}\n', '3:', 'null MX'),
    'bomb': ('a0: &a0 [x]\n' + ''.join(f'a{n}: &a{n} [{",".join([f"*a{n - 1}"] * 9)}]\n' for n in range(1, 12)), '1:5', 'anchor'),
}


@pytest.fixture
def site(lab):
    return Site(lab, 'zonefile')


def run_measured(site, *args):
    """The result and its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = site.run(*args)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def check_untouched(site):
    assert site.path.read_bytes() == site.first_bytes
    assert os.listdir(site.path.parent) == [site.path.name]
    assert site.journal().steps == [] and site.journal().runs == []


@pytest.mark.parametrize('what', BAD)
def test_bad_policy(record_property, site, lab, what):
    text, place, words = BAD[what]
    path = lab.dir / 'zone.yaml'
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for command in (['plan'], ['apply', '--yes', '--adopt', '--force']):
        done, cpu_s = run_measured(site, *command, path)
        assert done.rc == 2, done
        assert len(done.stderr) < 4000, done
        assert re.search(rf'{re.escape(str(path))}:{place}' if place else re.escape(str(path)), done.stderr), done
        assert place is None or re.search(r'zone\.yaml:\d+:\d+: ', done.stderr), done
        assert words in done.stderr, done
        assert not re.search(r'[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]', done.stdout + done.stderr), done
        assert 'Nothing to change' not in done.stdout, done
        assert cpu_s < MAX_CPU_S, done
    check_untouched(site)
    record_property('cpu_s', round(cpu_s, 3))
    print(f'{what}: {cpu_s:.3f} s, {done.stderr.splitlines()[0][-200:]}')


def test_plan_writes_no_state(site, lab):
    path = lab.write('zone.yaml', HEAD + 'mial: {}\n')
    site.run('plan', path).expect(2)
    assert not site.state.exists()


@pytest.mark.parametrize('what, code, words', [
    ('missing', 1, 'No such file'), ('directory', 2, 'no'), ('huge', 1, 'bytes'),
    ('device', 1, 'bytes'), ('unreadable', 1, 'Permission denied')])
def test_no_policy_at_all(site, lab, what, code, words):
    path = lab.dir / 'zone.yaml'
    if what == 'directory':
        path.mkdir()
    elif what == 'huge':
        with open(path, 'wb') as f:
            f.truncate(1 << 40)
    elif what == 'device':
        path.symlink_to('/dev/zero')
    elif what == 'unreadable':
        path.write_text(GOOD)
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip('root reads everything')
    for command in (['plan'], ['apply', '--yes']):
        done, cpu_s = run_measured(site, *command, path)
        assert done.rc == code, done
        assert str(path) in done.stderr and words in done.stderr, done
        assert cpu_s < MAX_CPU_S, done
    check_untouched(site)


def test_the_good_one_is_good(site, lab):
    """So that the bad ones are bad for what is wrong in them."""
    lab.write('zone.yaml', GOOD)
    site.run('plan', '--adopt', lab.dir / 'zone.yaml').expect(3)
