"""Route 53: XML, SigV4, change batches that compare, changes that become INSYNC."""
import hashlib
import hmac
import re
import urllib.parse
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

import api

NS = 'https://route53.amazonaws.com/doc/2013-04-01/'
TYPE = [('Content-Type', 'text/xml')]


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def signature(secret, method, path, headers, body):
    """The Authorization header that this request should have (SigV4), by the headers that it says it signed."""
    said = headers['Authorization']
    access, scope = re.search(r'Credential=([^/]+)/([^,]+),', said).groups()
    signed = re.search(r'SignedHeaders=([^,]+),', said).group(1)
    date, region, service, end = scope.split('/')
    url = urllib.parse.urlsplit(path)
    query = '&'.join(sorted(url.query.split('&'))) if url.query else ''
    canonical = '\n'.join([method, url.path, query, *(f'{h}:{headers[h].strip()}' for h in signed.split(';')), '', signed,
                           sha(body)])
    text = '\n'.join(['AWS4-HMAC-SHA256', headers['X-Amz-Date'], scope, sha(canonical)])
    key = f'AWS4{secret}'.encode()
    for part in (date, region, service, end):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    assert (region, service, end) == ('us-east-1', 'route53', 'aws4_request')
    return (f'AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={signed}, '
            f'Signature={hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}')


class Route53(api.Dialect):
    ttl_min, ttl_max = 0, 2147483647
    error_200 = 'x'
    token_option = 'secret-key-file'
    files = {'access-key-file': 'AKIALAB\n'}
    ID = 'Z1D633PJN98FT9'
    n_polls = 0

    def is_authorised(self, method, path, headers, body):
        said = headers.get('Authorization', '')
        return 'Credential=AKIALAB/' in said and said == signature(self.token, method, path, headers, body)

    def refuse(self, status, text):
        raise api.Refused(400, f'<ErrorResponse xmlns="{NS}"><Error><Type>Sender</Type><Code>InvalidChangeBatch</Code>'
                               f'<Message>[{escape(text)}]</Message></Error></ErrorResponse>')

    def whole(self, name):
        return f'{self.zone}.' if name == '@' else f'{name}.{self.zone}.'.replace('*', '\\052')

    def reply(self, kind, body):
        return 200, f'<?xml version="1.0"?>\n<{kind} xmlns="{NS}">{body}</{kind}>', TYPE

    def out(self, key, records):
        values = ''.join(f'<ResourceRecord><Value>{escape(r.value)}</Value></ResourceRecord>' for r in records)
        return (f'<ResourceRecordSet><Name>{self.whole(key[0])}</Name><Type>{key[1]}</Type><TTL>{records[0].ttl}</TTL>'
                f'<ResourceRecords>{values}</ResourceRecords></ResourceRecordSet>')

    def change(self, element):
        def text(path):
            return element.findtext(path, namespaces={'r': NS})
        name = text('.//r:Name')
        name = '@' if name == f'{self.zone}.' else name.removesuffix(f'.{self.zone}.')
        kind, ttl = text('.//r:Type'), int(text('.//r:TTL'))
        values = [e.text for e in element.findall('.//r:Value', {'r': NS})]
        now = self.rrsets().get((name, kind))
        if text('r:Action') == 'CREATE':
            if now:
                self.refuse(400, f'Tried to create resource record set {name} but it already exists')
            self.put(name, kind, ttl, values)
            return
        assert text('r:Action') == 'DELETE'
        if not now:
            self.refuse(400, f'Tried to delete resource record set {name} but it was not found')
        if (now[0].ttl, sorted(r.value for r in now)) != (ttl, sorted(values)):
            self.refuse(400, f'Tried to delete {name} but the values provided do not match the current values')
        self.put(name, kind, ttl, [])

    def info(self, kind, status):
        return self.reply(kind, f'<ChangeInfo><Id>/change/C2682N5HXP0BZ4</Id><Status>{status}</Status></ChangeInfo>')

    def handle(self, method, path, query, body):
        if path == '/2013-04-01/hostedzonesbyname':
            zones = ''.join(f'<HostedZone><Id>/hostedzone/{number}</Id><Name>{self.zone}.</Name><Config>'
                            f'<PrivateZone>{private}</PrivateZone></Config></HostedZone>'
                            for number, private in (('ZPRIVATE', 'true'), (self.ID, 'false')))
            return self.reply('ListHostedZonesByNameResponse', f'<HostedZones>{zones}</HostedZones>')
        if path.startswith('/2013-04-01/change/'):
            self.n_polls += 1
            return self.info('GetChangeResponse', 'INSYNC' if self.n_polls % 2 == 0 else 'PENDING')
        assert path == f'/2013-04-01/hostedzone/{self.ID}/rrset', path
        if method == 'POST':
            assert body.count('<?xml') == 1
            changes = ElementTree.fromstring(body).findall('.//r:Change', {'r': NS})
            self.atomic(lambda: [self.change(c) for c in changes])
            return self.info('ChangeResourceRecordSetsResponse', 'PENDING')
        sets = sorted(self.rrsets().items(), key=lambda item: (self.whole(item[0][0]), item[0][1]))
        at = [(self.whole(n), t) for (n, t), _ in sets].index((query['name'], query['type'])) if 'name' in query else 0
        page, rest = sets[at:at + 3], sets[at + 3:]
        more = (f'<NextRecordName>{self.whole(rest[0][0][0])}</NextRecordName><NextRecordType>{rest[0][0][1]}'
                '</NextRecordType>') if rest else ''
        alias = ('' if at else f'<ResourceRecordSet><Name>cdn.{self.zone}.</Name><Type>A</Type><AliasTarget><DNSName>x.</DNSName>'
                 '</AliasTarget></ResourceRecordSet>')
        return self.reply('ListResourceRecordSetsResponse', f'<ResourceRecordSets>{alias}'
                          f'{"".join(self.out(k, rs) for k, rs in page)}</ResourceRecordSets>'
                          f'<IsTruncated>{"true" if rest else "false"}</IsTruncated>{more}<MaxItems>3</MaxItems>')
