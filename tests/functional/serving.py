"""`dnsguard serve` as a registrar's platform sees it: a client that holds every answer against doc/openapi.yaml."""
import base64
import hashlib
import hmac
import http.client
import json
import re
import socket
import sqlite3
import time

import jsonschema
import lab as lablib
import yaml
from lab import wait_for

DESCRIPTION = yaml.safe_load((lablib.ROOT / 'doc/openapi.yaml').read_text())
KEY = bytes(range(7, 39))
ZONE = '''$ORIGIN {zone}.
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 192.0.2.1
@ A 192.0.2.2
'''
PARKED = '''zone: "{zone}"
provider: {zonefile: {path: "../zonefiles/{zone}.zone"}}
verify: {servers: none}
hosts: ignore
silent: ["@", "*"]
'''
NULL_MX = re.compile(r'^\S+ 3600 MX 0 \.$', re.M)


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost', timeout=lablib.READY_S)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)  # waits while many wait to be let in
        self.sock.settimeout(self.timeout)


def resolve(node):
    while '$ref' in node:
        target = DESCRIPTION
        for part in node['$ref'].removeprefix('#/').split('/'):
            target = target[part]
        node = target
    return node


def operation(method, path):
    """What the description says of a request; None: it knows no such path or method."""
    for template, methods in DESCRIPTION['paths'].items():
        if re.fullmatch(re.sub(r'\{\w+\}', '[^/]+', template), path):
            return methods.get(method.lower())
    return None


def schema_of(node):
    return {**node, 'components': DESCRIPTION['components']}


class Answer:
    def __init__(self, method, path, response):
        self.status, self.headers, body = response.status, response.headers, response.read()
        self.body = json.loads(body)
        self.type = self.headers['Content-Type']
        said = operation(method, path)
        if said is None or self.status in (400, 431, 501, 505, 408, 413, 417):
            node = resolve({'$ref': '#/components/responses/Problem'})
        else:
            assert str(self.status) in said['responses'], f'{method} {path}: {self.status} is not described: {self.body}'
            node = resolve(said['responses'][str(self.status)])
        assert self.type in node['content'], f'{method} {path}: {self.type}'
        jsonschema.Draft202012Validator(schema_of(node['content'][self.type]['schema'])).validate(self.body)
        for name, header in node.get('headers', {}).items():
            assert not header.get('required') or name in self.headers, f'{method} {path}: no {name}'
        if self.status >= 400:
            assert self.body['status'] == self.status

    def expect(self, status):
        assert self.status == status, f'{self.status}: {self.body}'
        return self


class Serve:
    def __init__(self, lab, socket_option=None, **options):
        self.lab, self.options, self.process, self.n = lab, options, None, 0
        self.zones, self.files, self.templates = (lab.dir / name for name in ('zones', 'zonefiles', 'templates'))
        for folder in self.zones, self.files, self.templates:
            folder.mkdir(exist_ok=True)
        self.template('parked', PARKED)
        self.secret = 'whsec_' + base64.b64encode(KEY).decode()
        self.secret_file = lab.write('events.secret', self.secret + '\n', 0o600)
        self.socket = lab.dir / 'api.sock'
        self.place = socket_option or f'unix:{self.socket}'

    # the process

    def template(self, name, text):
        (self.templates / f'{name}.yaml').write_text(text)

    def add_zones(self, *names):
        for name in names:
            (self.files / f'{name}.zone').write_text(ZONE.replace('{zone}', name))

    def start(self):
        self.n += 1
        name = f'serve{self.n}'
        more = [word for key, value in self.options.items() for word in ('--' + key.replace('_', '-'), str(value))]
        self.process = self.lab.daemon(name, [
            self.lab.program, '--state', str(self.lab.dir / 'state'), 'serve', str(self.zones), '--socket', self.place,
            '--templates', str(self.templates), '--webhook-secret', str(self.secret_file), *more])
        self.log = self.lab.dir / f'{name}.log'
        self.lab.wait_ready(name, lambda: 'serving at' in self.log.read_text())
        return self

    def stop(self):
        code = self.lab.stop(f'serve{self.n}')
        assert code == 0, f'{code}: {self.log.read_text()}'

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.lab.processes.pop(f'serve{self.n}')

    def token(self, name='shop', zones='*', verbs='plan,apply,status,approve,stop,incident'):
        done = self.lab.dnsguard('serve', 'token', 'new', '--name', name, '--zones', zones, '--verbs', verbs).expect(0)
        return done.stdout.strip()

    # requests

    def connect(self):
        if self.place.startswith('unix:'):
            return Unix(self.socket)
        _, host, port = self.place.split(':')
        return http.client.HTTPConnection(host, int(port), timeout=lablib.READY_S)

    def ask(self, method, path, body=None, token=None, connection=None, **headers):
        headers = {name.replace('_', '-'): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault('content-type', 'application/json')
        if token:
            headers['authorization'] = f'Bearer {token}'
        c = connection or self.connect()
        c.request(method, path, body, headers)
        answer = Answer(method, path, c.getresponse())
        if not connection:
            c.close()
        return answer

    def sign(self, name, body, at=None, key=KEY):
        at = str(int(time.time() if at is None else at))
        signed = b'.'.join((name.encode(), at.encode(), body))
        return {'webhook-id': name, 'webhook-timestamp': at,
                'webhook-signature': 'v1,' + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}

    def event(self, name, kind, *domains, at=None, key=KEY, connection=None, **data):
        where = {'domain': domains[0]} if len(domains) == 1 else {'domains': list(domains)}
        body = json.dumps({'type': kind, 'timestamp': '2026-11-30T03:00:00Z', 'data': {**where, **data}}).encode()
        jsonschema.Draft202012Validator(schema_of({'$ref': '#/components/schemas/Event'})).validate(json.loads(body))
        return self.ask('POST', '/v1/events', body, connection=connection, **self.sign(name, body, at, key))

    def wait_job(self, taken, token=None):
        return wait_for(lambda: self.job_if_done(taken.body['url'], token), f'the end of {taken.body["url"]}')

    def job_if_done(self, url, token=None):
        job = self.ask('GET', url, token=token).expect(200).body
        return job if job['state'] == 'done' else None

    def outcomes(self, taken, token=None):
        return {item['domain']: item['outcome'] for item in self.wait_job(taken, token)['items']}

    # what stands

    def zone(self, name):
        return (self.files / f'{name}.zone').read_text()

    def is_parked(self, name):
        text = self.zone(name)
        return len(NULL_MX.findall(text)) == 2 and 'v=DMARC1; p=reject' in text and text.count('"v=spf1 -all"') == 2

    def sql(self, question, *args):
        with sqlite3.connect(f'file:{self.lab.dir}/state/journal.db?mode=ro', uri=True) as db:
            return db.execute(question, args).fetchall()

    def audit(self):
        return [json.loads(line) for line in (self.lab.dir / 'state/audit.jsonl').read_text().splitlines()]
