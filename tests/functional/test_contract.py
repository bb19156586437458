"""APIs that publish an OpenAPI description: what we send, and what the servers of these tests answer, is held against it by Prism,
a proxy in between.
"""
import http.client
import json
import socket
import urllib.parse

import apis
import dialects
import lab as lablib
import node
import pytest
import safety
import yaml

DESCRIPTIONS = lablib.ROOT.parent / 'shared/data/openapi'


class Prism:
    """Validates both ways, passes everything on; url: where it listens. What it found is in its log."""

    def __init__(self, lab, description, upstream, base=''):
        """base: of the paths, where the description has it in `servers` only."""
        program = node.need('@stoplight/prism-cli').parent.parent / '.bin/prism'
        path = DESCRIPTIONS / description
        if not path.exists():
            pytest.skip(f'{path} is not there: the descriptions lie beside the tree')
        if base:
            text = yaml.safe_load(path.read_text())
            text['paths'] = {base + at: what for at, what in text['paths'].items()}
            path = lab.write('description.json', json.dumps(text))
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            port = s.getsockname()[1]
        self.url = f'http://127.0.0.1:{port}'
        self.log = lab.dir / 'prism.log'
        lab.daemon('prism', [program, 'proxy', path, upstream, '--host', '127.0.0.1', '--port', str(port)])
        lab.wait_ready('prism', lambda: 'is listening' in self.log.read_text())

    def parts(self):
        """The log up to the last request, and what is said of that one."""
        lines = self.log.read_text().splitlines()
        asked = [n for n, line in enumerate(lines) if 'Request received' in line]
        return (lines[:asked[-1]], lines[asked[-1]:], len(asked) - 1) if asked else (lines, [], 0)

    def check(self, n_least):
        """After a last request that was malformed: it was found, and nothing in those before it, of which there were so many at least."""
        lablib.wait_for(lambda: any('Violation' in line and 'request.' in line for line in self.parts()[1]), 'that the last one is found')
        lines, _, n = self.parts()
        odd = [line.partition('✖')[2] for line in lines if '✖' in line]
        assert n >= n_least and not odd, '\n'.join([f'{n} requests', *dict.fromkeys(odd)])


class Contract:
    """A site behind Prism. prefix: what the paths of the description begin with, and the server of the tests does not know."""

    def __init__(self, lab, dialect, description, prefix=''):
        self.site = apis.Site(lab, dialect)
        self.prism = Prism(lab, description, self.site.url)
        self.site.url = self.prism.url + prefix
        handle, authorised = self.site.dialect.handle, self.site.dialect.is_authorised
        self.site.dialect.handle = lambda method, path, *rest: handle(method, path.removeprefix(prefix), *rest)

        def is_authorised(method, path, headers, body):
            assert method in ('GET', 'DELETE') or headers['Content-Type'].startswith('application/'), headers  # Prism does not look at it
            return authorised(method, path, headers, body)
        self.site.dialect.is_authorised = is_authorised


def malformed(url, path, token, media='application/json'):
    """A request that no description takes; what is answered does not matter."""
    at = urllib.parse.urlsplit(url)
    c = http.client.HTTPConnection(at.hostname, at.port, timeout=lablib.READY_S)
    c.request('POST', path, json.dumps({'name': 5, 'ttl': 'soon', 'rrsets': 7, 'create': 1}),
              {'Authorization': f'Bearer {token}', 'X-API-Key': token, 'Content-Type': media, 'Accept': media})
    c.getresponse().read()
    c.close()


@pytest.mark.slow
@pytest.mark.parametrize('dialect, description, prefix, more, path', [
    (dialects.Cloudflare, 'cloudflare-dns.patched.json', '', '', '/zones/{}/dns_records'),
    (dialects.DigitalOcean, 'digitalocean-domains.json', '/v2', ', null-mx: accepted', '/domains/{}/records'),
    (dialects.ExternalDns, 'external-dns-webhook.yaml', '', '', '/records'),
    (dialects.Hetzner, 'hetzner-cloud-dns.json', '', '', '/zones/{}/rrsets'),
    (dialects.Linode, 'linode-domains.patched.json', '/v4', ', null-mx: with-a-gap', '/domains/7/records')],
    ids=lambda x: getattr(x, '__name__', ''))
def test_dialect(lab, dialect, description, prefix, more, path):
    """The whole way there and back, refusals too: not one word that the description does not have."""
    made = Contract(lab, dialect, description, prefix)
    site = made.site
    site.dialect.has_null_mx = True
    for body, then in (apis.MAIL, apis.wanted), (apis.NULLED, apis.nulled):
        policy = site.policy(body, more)
        site.apply(policy).expect(0)
        assert site.mail() == then(site.first)
        site.run('plan', policy).expect(0)
    site.restore_all()
    assert site.image() == site.first
    check, site.dialect.check = site.dialect.check, lambda record: site.dialect.refuse(422, 'not this one')
    assert 'not this one' in site.apply(policy).expect(1).stderr
    site.dialect.check = check
    lablib.pathlib.Path(site.files['token-file']).write_text('another\n')
    assert 'refuses the key (401)' in site.run('plan', policy).expect(1).stderr
    n = len(site.calls) + site.n_refused
    site.dialect.handle = lambda *_: (200, {})
    malformed(made.prism.url, prefix + path.format(site.zone), site.dialect.token, getattr(dialect, 'MEDIA', 'application/json'))
    made.prism.check(n)


@pytest.mark.slow
def test_powerdns(lab):
    """The real server."""
    site = safety.Site(lab, 'powerdns')
    prism = Prism(lab, 'powerdns-authoritative.patched.json', site.server.api_url, '/api/v1')
    policy = site.policy()
    policy.write_text(policy.read_text().replace(site.server.api_url, prism.url))
    site.run('apply', '--yes', '--adopt', policy).expect(0)
    site.run('plan', policy).expect(0)
    site.run('restore', '--yes').expect(0)
    assert site.image() == site.first
    malformed(prism.url, '/api/v1/servers/localhost/zones', site.server.api_key)
    prism.check(6)
