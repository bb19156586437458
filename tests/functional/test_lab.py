"""The lab itself: every server answers, takes an update, and nothing is left of a lab whose launcher was killed."""
import os
import pathlib
import signal
import subprocess
import sys

import lab as lablib
import pytest
import servers

WWW = 'www A 192.0.2.1\n'
LAUNCHER = [sys.executable, lablib.HERE]
PRIMARIES = {'knot': servers.Knot, 'bind': servers.Bind, 'pdns': servers.Pdns}


def launch(*argv, prefix=(), **env):
    env = {k: v for k, v in os.environ.items() if not k.startswith('LAB_')} | env
    return subprocess.run([*prefix, *LAUNCHER, *argv], capture_output=True, text=True, cwd='/', env=env)


def maps_all_users():
    return int(pathlib.Path('/proc/self/uid_map').read_text().split()[2]) > 65534


@pytest.mark.parametrize('kind', PRIMARIES)
def test_primary_takes_update(lab, kind):
    server = PRIMARIES[kind](lab, {'example.test': WWW})
    assert server.dig('www.example.test', 'A') == ['192.0.2.1']
    before = server.serial('example.test')
    server.update('example.test', 'add txt.example.test. 60 TXT "one" "two"')
    lablib.wait_for(lambda: server.dig('txt.example.test', 'TXT') == ['"one" "two"'], 'update')
    assert server.rrset('txt.example.test', 'TXT') == (60, ['"one" "two"'])
    assert server.serial('example.test') > before
    assert 'www.example.test. 300 IN A 192.0.2.1' in server.axfr('example.test')


@pytest.mark.parametrize('kind', PRIMARIES)
def test_update_needs_the_key(lab, kind):
    server = PRIMARIES[kind](lab, ['example.test'])
    lab.key = lablib.Key.random()
    with pytest.raises(lablib.LabError):
        server.update('example.test', 'add txt.example.test. 60 TXT "no"')
    assert server.dig('txt.example.test', 'TXT') == []


@pytest.mark.parametrize('kind', PRIMARIES)
def test_secondary_follows(lab, kind):
    primary = PRIMARIES[kind](lab, {'example.test': WWW}, notify=[servers.Nsd.address])
    secondary = servers.Nsd(lab, ['example.test'], primary=primary)
    primary.update('example.test', 'add new.example.test. 60 A 192.0.2.9')
    lablib.wait_for(lambda: secondary.dig('new.example.test', 'A') == ['192.0.2.9'], 'transfer')


def test_primary_keeps_updates_over_a_restart(knot):
    server = knot(['example.test'])
    server.update('example.test', 'add txt.example.test. 60 TXT "kept"')
    server.stop()
    server.start()
    assert server.dig('txt.example.test', 'TXT') == ['"kept"']


def test_nsd_serves_a_rewritten_file(lab, nsd):
    server = nsd({'example.test': WWW})
    text = server.path('example.test').read_text().replace('192.0.2.1', '192.0.2.2').replace(' 1 3600', ' 2 3600')
    server.path('example.test').write_text(text)
    lab.run(*server.reload_command, check=True)
    lablib.wait_for(lambda: server.dig('www.example.test', 'A') == ['192.0.2.2'], 'reload')


def test_resolver_validates_a_signed_zone(knot, unbound, lab):
    server = knot({'example.test': WWW}, signed=True)
    resolver = unbound([server], anchors=[server.trust_anchor('example.test')])
    assert resolver.dig('www.example.test', 'A') == ['192.0.2.1']
    told = lab.run('dig', f'@{resolver.address}', '+dnssec', 'www.example.test', 'A').stdout
    assert 'flags: qr rd ra ad' in told


def test_etc_resolv_conf_names_the_resolver(bind, unbound, lab):
    unbound([bind({'example.test': WWW})])
    assert lab.run('dig', '+short', 'www.example.test', 'A').stdout == '192.0.2.1\n'


def test_pdns_has_its_api(pdns):
    import urllib.request
    server = pdns({'example.test': WWW})
    asked = urllib.request.Request(f'{server.api_url}/api/v1/servers/localhost/zones/example.test.',
                                   headers={'X-API-Key': server.api_key})
    with urllib.request.urlopen(asked, timeout=60) as reply:
        assert b'192.0.2.1' in reply.read()


def test_many_zones(knot):
    server = knot([f'z{n}.test' for n in range(500)])
    assert server.serial('z0.test') == 1


def test_worker_has_its_own_network():
    """Two sockets on one port in two labs of one machine: nobody else is on port 53 here."""
    with lablib.socket.socket(lablib.socket.AF_INET, lablib.socket.SOCK_DGRAM) as s:
        s.bind((servers.Knot.address, 53))


def test_nothing_outside_is_reachable():
    with pytest.raises(OSError):
        with lablib.socket.socket(lablib.socket.AF_INET, lablib.socket.SOCK_DGRAM) as s:
            s.connect(('203.0.113.1', 53))


def test_exit_code_is_the_programs():
    assert launch('sh', '-c', 'exit 7').returncode == 7
    assert launch('sh', '-c', 'kill -9 $$').returncode == 137
    assert launch('nowhere/none').returncode == 127


def test_orphans_are_reaped():
    done = launch('sh', '-c', '(sleep 0.1 &) ; sleep 0.4; for n in $(seq 600); do ps -eo stat= | grep -q Z || exec echo none; '
                  'sleep 0.1; done')
    assert done.stdout == 'none\n'


@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGTERM])
def test_killed_launcher_leaves_nothing(number):
    mark = f'8{os.getpid()}{int(number)}'
    launcher = subprocess.Popen([*LAUNCHER, 'sh', '-c', f'sleep {mark} & sleep {mark}'],
                                start_new_session=True)

    def sleepers():
        found = 0
        for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
            try:
                found += path.read_bytes() == f'sleep\0{mark}\0'.encode()
            except OSError:
                pass
        return found
    lablib.wait_for(lambda: sleepers() == 2, 'start')
    os.kill(launcher.pid, number)
    launcher.wait()
    lablib.wait_for(lambda: sleepers() == 0, 'end')


@pytest.mark.skipif(os.getuid() != 0 or not maps_all_users(), reason='runs as an ordinary user already')
def test_an_ordinary_user_can():
    """Also for a user who may do nothing: the user namespace makes the rest possible."""
    code = ('import lab, servers\nwith lab.Lab() as l:\n    k = servers.Knot(l, ["example.test"])\n'
            '    print(k.serial("example.test"))\n')
    done = launch(sys.executable, '-c', code, prefix=['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
                  PYTHONPATH=str(lablib.HERE.parent), PYTHONDONTWRITEBYTECODE='1')
    if 'unshare failed' in done.stderr:
        pytest.skip('user namespaces are switched off here')
    assert (done.stdout, done.returncode) == ('1\n', 0), done.stderr
