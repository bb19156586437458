"""Zones and their zone.yaml files, the same for the same seed.

Each zone (zNNNNNN.test) has 13 RRsets, the size of a small firm's: SOA, two NS, A and AAAA at the apex, CAA, MX, SPF, DMARC,
TLSRPT, a DKIM key of 2048 bits, www, and mail with its SPF. Its zone.yaml manages MX, both SPF, DMARC and TLSRPT.

    FOLDER/zones/NAME.zone      the zone as it is served
    FOLDER/same/NAME.yaml       the policy whose plan is empty
    FOLDER/changed/NAME.yaml    the policy with one change: the apex SPF ends in -all
    FOLDER/update.txt           that change as knsupdate takes it
"""
import base64
import pathlib
import random

SPKI = bytes.fromhex('30820122300d06092a864886f70d01010105000382010f003082010a0282010100')
SERVER = '127.0.0.11'


def names(n):
    return [f'z{i:06d}.test' for i in range(n)]


def quoted(text):
    return ' '.join(f'"{text[i:i + 255]}"' for i in range(0, len(text), 255))


def dkim_key(rng):
    modulus = bytearray(rng.getrandbits(2048).to_bytes(256, 'big'))
    modulus[0] |= 0x80
    return base64.b64encode(SPKI + bytes(modulus) + bytes.fromhex('0203010001')).decode()


def zone_file(name, net, dmarc, rng):
    return f'''$ORIGIN {name}.
$TTL 3600
@ IN SOA ns1.host.test. hostmaster.{name}. ( 2026010100 7200 3600 1209600 300 )
@ IN NS ns1.host.test.
@ IN NS ns2.host.test.
@ IN A 10.{net}.10
@ IN AAAA 2001:db8:{net.replace('.', ':')}::10
@ IN CAA 0 issue "ca.test"
@ IN MX 10 mail.{name}.
@ IN TXT "v=spf1 mx ip4:10.{net}.0/24 ~all"
_dmarc IN TXT "v=DMARC1; p={dmarc}; rua=mailto:dmarc@{name}"
_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:tls@{name}"
mail IN A 10.{net}.25
mail IN TXT "v=spf1 a -all"
s1._domainkey IN TXT {quoted('v=DKIM1; k=rsa; p=' + dkim_key(rng))}
www IN A 10.{net}.11
'''


def policy(name, net, dmarc, provider, verify, ending):
    return f'''zone: {name}
provider: {provider}
ttl: 1h
mail:
  "@":
    mx: [10 mail.{name}]
    spf: [mx, "ip4:10.{net}.0/24"{ending}]
    dmarc: {{policy: {dmarc}, aggregate: "mailto:dmarc@{name}"}}
    tlsrpt: "mailto:tls@{name}"
hosts: ignore
verify: {verify}
'''


def generate(folder, n, provider='{zonefile: {path: ../zones/%s.zone}}', verify='{servers: none}', seed=1):
    """Writes n zones; provider: the section for zone.yaml, %s is the zone."""
    folder = pathlib.Path(folder)
    for sub in ('zones', 'same', 'changed'):
        (folder / sub).mkdir(parents=True)
    rng = random.Random(seed)
    update = [f'server {SERVER} 53']
    for name in names(n):
        net = f'{rng.randrange(1, 255)}.{rng.randrange(1, 255)}'
        dmarc = rng.choice(['none', 'quarantine', 'reject'])
        section = provider.replace('%s', name)
        (folder / f'zones/{name}.zone').write_text(zone_file(name, net, dmarc, rng))
        (folder / f'same/{name}.yaml').write_text(policy(name, net, dmarc, section, verify, ', "~all"'))
        (folder / f'changed/{name}.yaml').write_text(policy(name, net, dmarc, section, verify, ''))
        update += [f'zone {name}.', f'update delete {name}. TXT',
                   f'update add {name}. 3600 TXT "v=spf1 mx ip4:10.{net}.0/24 -all"', 'send']
    (folder / 'update.txt').write_text('\n'.join(update) + '\n')
