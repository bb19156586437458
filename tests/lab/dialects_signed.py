"""Providers that want more than a key: OVH (signatures), Google Cloud (signed assertions), Azure (client credentials, ETags)."""
import base64
import hashlib
import json
import re
import subprocess
import tempfile
import time
import urllib.parse

import api
from api import Dialect, Record, joined, quoted

ACCESS = 'ya29.lab-ACCESS-5ecret.token'


class Ovh(Dialect):
    """Staged: name servers answer with served until a refresh. Its clock is off."""
    auth = ('X-Ovh-Application', api.TOKEN)
    SECRET, CONSUMER = 'app-5ecretsecret-lab', 'con-5ecretsecret-lab'
    files = {'application-secret-file': SECRET + '\n', 'consumer-key-file': CONSUMER + '\n'}
    ttl_min = 0
    AWAY_S = 1000

    def __init__(self, zone, records):
        super().__init__(zone, records)
        self.served, self.n_refreshed = self.image(), 0

    def is_authorised(self, method, path, headers, body):
        if path == '/auth/time':
            return True
        when = headers['X-Ovh-Timestamp']
        text = '+'.join([self.SECRET, self.CONSUMER, method, self.url + path, body, when])
        assert abs(int(when) - time.time() - self.AWAY_S) < 600
        return (super().is_authorised(method, path, headers, body) and headers['X-Ovh-Consumer'] == self.CONSUMER and
                headers['X-Ovh-Signature'] == '$1$' + hashlib.sha1(text.encode()).hexdigest())

    def is_write(self, method, path, body):
        return method != 'GET' and not path.endswith('/refresh')

    def out(self, r):
        kind, value = r.type, r.value
        if kind == 'TXT' and r.name == '_dmarc' and '"v=DMARC1; p=none"' == value:
            kind, value = 'DMARC', joined(value)  # a type of its own, unquoted
        return {'id': int(r.id), 'zone': self.zone, 'subDomain': '' if r.name == '@' else r.name, 'fieldType': kind,
                'target': value, 'ttl': 0 if r.ttl == 3600 else r.ttl}

    def taken(self, o, kind):
        return Record(o['subDomain'] or '@', kind, 3600 if o['ttl'] == 0 else o['ttl'], o['target'])

    def handle(self, method, path, query, body):
        if path == '/auth/time':
            return 200, int(time.time()) + self.AWAY_S
        base = f'/domain/zone/{self.zone}'
        assert path.startswith(base), path
        if path == base:
            return 200, {'name': self.zone, 'dnssecSupported': True}
        if path == f'{base}/refresh':
            assert method == 'POST' and not body
            self.served, self.n_refreshed = self.image(), self.n_refreshed + 1
            return 200, None
        number = re.fullmatch(r'/record(?:/(\d+))?', path.removeprefix(base)).group(1)
        if method == 'GET':
            return 200, self.out(self.find(number)) if number else [int(r.id) for r in self.records]
        if method == 'DELETE':
            self.remove(number)
            return 200, None
        o = json.loads(body)
        if method == 'POST':
            return 200, self.out(self.add(self.taken(o, o['fieldType'])))
        assert 'fieldType' not in o  # read-only
        self.update(number, self.taken(o, self.find(number).type))
        return 200, None


class Key:
    """An RSA key, made once."""
    pem, public = None, None

    @classmethod
    def make(cls):
        if not cls.pem:
            cls.pem = subprocess.run(['openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], check=True,
                                     capture_output=True, text=True).stdout
            cls.public = subprocess.run(['openssl', 'pkey', '-pubout'], input=cls.pem, check=True, capture_output=True,
                                        text=True).stdout
        return cls.pem

    @classmethod
    def verifies(cls, text, signature):
        with tempfile.NamedTemporaryFile() as public, tempfile.NamedTemporaryFile() as signed:
            public.write(cls.public.encode())
            signed.write(signature)
            public.flush()
            signed.flush()
            return subprocess.run(['openssl', 'dgst', '-sha256', '-verify', public.name, '-signature', signed.name],
                                  input=text, capture_output=True, check=False).returncode == 0


def unpadded(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


class GoogleCloud(Dialect):
    name = 'google-cloud'
    auth = ('Authorization', f'Bearer {ACCESS}')
    token_option = 'key-file'
    ttl_min, ttl_max = 0, 2147483647
    error_200 = {'error': {'code': 400, 'message': 'no'}}
    n_logins = n_polls = 0
    ACCOUNT = 'dns@lab.iam.gserviceaccount.com'

    @property
    def token(self):
        return json.dumps({'type': 'service_account', 'project_id': 'lab', 'private_key': Key.make(),
                           'client_email': self.ACCOUNT, 'token_uri': f'{self.url}/token'})

    def is_authorised(self, method, path, headers, body):
        return path == '/token' or super().is_authorised(method, path, headers, body)

    def is_write(self, method, path, body):
        return method != 'GET' and path != '/token'

    def refuse(self, status, text):
        raise api.Refused(status, {'error': {'code': status, 'message': text, 'errors': [{'reason': 'invalid'}]}})

    def log_in(self, body):
        form = dict(urllib.parse.parse_qsl(body))
        assert form['grant_type'] == 'urn:ietf:params:oauth:grant-type:jwt-bearer'
        head, claims, signature = form['assertion'].split('.')
        told = json.loads(unpadded(claims))
        assert json.loads(unpadded(head)) == {'alg': 'RS256', 'typ': 'JWT'}
        assert told['iss'] == self.ACCOUNT and told['aud'] == f'{self.url}/token' and told['exp'] - told['iat'] == 3600
        if not Key.verifies(f'{head}.{claims}'.encode(), unpadded(signature)):
            raise api.Refused(400, {'error': 'invalid_grant', 'error_description': 'Invalid JWT Signature.'})
        self.n_logins += 1
        return 200, {'access_token': ACCESS, 'expires_in': 3599, 'token_type': 'Bearer'}

    def whole(self, name):
        return f'{self.zone}.' if name == '@' else f'{name}.{self.zone}.'

    def change(self, o):
        for old in o['deletions']:
            name = '@' if old['name'] == f'{self.zone}.' else old['name'].removesuffix(f'.{self.zone}.')
            if self.image().get((name, old['type'])) != (old['ttl'], sorted(old['rrdatas'])):
                self.refuse(412, 'Precondition not met for deletion')
            self.put(name, old['type'], 0, [])
        for new in o['additions']:
            name = '@' if new['name'] == f'{self.zone}.' else new['name'].removesuffix(f'.{self.zone}.')
            if (name, new['type']) in self.rrsets():
                self.refuse(409, 'already exists')
            self.put(name, new['type'], new['ttl'], new['rrdatas'])

    def handle(self, method, path, query, body):
        if path == '/token':
            return self.log_in(body)
        base = '/projects/lab/managedZones'
        assert path.startswith(base), path
        if path == base:
            assert query['dnsName'] == f'{self.zone}.'
            zones = [{'name': 'inside', 'dnsName': f'{self.zone}.', 'visibility': 'private'},
                     {'name': 'lab-zone', 'dnsName': f'{self.zone}.', 'visibility': 'public'}]
            at = int(query.get('pageToken', 0))
            return 200, {'managedZones': zones[at:at + 1], **({'nextPageToken': '1'} if at == 0 else {})}
        what = path.removeprefix(f'{base}/lab-zone/')
        if what.startswith('changes/'):
            self.n_polls += 1
            return 200, {'id': '7', 'status': 'done' if self.n_polls % 2 == 0 else 'pending'}
        if what == 'changes':
            self.atomic(lambda: self.change(json.loads(body)))
            return 200, {'id': '7', 'status': 'pending'}
        assert what == 'rrsets'
        sets, at = sorted(self.rrsets().items()), int(query.get('pageToken', 0))
        page = [{'name': self.whole(n), 'type': t, 'ttl': rs[0].ttl, 'rrdatas': [r.value for r in rs]}
                for (n, t), rs in sets[at:at + 3]]
        return 200, {'rrsets': page, **({'nextPageToken': str(at + 3)} if at + 3 < len(sets) else {})}


class Azure(Dialect):
    auth = ('Authorization', f'Bearer {ACCESS}')
    token_option = 'client-secret-file'
    token = 'az~5ecretsecret&lab+x'
    ttl_min, ttl_max, has_null_mx = 1, 2147483647, False
    error_200 = {'error': {'code': 'no', 'message': 'no'}}
    BASE = '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Network/dnsZones/'
    n_logins = 0

    @property
    def places(self):
        return f', login-url: "{self.url}"'

    options = ', tenant: lab, client-id: app, subscription: sub, resource-group: rg'

    def is_authorised(self, method, path, headers, body):
        self.headers = headers
        return path.startswith('/lab/oauth2/') or super().is_authorised(method, path, headers, body)

    def is_write(self, method, path, body):
        return method != 'GET' and '/oauth2/' not in path

    def refuse(self, status, text):
        raise api.Refused(status, {'code': 'BadRequest', 'message': text})

    def etag(self, key):
        return hashlib.md5(repr((key, self.image().get(key))).encode()).hexdigest()

    def out(self, key, records):
        kind = key[1]
        values = {'MX': lambda v: {'preference': int(v.split()[0]), 'exchange': v.split()[1]},
                  'TXT': lambda v: {'value': [joined(v)[i:i + 255] for i in range(0, len(joined(v)), 255)]},
                  'A': lambda v: {'ipv4Address': v}}
        told = {'TTL': records[0].ttl, 'fqdn': 'x'}
        if kind == 'CNAME':
            told['CNAMERecord'] = {'cname': records[0].value.rstrip('.')}
        elif kind in values:
            told[f'{kind}Records'] = [values[kind](r.value) for r in records]
        return {'id': 'x', 'etag': self.etag(key), 'name': key[0], 'type': f'Microsoft.Network/dnszones/{kind}',
                'properties': told}

    def change(self, method, kind, name, body):
        now, match = (name, kind) in self.rrsets(), self.headers['If-Match']
        if match and (not now or match != self.etag((name, kind))) or self.headers['If-None-Match'] == '*' and now:
            raise api.Refused(412, {'code': 'PreconditionFailed', 'message': 'The condition is not met.'})
        assert match or self.headers['If-None-Match']
        if method == 'DELETE':
            self.put(name, kind, 0, [])
            return 200, None
        told = json.loads(body)['properties']
        values = [f'{r["preference"]} {r["exchange"]}' for r in told.get('MXRecords', [])]
        for r in told.get('TXTRecords', []):
            assert all(0 < len(chunk) <= 255 for chunk in r['value'])
            values.append(quoted(''.join(r['value'])))
        self.put(name, kind, told['TTL'], values)
        return (200 if now else 201), self.out((name, kind), self.rrsets()[name, kind])

    def handle(self, method, path, query, body):
        if path == '/lab/oauth2/v2.0/token':
            form = dict(urllib.parse.parse_qsl(body))
            assert form['grant_type'] == 'client_credentials' and form['scope'] == 'https://management.azure.com/.default'
            if (form['client_id'], form['client_secret']) != ('app', self.token):
                raise api.Refused(401, {'error': 'invalid_client', 'error_description': 'AADSTS7000215: Invalid client secret'})
            self.n_logins += 1
            return 200, {'token_type': 'Bearer', 'expires_in': 3599, 'access_token': ACCESS}
        assert path.startswith(self.BASE + self.zone + '/') and query['api-version'] == '2018-05-01', path
        rest = path.removeprefix(self.BASE + self.zone + '/')
        if method == 'GET':
            assert rest == 'recordsets'
            sets, at = sorted(self.rrsets().items()), int(query.get('$skiptoken', 0))
            more = {'nextLink': f'https://elsewhere.example{path}?api-version=2018-05-01&%24skiptoken={at + 3}'}
            return 200, {'value': [self.out(k, rs) for k, rs in sets[at:at + 3]], **(more if at + 3 < len(sets) else {})}
        return self.change(method, *rest.split('/'), body)
