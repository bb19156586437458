"""Letters by HTTPS, signed as Standard Webhooks has it, to a server that looks at the signature."""
import base64
import hashlib
import hmac
import json
import pathlib
import subprocess
import time

import lab as lablib
import pytest
import web
from lab import wait_for
from test_watch import Watch

HOST, AT = 'hook.example.net', '127.0.0.80'
MOVING, PUBLIC, PRIVATE = 'moving.example.net', '9.9.9.80', '127.0.0.81'  # the lab has no way to the real one
HOSTS = pathlib.Path('/etc/hosts')
KEY = bytes(range(32))
HOOK = '{webhook: "https://%s/x?y=1", secret-file: hook.secret, allow-private: %s}'


class Hooked(Watch):
    def __init__(self, lab, is_private_ok='true', secret='whsec_' + base64.b64encode(KEY).decode(), host=HOST, at=AT):
        lab.write('hook.secret', secret + '\n', 0o600)
        self.is_private_ok, self.host = is_private_ok, host
        super().__init__(lab)
        hosts = HOSTS.read_text()
        if host not in hosts:  # all names at once: others in this network may do the same at this moment
            lablib.mount(lab.write('hosts', f'{hosts.rstrip()}\n{AT} {HOST}\n{PUBLIC} {MOVING}\n'), HOSTS, flags=lablib.MS_BIND)
        self.site = web.Web(lab, {host: web.Answer()}, at)

    def write_policy(self, more=''):
        super().write_policy()
        with open(self.policy, 'a', encoding='ascii') as f:
            f.write('  hooks: [' + HOOK % (self.host, self.is_private_ok) + ']\n')

    def told(self):
        return ' '.join(line['text'] for line in self.lines('guard'))


@pytest.fixture
def make(lab):
    made = []

    def hooked(**options):
        made.append(Hooked(lab, **options))
        made[-1].start()
        return made[-1]
    yield hooked
    for one in made:
        one.site.stop()


def check(post, key=KEY):
    """What a receiver does (Standard Webhooks 1.0)."""
    _, path, headers, body = post
    headers = {name.lower(): value for name, value in headers.items()}
    assert path == '/x?y=1' and headers['content-type'] == 'application/json'
    assert abs(time.time() - int(headers['webhook-timestamp'])) < 300
    signed = b'.'.join((headers['webhook-id'].encode(), headers['webhook-timestamp'].encode(), body))
    good = 'v1,' + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert good in headers['webhook-signature'].split(' ')
    return headers['webhook-id'], json.loads(body)


def test_signed_and_tried_again(make):
    hooked = make()
    hooked.site.hosts[HOST] = web.Answer(status=503)
    hooked.refuse(40)
    wait_for(lambda: len(hooked.site.posts) >= 2, 'a second try', 60)
    hooked.stop()  # from the outbox, also after a restart
    hooked.site.hosts[HOST] = web.Answer(redirect=f'https://{HOST}/elsewhere')
    hooked.start()
    n = len(hooked.site.posts)
    wait_for(lambda: len(hooked.site.posts) >= n + 2, 'a redirect that is not followed', 60)
    hooked.site.hosts[HOST] = web.Answer(status=204)
    n = len(hooked.site.posts)
    wait_for(lambda: len(hooked.site.posts) > n, 'the last one', 60)
    ids, letters = zip(*map(check, hooked.site.posts))
    assert len(set(ids)) == 1 and {letter['sequence'] for letter in letters} == {1}
    assert letters[0]['event'] == 'on-alarm' and letters[0]['name'] == 'example.com.'
    assert letters[0]['evidence']['foreign'] > 0 and letters[0]['abuse'] is None
    assert 'answered with status 503; tried again' in hooked.told() and 'status 301' in hooked.told()
    hooked.lab.dnsguard('abused', 'example.com', '--why', 'web1 sends it').expect(0)
    wait_for(lambda: check(hooked.site.posts[-1])[1]['sequence'] == 2, 'the next one', 60)
    letter = check(hooked.site.posts[-1])[1]
    assert letter['event'] == 'on-held' and 'web1 sends it' in letter['abuse'] and 'split would not stop' in letter['advice']
    assert check(hooked.site.posts[-1])[0] not in ids


def test_gone_is_not_tried_again(make):
    hooked = make(secret='a secret as it stands, in plain text')
    hooked.site.hosts[HOST] = web.Answer(status=410)
    hooked.refuse(40)
    wait_for(lambda: 'status 410; given up' in hooked.told(), 'given up', 60)
    assert check(hooked.site.posts[0], b'a secret as it stands, in plain text')[1]['sequence'] == 1
    assert len(hooked.site.posts) == 1


def test_private_addresses_must_be_allowed(make):
    hooked = make(is_private_ok='false')
    hooked.refuse(40)
    wait_for(lambda: 'tried again' in hooked.told(), 'the refusal', 60)
    assert not hooked.site.posts and KEY.hex() not in hooked.told()


def move(old, new):
    HOSTS.write_text(HOSTS.read_text().replace(f'{old} {MOVING}', f'{new} {MOVING}'))


def test_a_name_that_moves_into_our_network(lab, make):
    """DNS rebinding: public when it is looked up first, loopback the next time. Refused before a connection is made, and told."""
    for address, bits in (PUBLIC, 32), (PRIVATE, 8):
        subprocess.run(['ip', 'addr', 'replace', f'{address}/{bits}', 'dev', 'lo'], check=True)
    hooked = make(is_private_ok='false', host=MOVING, at=PUBLIC)
    inside = web.Web(lab, {MOVING: web.Answer()}, PRIVATE)
    hooked.site.hosts[MOVING] = web.Answer(status=503)
    hooked.refuse(40)
    wait_for(lambda: hooked.site.posts, 'the first request', 60)
    hooked.stop()  # the letter stays in the outbox; addresses that are known for a minute are forgotten
    n = len(hooked.site.posts)
    move(PUBLIC, PRIVATE)
    hooked.start()
    wait_for(lambda: 'not connected to' in hooked.told(), 'the refusal', 60)
    assert PRIVATE in hooked.told() and not inside.posts and len(hooked.site.posts) == n
    hooked.stop()
    move(PRIVATE, PUBLIC)
    hooked.site.hosts[MOVING] = web.Answer(status=204)
    hooked.start()
    wait_for(lambda: len(hooked.site.posts) > n, 'the same letter', 60)
    assert hooked.site.posts[0][2]['webhook-id'] == hooked.site.posts[-1][2]['webhook-id'] and not inside.posts
    inside.stop()


@pytest.mark.parametrize('mode,secret', [(0o644, 32 * 'q'), (0o600, 'qqqq')], ids=['readable', 'short'])
def test_secrets_must_be_secret(lab, make, mode, secret):
    hooked = make()
    (lab.dir / 'hook.secret').write_text(secret)
    (lab.dir / 'hook.secret').chmod(mode)
    hooked.refuse(40)
    wait_for(lambda: 'secret file' in hooked.told(), 'why not', 60)
    assert not hooked.site.posts and secret not in hooked.told()
