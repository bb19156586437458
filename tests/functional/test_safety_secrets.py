"""Secrets: in no command line, output, trace or journal, also when something is wrong with them."""
import json
import pathlib
import threading

import between
import lab as lablib
import pytest
from safety import Site, is_root

SECRET = 'c2VjcmV0LXRoYXQtbXVzdC1uZXZlci1iZS1zZWVuLTAwMDE='
API_KEY = 'api-key-that-must-never-be-seen-0001'


def pieces(secret):
    """The secret and what tells most of it."""
    return [secret, secret[:16], secret[8:24]]


def assert_hidden(secret, text, told):
    for piece in pieces(secret):
        assert piece not in text, told


def scan(secret, folder):
    """Files below folder that hold it."""
    raw = [piece.encode() for piece in pieces(secret)]
    return [str(path) for path in pathlib.Path(folder).rglob('*')
            if path.is_file() and any(piece in path.read_bytes() for piece in raw)]


@pytest.fixture
def keyed(lab):
    lab.key = lablib.Key('labkey', 'hmac-sha256', SECRET)
    return lab


@pytest.mark.parametrize('kind', ['knot', 'powerdns'])
def test_not_in_output_or_journal(keyed, kind):
    site = Site(keyed, kind)
    secret = SECRET if kind == 'knot' else site.server.api_key
    policy = site.policy()
    changed = site.policy('changed.yaml', mx='20 mx2.example.test')
    for command in (['plan', '--adopt'], ['plan', '--adopt', '--json'], ['plan', '--adopt', '--verbose'],
                    ['apply', '--yes', '--adopt', '--verbose'], ['verify', '--json'], ['verify', '--verbose']):
        done = site.run(*command, policy)
        assert_hidden(secret, done.stdout + done.stderr, command)
    done = site.run('apply', '--yes', '--json', changed).expect(0)
    assert_hidden(secret, done.stdout + done.stderr, done)
    for command in (['log'], ['log', '--json'], ['log', '--verbose'], ['restore', '--offline'], ['providers', '--json'],
                    ['restore', '--yes', '--file', changed]):
        done = site.run(*command)
        assert_hidden(secret, done.stdout + done.stderr, command)
    assert scan(secret, site.state) == []


@pytest.mark.parametrize('kind', ['knot', 'powerdns'])
def test_not_in_argv_or_environment(keyed, kind):
    """While a run is under way, nothing in /proc that others may read shows it."""
    site = Site(keyed, kind)
    secret = SECRET if kind == 'knot' else site.server.api_key
    seen = []
    if kind == 'knot':
        hold = threading.Event()

        def look(n, wire, _):
            if n == 3:
                for path in pathlib.Path('/proc').glob('[0-9]*'):
                    for name in ('cmdline', 'environ', 'comm'):
                        try:
                            seen.append((path / name).read_bytes())
                        except OSError:
                            pass
                hold.set()
            return wire
        with between.Proxy(site.server.address, on_request=look) as proxy:
            site.apply(site.policy(address=proxy.address)).expect(0)
        assert hold.is_set()
        assert any(b'apply' in text and b'dnsguard' in text for text in seen)
        assert not any(piece.encode() in text for text in seen for piece in pieces(secret))
    done = site.lab.run('strace', '-f', '-s', '65535', '-e', 'trace=execve', '-o', site.lab.dir / 'execs',
                        site.lab.program, '--state', site.state, 'apply', '--yes', '--adopt', site.policy())
    done.expect(0)
    assert_hidden(secret, (site.lab.dir / 'execs').read_text(), 'execve')


def test_not_in_memory_that_others_read(keyed):
    """The process cannot be dumped or traced by another program of the same user."""
    site = Site(keyed, 'knot')
    owners = []

    def look(n, wire, _):
        for path in pathlib.Path('/proc').glob('[0-9]*'):
            try:
                if b'\0apply\0' in (path / 'cmdline').read_bytes():
                    owners.append((path / 'status').read_text())
                    assert (path / 'coredump_filter').stat().st_uid == 0
            except (FileNotFoundError, ProcessLookupError):
                pass
        return wire
    with between.Proxy(site.server.address, on_request=look) as proxy:
        site.apply(site.policy(address=proxy.address)).expect(0)
    assert owners


WRONG = {  # what stands in the key file
    'not-base64': SECRET[:20] + '!' + SECRET[21:],
    'cut': SECRET[:-3],
    'two-lines': SECRET + '\n' + SECRET + '\n',
    'unknown-algorithm': f'hmac-md99:labkey:{SECRET}',
    'broken-bind': f'key labkey {{ algorithm hmac-sha256; secret "{SECRET[:-6]}',
    'broken-yaml': f'key:\n  - id: labkey\n    secret: [{SECRET}\n',
    'other-name': f'hmac-sha256:another:{SECRET}',
    'wrong-secret': 'hmac-sha256:labkey:' + SECRET[:-8] + 'AAAAAAA=',
    'control': SECRET[:30] + '\x1b[31m',
}


@pytest.mark.parametrize('what', WRONG)
def test_not_in_complaints_about_the_key(keyed, what):
    site = Site(keyed, 'knot')
    policy = site.policy()
    keyed.write('tsig.key', WRONG[what], 0o600)
    for command in (['plan'], ['apply', '--yes', '--adopt'], ['verify', '--json']):
        done = site.run(*command, policy)
        assert done.rc in (1, 2), done
        assert 'key' in done.stdout + done.stderr, done
        assert_hidden(SECRET, done.stdout + done.stderr, done)
    assert site.image() == site.first
    assert scan(SECRET, site.state) == []
    print(done.stderr)


def test_wrong_api_key_is_not_shown(lab):
    site = Site(lab, 'powerdns')
    lab.write(site.server.api_key_file.name, API_KEY + '\n', 0o600)
    done = site.run('apply', '--yes', '--adopt', site.policy()).expect(1)
    assert_hidden(API_KEY, done.stdout + done.stderr, done)
    assert '401' in done.stderr or 'key' in done.stderr
    assert site.image() == site.first
    print(done.stderr)


@pytest.mark.parametrize('kind', ['knot', 'powerdns'])
@pytest.mark.parametrize('mode', [0o644, 0o604, 0o666, 0o602, 0o622, 0o640, 0o600, 0o400])
def test_who_may_read_the_key_file(keyed, kind, mode):
    """Everybody: refused in words. Its group, as name servers do it: accepted."""
    site = Site(keyed, kind)
    path = keyed.dir / 'tsig.key' if kind == 'knot' else site.server.api_key_file
    policy = site.policy()
    path.chmod(mode)
    done = site.run('apply', '--yes', '--adopt', policy)
    if mode & 0o7:
        assert done.rc in (1, 2), done
        assert str(path) in done.stderr and 'chmod' in done.stderr, done
        assert site.image() == site.first
        assert site.journal().steps == []
    elif not mode & 0o020:
        assert done.rc == 0, done
    print(oct(mode), done.rc, done.stderr)


def test_state_folder_that_others_can_write(keyed):
    """Whoever can write the journal decides what is put back."""
    site = Site(keyed, 'zonefile')
    site.apply(site.policy()).expect(0)
    assert site.state.stat().st_mode & 0o777 == 0o700
    assert (site.state / 'journal.db').stat().st_mode & 0o077 == 0
    site.state.chmod(0o777)
    for command in (['apply', '--yes', site.policy(mx='20 mx2.example.test')], ['restore', '--yes'], ['log']):
        done = site.run(*command)
        assert done.rc in (1, 2) or command == ['log'], done
        assert str(site.state) in done.stderr or command == ['log'], done


def test_log_keeps_the_command_line(keyed):
    """Who did what is on record; that there is nothing secret in it is what the tests above say."""
    site = Site(keyed, 'zonefile')
    site.apply(site.policy()).expect(0)
    told = [json.loads(line) for line in site.run('log', '--json').stdout.splitlines()]
    assert any('apply' in json.dumps(entry) for entry in told)
    assert is_root() or told
