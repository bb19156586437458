"""Japanese providers: VALUE-DOMAIN, Sakura Cloud, Gehirn, ConoHa."""
import base64
import hashlib
import json
import re
import urllib.parse

import api
from api import Dialect, Record, joined, quoted

SECRET = 'sec-5ecretsecret-lab'
BASIC = 'Basic ' + base64.b64encode(f'{api.TOKEN}:{SECRET}'.encode()).decode()


class ValueDomain(Dialect):
    """The zone is one text; one TTL for all."""
    name = 'value-domain'
    ttl_min = 120
    error_200 = {'errors': {'code': 400, 'message': 'no'}}
    ttl = 3600

    def line(self, r):
        if r.type == 'MX':
            preference, host = r.value.split()
            return f'mx {host} {preference}' + ('' if r.name == '@' else f' {r.name}')
        value = joined(r.value) if r.type == 'TXT' else r.value
        return f'{r.type.lower()} {r.name} {value}'

    def record(self, line):
        kind, name, value = line.split(None, 2)
        if kind == 'mx':
            preference, *at = value.split()
            assert name.endswith('.') and (not at or any(self.line(r) == line for r in self.records))  # new ones at the zone's name only
            return Record(at[0] if at else '@', 'MX', self.ttl, f'{preference} {name}')
        return Record(name, kind.upper(), self.ttl, quoted(value) if kind == 'txt' else value)

    def handle(self, method, path, query, body):
        assert path == f'/domains/{self.zone}/dns'
        if method == 'GET':
            text = '# kept as it is\r\n' + '\n'.join(self.line(r) for r in self.records)
            return 200, {'results': {'domainid': '1', 'domainname': self.zone, 'ns_type': 'valuedomain1', 'records': text,
                                     'ttl': str(self.ttl)}}
        assert method == 'PUT'
        o = json.loads(body)
        assert o['ns_type'] == 'valuedomain1' and o['ttl'] == str(self.ttl) and '# kept as it is' in o['records']
        new = [self.record(line) for line in o['records'].split('\n') if line and line[0] != '#']
        for r in new:
            self.check(r)
            r.id = self.new_id()
        self.records = new
        return 200, {'results': {'domainid': '1', 'domainname': self.zone}}


class SakuraCloud(Dialect):
    name = 'sakura-cloud'
    auth = ('Authorization', BASIC)
    files = {'token-secret-file': SECRET + '\n'}
    ttl_min, ttl_max, has_null_mx = 10, 3600000, False
    error_200 = {'is_fatal': True, 'serial': 'x', 'status': '400 Bad Request', 'error_code': 'no', 'error_msg': 'no'}

    def refuse(self, status, text):
        raise api.Refused(status, {'is_fatal': True, 'status': f'{status}', 'error_code': 'bad', 'error_msg': text})

    def hash(self):
        return hashlib.md5(repr(self.image()).encode()).hexdigest()

    def out(self, r):
        o = {'Name': r.name, 'Type': r.type, 'RData': joined(r.value) if r.type == 'TXT' else r.value}
        return o if r.ttl == 3600 else {**o, 'TTL': r.ttl}

    def taken(self, o):
        value = quoted(o['RData']) if o['Type'] == 'TXT' else o['RData']
        return Record(o['Name'], o['Type'], o.get('TTL', 3600), value, self.new_id())

    def handle(self, method, path, query, body):
        if path == '/commonserviceitem':
            asked = json.loads(next(iter(query)))
            assert asked['Filter'] == {'Provider.Class': 'dns'}
            zones = [{'ID': 1, 'Status': {'Zone': 'other.test'}}, {'ID': 112900526, 'Status': {'Zone': self.zone}}]
            at = asked['From']
            return 200, {'From': at, 'Count': 1, 'Total': 2, 'CommonServiceItems': zones[at:at + 1], 'is_ok': True}
        assert path == '/commonserviceitem/112900526', path
        if method == 'PUT':
            item = json.loads(body)['CommonServiceItem']
            if item['SettingsHash'] != self.hash():
                self.refuse(409, 'the settings were changed')
            new = [self.taken(o) for o in item['Settings']['DNS']['ResourceRecordSets']]
            for r in new:
                self.check(r)
            self.records = new
        return 200, {'CommonServiceItem': {
            'ID': '112900526', 'Status': {'Zone': self.zone, 'NS': []}, 'SettingsHash': self.hash(),
            'Settings': {'DNS': {'ResourceRecordSets': [self.out(r) for r in self.records]}}}, 'Success': True}


class Gehirn(Dialect):
    auth = ('Authorization', BASIC)
    files = {'token-secret-file': SECRET + '\n'}
    ttl_min, ttl_max = 30, 2147483647
    KEYS = {'A': 'address', 'CNAME': 'cname', 'TXT': 'data'}

    def whole(self, name):
        return f'{self.zone}.' if name == '@' else f'{name}.{self.zone}.'

    def id_of(self, key):
        return hashlib.md5(repr(key).encode()).hexdigest()

    def value_out(self, r):
        if r.type == 'MX':
            preference, host = r.value.split()
            return {'prio': int(preference), 'exchange': host}
        return {self.KEYS[r.type]: joined(r.value) if r.type == 'TXT' else r.value}

    def out(self, key, records):
        return {'id': self.id_of(key), 'name': self.whole(key[0]), 'type': key[1], 'ttl': records[0].ttl,
                'enable_alias': False, 'records': [self.value_out(r) for r in records]}

    def take(self, body):
        o = json.loads(body)
        assert o['enable_alias'] is False and o['name'].endswith('.')
        name = '@' if o['name'] == f'{self.zone}.' else o['name'].removesuffix(f'.{self.zone}.')
        values = [f'{r["prio"]} {r["exchange"]}' if o['type'] == 'MX' else quoted(r['data']) for r in o['records']]
        return (name, o['type']), o['ttl'], values

    def handle(self, method, path, query, body):
        if path == '/zones':
            return 200, [{'id': 'z1', 'name': 'other.test', 'current_version_id': 'v1'},
                         {'id': 'z2', 'name': self.zone, 'current_version_id': 'v7'}]
        number = re.fullmatch(r'/zones/z2/versions/v7/records(?:/(\w+))?', path).group(1)
        sets = self.rrsets()
        if method == 'GET':
            return 200, [self.out(k, rs) for k, rs in sets.items()]
        old = next((k for k in sets if self.id_of(k) == number), None)
        if number and not old:
            self.refuse(404, 'no such record')
        if method == 'DELETE':
            self.put(*old, 0, [])
            return 200, {}
        key, ttl, values = self.take(body)
        if method == 'POST' and key in sets:
            self.refuse(409, 'exists')
        assert method == 'POST' or key == old and json.loads(body)['id'] == number
        self.put(*key, ttl, values)
        return 200, self.out(key, self.rrsets()[key])


class ConoHa(Dialect):
    auth = ('X-Auth-Token', 'gAAAAA-lab-5ecret')
    token_option = 'password-file'
    token = 'pa55word-5ecretsecret'
    ttl_max = 2147483647
    error_200 = {'code': 400, 'error': 'no'}
    options = ', user-id: u1, tenant-id: t1'
    n_logins = 0

    @property
    def places(self):
        return f', identity-url: "{self.url}/v3"'

    def new_id(self):
        n = next(self.numbers)
        return f'{n:08x}-0000-4000-8000-000000000000'

    def is_authorised(self, method, path, headers, body):
        return path == '/v3/auth/tokens' or super().is_authorised(method, path, headers, body)

    def is_write(self, method, path, body):
        return method != 'GET' and path != '/v3/auth/tokens'

    def out(self, r):
        preference, value = (None, r.value)
        if r.type == 'MX':
            preference, value = r.value.split()
        return {'uuid': r.id, 'name': f'{self.zone}.' if r.name == '@' else f'{r.name}.{self.zone}.', 'type': r.type,
                'data': joined(value) if r.type == 'TXT' else value, 'ttl': r.ttl,
                'priority': preference if preference is None else int(preference)}

    def taken(self, body):
        o = json.loads(body)
        name = '@' if o['name'] == f'{self.zone}.' else o['name'].removesuffix(f'.{self.zone}.')
        value = quoted(o['data']) if o['type'] == 'TXT' else f'{o["priority"]} {o["data"]}'
        return Record(name, o['type'], o['ttl'], value)

    def handle(self, method, path, query, body):
        if path == '/v3/auth/tokens':
            auth = json.loads(body)['auth']
            if auth['identity']['password']['user'] != {'id': 'u1', 'password': self.token}:
                raise api.Refused(401, {'code': 401, 'error': 'Unauthorized'})
            assert auth['identity']['methods'] == ['password'] and auth['scope'] == {'project': {'id': 't1'}}
            self.n_logins += 1
            return 201, {'token': {'expires_at': '2026-12-01T00:00:00Z'}}, [('x-subject-token', self.auth[1])]
        if path == '/domains':
            return 200, {'domains': [{'uuid': 'd-0', 'name': 'other.test.'}, {'uuid': 'd-1', 'name': f'{self.zone}.'}]}
        number = re.fullmatch(r'/domains/d-1/records(?:/([\w-]+))?', path).group(1)
        if method == 'GET':
            return 200, {'records': [self.out(r) for r in self.records], 'total_count': len(self.records)}
        if method == 'POST':
            return 200, self.out(self.add(self.taken(body)))
        if method == 'PUT':
            return 200, self.out(self.update(number, self.taken(body)))
        self.remove(number)
        return 204, None
