"""How each provider's API speaks, for api.Server: written from its documentation, not from our client."""
import json
import re

import api
from api import Dialect, Record, joined, quoted
from dialect_plugin import Webhook
from dialect_route53 import TYPE as XML_TYPE
from dialect_route53 import Route53
from dialects_japan import ConoHa, Gehirn, SakuraCloud, ValueDomain
from dialects_signed import Azure, GoogleCloud, Ovh


WHEN = '2026-11-30T00:00:00Z'


def mx_parts(record):
    preference, host = record.value.split()
    return int(preference), host


class Cloudflare(Dialect):
    error_200 = {'success': False, 'errors': [{'code': 1004, 'message': 'DNS Validation Error',
                                               'error_chain': [{'code': 9100, 'message': 'priority is a required field'}]}],
                 'messages': [], 'result': None}
    ID = '023e105f4ecef8ad9ca31a8372d0c353'

    def new_id(self):
        return f'{next(self.numbers):032x}'

    def refuse(self, status, text):
        raise api.Refused(status, {'success': False, 'errors': [{'code': 1004, 'message': text}], 'messages': [], 'result': None})

    def told(self, result, **info):
        return 200, {'success': True, 'errors': [], 'messages': [], 'result': result, **({'result_info': info} if info else {})}

    def out(self, r):
        o = {'id': r.id, 'name': self.zone if r.name == '@' else f'{r.name}.{self.zone}', 'type': r.type, 'ttl': r.ttl,
             'content': r.value, 'proxiable': r.type in ('A', 'CNAME'), 'proxied': False, 'tags': [], 'created_on': WHEN, 'modified_on': WHEN}
        if r.type == 'MX':
            o['priority'], host = mx_parts(r)
            o['content'] = host if host == '.' else host.rstrip('.')
        elif r.type in ('CNAME', 'NS'):
            o['content'] = r.value.rstrip('.')
        return o

    def taken(self, o):
        name = '@' if o['name'] == self.zone else o['name'].removesuffix(f'.{self.zone}')
        value = o['content']
        if o['type'] == 'MX':
            if 'priority' not in o:
                self.refuse(400, 'priority is a required field')
            if value == '.' and o['priority'] != 0:
                self.refuse(400, 'Content for MX record must be a hostname')
            value = f'{o["priority"]} {value if value == "." else value + "."}'
        return Record(name, o['type'], 300 if o['ttl'] == 1 else o['ttl'], value)

    def batch(self, body):
        assert set(body) <= {'deletes', 'patches', 'puts', 'posts'}
        done = {}
        for o in body.get('deletes', []):
            self.remove(o['id'])
        for o in body.get('patches', []):
            self.update(o['id'], self.taken(o))
        for o in body.get('posts', []):
            assert 'id' not in o
            self.add(self.taken(o))
        return done

    def handle(self, method, path, query, body):
        if path == '/zones':
            zones = [{'id': self.ID, 'name': self.zone, 'account': {'id': self.ID, 'name': 'x'}, 'owner': {}, 'development_mode': 0,
                      'name_servers': ['a.ns.test', 'b.ns.test'], 'original_name_servers': None, 'original_registrar': None,
                      'original_dnshost': None, 'activated_on': WHEN, 'created_on': WHEN, 'modified_on': WHEN}]
            return self.told(zones if query['name'] == self.zone else [], page=1, total_pages=1)
        assert path.startswith(f'/zones/{self.ID}/dns_records'), path
        if method == 'GET':
            page, size = int(query['page']), min(int(query['per_page']), 5)
            rows = self.records[(page - 1) * size:page * size]
            return self.told([self.out(r) for r in rows], page=page, per_page=size, count=len(rows),
                             total_pages=-(-len(self.records) // size))
        assert (method, path.rpartition('/')[2]) == ('POST', 'batch')
        self.atomic(lambda: self.batch(json.loads(body)))
        return self.told({})


class DeSec(Dialect):
    auth = ('Authorization', f'Token {api.TOKEN}')
    ttl_min, ttl_max = 3600, 604800
    error_200 = {'detail': 'no'}

    def refuse(self, status, text):
        raise api.Refused(status, [{}, {'non_field_errors': [text]}])

    def patch(self, body):
        for o in body:
            name = o['subname'] or '@'
            self.put(name, o['type'], o['ttl'], o['records'])

    def handle(self, method, path, query, body):
        if path == f'/domains/{self.zone}/':
            return 200, {'name': self.zone, 'minimum_ttl': self.ttl_min, 'touched': '2026-11-30T00:00:00Z'}
        assert path == f'/domains/{self.zone}/rrsets/', path
        if method == 'GET':
            sets = sorted(self.rrsets().items())
            at, size = int(query['cursor'] or 0), 4
            page = [{'subname': '' if n == '@' else n, 'name': f'{n}.{self.zone}.', 'type': t, 'ttl': rs[0].ttl,
                     'records': [r.value for r in rs], 'touched': '2026-11-30T00:00:00Z'}
                    for (n, t), rs in sets[at:at + size]]
            link = [f'<https://desec.io/api/v1/elsewhere/?cursor=>; rel="first"']
            if at + size < len(sets):
                link.append(f'<http://169.254.169.254/api/v1/domains/?cursor={at + size}>; rel="next"')
            return 200, page, [('Link', ', '.join(link))]
        assert method == 'PATCH'
        self.atomic(lambda: self.patch(json.loads(body)))
        return 200, json.loads(body)


class Gandi(Dialect):
    ttl_min, ttl_max = 300, 2592000
    error_200 = {'message': 'no'}

    def handle(self, method, path, query, body):
        match = re.fullmatch(rf'/domains/{re.escape(self.zone)}/records(?:/([^/]+)/([A-Z]+))?', path)
        name, kind = match.groups()
        if method == 'GET':
            return 200, [{'rrset_name': n, 'rrset_type': t, 'rrset_ttl': rs[0].ttl,
                          'rrset_values': [r.value for r in rs]} for (n, t), rs in self.rrsets().items()]
        if method == 'DELETE':
            self.put(name, kind, 0, [])
            return 204, None
        o = json.loads(body)
        self.put(name, kind, o['rrset_ttl'], o['rrset_values'])
        return 201, {'message': 'DNS Record Created'}


class Hetzner(Dialect):
    ttl_max = 2147483647
    error_200 = {'error': {'code': 'invalid_input', 'message': 'no'}}
    n_running = 2  # how often an action is still running

    def refuse(self, status, text):
        raise api.Refused(status, {'error': {'code': 'invalid_input', 'message': text, 'details': None}})

    def action(self, is_running):
        return {'action': {'id': 77, 'command': 'x', 'status': 'running' if is_running else 'success', 'progress': 50, 'started': WHEN,
                           'finished': None if is_running else WHEN, 'resources': [{'id': 42, 'type': 'zone'}], 'error': None}}

    def out(self, key, records):
        return {'id': '/'.join(key), 'name': key[0], 'type': key[1], 'ttl': None if records[0].ttl == 3600 else records[0].ttl,
                'labels': {}, 'protection': {'change': False}, 'zone': 42, 'records': [{'value': r.value, 'comment': ''} for r in records]}

    def handle(self, method, path, query, body):
        if path == f'/zones/{self.zone}':
            return 200, {'zone': {'id': 42, 'name': self.zone, 'mode': 'primary', 'ttl': 3600, 'status': 'ok', 'registrar': 'other',
                                  'record_count': len(self.records), 'labels': {}, 'protection': {'delete': False}, 'created': WHEN,
                                  'authoritative_nameservers': {'assigned': [], 'delegated': [], 'delegation_status': 'valid',
                                                                'delegation_last_check': WHEN}}}
        if path == '/actions/77':
            self.n_polls = getattr(self, 'n_polls', 0) + 1
            return 200, self.action(self.n_polls % self.n_running)
        if method == 'GET':
            sets = sorted(self.rrsets().items())
            page, size = int(query['page']), 3
            last = -(-len(sets) // size)
            told = {'page': page, 'per_page': size, 'previous_page': page - 1 or None, 'next_page': page + 1 if page < last else None,
                    'last_page': last, 'total_entries': len(sets)}
            return 200, {'rrsets': [self.out(*s) for s in sets[(page - 1) * size:page * size]], 'meta': {'pagination': told}}
        name, kind, verb = re.fullmatch(r'/zones/42/rrsets(?:/([^/]+)/([A-Z]+))?(?:/actions/(\w+))?', path).groups()
        o = json.loads(body or '{}')
        values = [r['value'] for r in o.get('records', [])]
        now = self.rrsets().get((name or o.get('name'), kind or o.get('type')))
        if method == 'DELETE':
            self.put(name, kind, 0, [])
        elif not name:
            if now:
                raise api.Refused(409, {'error': {'code': 'uniqueness_error', 'message': 'exists'}})
            key = o['name'], o['type']
            self.put(*key, o['ttl'], values)
            return 201, {'rrset': self.out(key, self.rrsets()[key]), **self.action(True)}
        elif not now:
            self.refuse(404, 'not found')
        elif verb == 'change_ttl':
            self.put(name, kind, o['ttl'], [r.value for r in now])
        else:
            assert verb == 'set_records' and 'ttl' not in o
            self.put(name, kind, now[0].ttl, values)
        return 201, self.action(True)


class DigitalOcean(Dialect):
    ttl_min, ttl_max, has_null_mx = 30, 2147483647, False
    error_200 = {'id': 'no', 'message': 'no'}

    def refuse(self, status, text):
        raise api.Refused(status, {'id': 'unauthorized' if status == 401 else 'unprocessable_entity', 'message': text})

    def out(self, r):
        o = {'id': int(r.id), 'type': r.type, 'name': r.name, 'data': r.value, 'priority': None, 'port': None, 'ttl': r.ttl}
        if r.type == 'MX':
            o['priority'], host = mx_parts(r)
            o['data'] = host if host == '.' else host.rstrip('.')
        elif r.type == 'TXT':
            o['data'] = joined(r.value)
        return o

    def taken(self, body):
        o = json.loads(body)
        value = quoted(o['data']) if o['type'] == 'TXT' else f'{o["priority"]} {o["data"]}'
        return Record(o['name'], o['type'], o['ttl'], value)

    def handle(self, method, path, query, body):
        number = re.fullmatch(rf'/domains/{re.escape(self.zone)}/records(?:/(\d+))?', path).group(1)
        if method == 'GET':
            page, size = int(query['page']), 5
            rows = self.records[(page - 1) * size:page * size]
            pages = {'next': 'https://api.digitalocean.com/x'} if page * size < len(self.records) else {}
            return 200, {'domain_records': [self.out(r) for r in rows], 'links': {'pages': pages}, 'meta': {'total': 9}}
        if method == 'POST':
            return 201, {'domain_record': self.out(self.add(self.taken(body)))}
        if method == 'PUT':
            return 200, {'domain_record': self.out(self.update(number, self.taken(body)))}
        self.remove(number)
        return 204, None


class Linode(Dialect):
    STEPS = (300, 3600, 7200, 14400, 28800, 57600, 86400, 172800, 345600, 604800, 1209600, 2419200)
    ttl_min, ttl_max = 0, 2419200
    error_200 = {'errors': [{'reason': 'no', 'field': 'target'}]}

    def refuse(self, status, text):
        raise api.Refused(status, {'errors': [{'reason': text, 'field': 'target'}]})

    def check(self, record):
        super().check(record)
        if record.ttl not in self.STEPS:
            self.refuse(400, 'ttl_sec is not one of those')
        if record.type == 'MX':
            others = [r for r in self.records if (r.name, r.type) == (record.name, 'MX')]
            if record.value == '0 .' and (others or record.name != '@'):
                self.refuse(400, 'first remove any additional MX records')
            if record.value != '0 .' and any(r.value == '0 .' for r in others):
                self.refuse(400, 'remove the null MX first')
            if mx_parts(record)[0] > 255:
                self.refuse(400, 'priority is above 255')

    def out(self, r):
        o = {'id': int(r.id), 'type': r.type, 'name': '' if r.name == '@' else r.name, 'target': r.value, 'priority': 0,
             'ttl_sec': r.ttl, 'port': 0, 'weight': 0}
        if r.type == 'MX':
            o['priority'], host = mx_parts(r)
            o['target'] = host.rstrip('.')
        elif r.type == 'TXT':
            o['target'] = joined(r.value)
        return o

    def taken(self, body, kind=None):
        """kind: of a record that is changed; it is no part of such a request."""
        o = json.loads(body)
        assert ('type' in o) == (kind is None)
        kind = kind or o['type']
        value = quoted(o['target']) if kind == 'TXT' else f'{o["priority"]} {o["target"] + "."}'
        return Record(o['name'] or '@', kind, o['ttl_sec'], value)

    def handle(self, method, path, query, body):
        if path == '/domains':
            other = [{'id': 6, 'domain': 'other.test', 'ttl_sec': 0}]
            page = int(query['page'])
            return 200, {'data': other if page == 1 else [{'id': 7, 'domain': self.zone, 'ttl_sec': 0}], 'page': page,
                         'pages': 2, 'results': 2}
        number = re.fullmatch(r'/domains/7/records(?:/(\d+))?', path).group(1)
        if method == 'GET':
            page, size = int(query['page']), 5
            rows = self.records[(page - 1) * size:page * size]
            return 200, {'data': [self.out(r) for r in rows], 'page': page, 'pages': -(-len(self.records) // size)}
        if method == 'POST':
            made = self.add(self.taken(body))
            made.ttl = 86400  # it is not kept
            return 200, self.out(made)
        if method == 'PUT':
            return 200, self.out(self.put_record(number, body))
        self.remove(number)
        return 200, {}

    def put_record(self, number, body):
        old = self.find(number)
        self.records.remove(old)  # it is no other MX of itself
        try:
            new = self.taken(body, old.type)
            self.check(new)
        finally:
            self.records.append(old)
        return self.update_plain(old, new)

    def update_plain(self, old, new):
        old.name, old.type, old.ttl, old.value = new.name, new.type, new.ttl, new.value
        return old


class ExternalDns(Dialect):
    """A webhook provider; it serves other zones too."""
    name = 'external-dns'
    MEDIA = 'application/external.dns.webhook+json;version=1'
    ttl_max = 2147483647

    def is_authorised(self, method, path, headers, body):
        assert headers['Accept'] == self.MEDIA and (method == 'GET' or headers['Content-Type'] == self.MEDIA)
        return super().is_authorised(method, path, headers, body)

    def taken(self, o):
        name = '@' if o['dnsName'] == self.zone else o['dnsName'].removesuffix(f'.{self.zone}')
        values = o['targets']
        if o['recordType'] == 'TXT':
            values = [quoted(v) for v in values]
        elif o['recordType'] == 'MX':
            values = [v if v == '0 .' else v + '.' for v in values]
        return name, o['recordType'], o['recordTTL'], values

    def out(self, key, records):
        whole = self.zone if key[0] == '@' else f'{key[0]}.{self.zone}'
        values = [joined(r.value) if key[1] == 'TXT' else r.value if r.value == '0 .' else r.value.rstrip('.') for r in records]
        return {'dnsName': whole, 'recordType': key[1], 'recordTTL': records[0].ttl, 'targets': values, 'labels': {}}

    def change(self, o):
        for old in o['delete'] + o['updateOld']:
            name, kind, ttl, values = self.taken(old)
            now = self.image().get((name, kind))
            if now != (ttl, sorted(values)):
                self.refuse(500, 'not what is there')
        for gone in o['delete']:
            self.put(*self.taken(gone)[:3], [])
        for new in o['create'] + o['updateNew']:
            self.put(*self.taken(new))

    def handle(self, method, path, query, body):
        if path == '/':
            return 200, {'include': ['other.test', f'.{self.zone}']}, [('Content-Type', self.MEDIA)]
        assert path == '/records'
        if method == 'POST':
            self.atomic(lambda: self.change(json.loads(body)))
            return 204, None
        other = [{'dnsName': 'www.other.test', 'recordType': 'A', 'targets': ['192.0.2.1']}]
        return 200, other + [self.out(k, rs) for k, rs in self.rrsets().items()], [('Content-Type', self.MEDIA)]


ALL = (Azure, Cloudflare, ConoHa, DeSec, DigitalOcean, ExternalDns, Gandi, Gehirn, GoogleCloud, Hetzner, Linode, Ovh, Route53,
       SakuraCloud, ValueDomain, Webhook)
