#!/usr/bin/env python3
"""A shell beside name servers that serve example.test, to try things out (./dev lab)."""
import os
import subprocess

import lab as lablib
import servers

RECORDS = '''@ A 192.0.2.10
@ MX 10 mx1
@ TXT "v=spf1 mx ~all"
www A 192.0.2.10
mx1 A 192.0.2.25
'''
POLICY = '''zone: example.test
provider: {provider}
mail:
  "@": {{mx: [10 mx1.example.test], spf: [mx], dmarc: {{policy: reject}}}}
hosts: silent
verify: {{servers: ["{address}"]}}
'''


def main():
    with lablib.Lab() as lab:
        key = lab.key_file('bind', name='tsig.key')
        primaries = [servers.Knot(lab, {'example.test': RECORDS}), servers.Bind(lab, {'example.test': RECORDS}),
                     servers.Pdns(lab, {'example.test': RECORDS})]
        nsd = servers.Nsd(lab, {'example.test': RECORDS})
        servers.Unbound(lab, primaries[:1])
        update = '{{rfc2136: {{server: "{}:53", tsig: {{name: labkey, algorithm: hmac-sha256, secret-file: {}}}}}}}'
        policies = {s.name: (s, update.format(s.address, key)) for s in primaries}
        policies['nsd'] = (nsd, f'{{zonefile: {{path: {nsd.path("example.test")}, reload: {nsd.reload_command}}}}}')
        for name, (server, provider) in policies.items():
            path = lab.write(f'{name}.yaml', POLICY.format(provider=provider, address=server.address))
            print(f'{name:6} {server.address:12} {path}')
        print(f'TSIG key {key}; the resolver {lablib.RESOLVER} finds the zone at knot. Try: dnsguard plan knot.yaml')
        os.environ['PATH'] = f'{os.path.dirname(lab.program)}:{os.environ["PATH"]}'
        os.environ['DNSGUARD_STATE'] = str(lab.dir / 'state')
        return subprocess.run([os.environ.get('SHELL', '/bin/sh')], cwd=lab.dir).returncode


if __name__ == '__main__':
    raise SystemExit(main())
