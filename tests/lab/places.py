"""The places where a zone can be kept: a real server, and the provider section that reaches it.

    place = places.Place(lab, 'bind-signed', {'example.test': '@ MX 10 mx1\\n'})
    path = place.policy('example.test', 'mail: {"@": {mx: none}}')
"""
import servers

KINDS = ('knot', 'knot-signed', 'bind', 'bind-signed', 'pdns', 'pdns-api', 'nsd')
MARKED = tuple(kind for kind in KINDS if kind != 'nsd')  # where a marker stands in the zone


class Place:
    """zones: {name: records}. options: of the server. What is not known here is asked of the server."""

    def __init__(self, lab, kind, zones, **options):
        self.lab, self.kind = lab, kind
        name, _, how = kind.partition('-')
        make = {'knot': servers.Knot, 'bind': servers.Bind, 'pdns': servers.Pdns, 'nsd': servers.Nsd}[name]
        if how == 'signed':
            options['signed'] = True
        self.server = make(lab, zones, **options)
        self.key = lab.key_file('bind', name='tsig.key')

    def __getattr__(self, name):
        return getattr(self.server, name)

    @property
    def has_marker(self):
        return self.kind in MARKED

    def provider(self, zone):
        """The provider section as YAML flow text."""
        if self.kind == 'nsd':
            words = ', '.join(f'"{word}"' for word in [*self.server.reload_command, '{zone}'])
            return f'{{zonefile: {{path: "{self.server.path(zone)}", reload: [{words}]}}}}'
        if self.kind == 'pdns-api':
            return f'{{powerdns: {{url: "{self.server.api_url}", api-key-file: "{self.server.api_key_file}"}}}}'
        return f'{{rfc2136: {{server: "{self.server.address}:53", tsig: {{secret-file: "{self.key}"}}}}}}'

    def policy(self, zone, body, name='zone.yaml', verify=None):
        """Writes a zone.yaml. verify: its section; without one, only this server is asked."""
        return self.lab.write(name, f'zone: {zone}\nprovider: {self.provider(zone)}\n'
                              f'verify: {verify or {"servers": [self.server.address]}}\n{body}\n')

    def table(self, zone):
        """{(owner, type): sorted [(TTL, rdata)]} of all that dnsguard may see: no SOA, DNSSEC or marker."""
        rows = {}
        for line in self.server.axfr(zone):
            owner, ttl, _, rtype, rdata = line.split(None, 4)
            if not owner.lower().startswith('_dnsguard.'):
                rows.setdefault((owner, rtype), []).append((int(ttl), rdata))
        return rows
