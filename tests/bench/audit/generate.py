#!/usr/bin/env python3
"""A population of mail domains, the same for the same seed: generate.py FOLDER N [SEED]

dNNNNNN.example, and 40 providers provNN.example that they include and whose MX hosts they use, all in one zone:

  example.zone   the zone file
  domains.txt    the domains, one a line
  lookups.txt    "NAME TYPE" of what an audit asks at least for each of them
  expected.txt   domain, kind of SPF, of MX, of DMARC

Shares of a hundred: SPF by one include 34, two includes 12, a and mx 16, addresses 8, redirect 6, none sends 10, no record 6, too
many look-ups 4, two records 2, a syntax error 2; DMARC none at all 26, p=none 28, quarantine 14, reject 30, broken 2.
"""
import pathlib
import random
import sys

PROVIDERS = 40
SPF = {'include': 34, 'includes': 12, 'hosts': 16, 'addresses': 8, 'redirect': 6, 'nothing': 10, 'absent': 6, 'many': 4,
       'two': 2, 'broken': 2}
DMARC = {'absent': 26, 'none': 28, 'quarantine': 14, 'reject': 30, 'broken': 2}
TOKENS = {0: 33, 1: 33, 2: 22, 4: 12}
TYPES = (('', 'TXT'), ('_dmarc.', 'TXT'), ('', 'MX'), ('', 'A'))


def pick(rng, shares):
    return rng.choices(list(shares), list(shares.values()))[0]


def provider(n):
    name, nets = f'prov{n:02d}', [f'100.{64 + n}.{k * 16}.0/20' for k in range(3)]
    yield f'{name} MX 10 mx1.{name}'
    yield f'{name} A 100.{64 + n}.200.9'
    yield f'{name} TXT "v=spf1 include:_spf.{name}.example -all"'
    for k in (1, 2):
        yield f'mx{k}.{name} A 100.{64 + n}.200.{k}'
    if n % 3 == 0:
        yield f'_spf.{name} TXT "v=spf1 {" ".join("ip4:" + net for net in nets)} ~all"'
    else:
        yield f'_spf.{name} TXT "v=spf1 {" ".join(f"include:_net{k}.{name}.example" for k in range(3))} ~all"'
        for k, net in enumerate(nets):
            yield f'_net{k}.{name} TXT "v=spf1 ip4:{net} ~all"'
    if n % 4:
        yield f'*._report._dmarc.{name} TXT "v=DMARC1"'


def spf_of(rng, kind, net):
    first, second = rng.sample(range(PROVIDERS), 2)
    return {
        'include': [f'v=spf1 include:_spf.prov{first:02d}.example {rng.choice(["~all", "~all", "-all"])}'],
        'includes': [f'v=spf1 ip4:{net}.0/24 include:_spf.prov{first:02d}.example include:_spf.prov{second:02d}.example ~all'],
        'hosts': [f'v=spf1 a mx ip4:{net}.0/28 -all'],
        'addresses': [f'v=spf1 ip4:{net}.0/24 ip6:2001:db8:{first:x}::/64 -all'],
        'redirect': [f'v=spf1 redirect=_spf.prov{first:02d}.example'],
        'nothing': ['v=spf1 -all'],
        'absent': [],
        'many': ['v=spf1 ' + ' '.join(f'include:_spf.prov{(first + k) % PROVIDERS:02d}.example' for k in range(6)) + ' -all'],
        'two': [f'v=spf1 ip4:{net}.0/24 -all', 'v=spf1 a -all'],
        'broken': [f'v=spf1 ipv4:{net}.0/24 -all'],
    }[kind]


def mx_of(rng, spf):
    if spf == 'nothing':
        return 'null'
    return pick(rng, {'absent': 50, 'own': 50} if spf == 'absent' else {'own': 33, 'provider': 60, 'absent': 7})


def domain(rng, n):
    name, net = f'd{n:06d}', f'10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}'
    spf, dmarc, home = pick(rng, SPF), pick(rng, DMARC), rng.randrange(PROVIDERS)
    mx = mx_of(rng, spf)
    lines = [f'{name} A {net}.10', f'www.{name} A {net}.11', f'mail.{name} A {net}.25']
    lines += {'own': [f'{name} MX 10 mail.{name}'], 'null': [f'{name} MX 0 .'], 'absent': [],
              'provider': [f'{name} MX {k}0 mx{k}.prov{home:02d}' for k in (1, 2)]}[mx]
    lines += [f'{name} TXT "{text}"' for text in spf_of(rng, spf, net)]
    lines += [f'{name} TXT "verify-{k}={rng.getrandbits(160):040x}"' for k in range(pick(rng, TOKENS))]
    rua = f'mailto:dmarc@prov{home:02d}.example' if rng.random() < .4 else f'mailto:dmarc@{name}.example'
    if dmarc == 'broken':
        lines.append(f'_dmarc.{name} TXT "v=DMARC1; rua={rua}; p=rejct"')
    elif dmarc != 'absent':
        lines.append(f'_dmarc.{name} TXT "v=DMARC1; p={dmarc}; rua={rua}"')
    return lines, f'{name}.example {spf} {mx} {dmarc}'


def generate(folder, n, seed=20250102):
    rng, folder = random.Random(seed), pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / 'example.zone', 'w') as zone, open(folder / 'domains.txt', 'w') as domains, \
            open(folder / 'lookups.txt', 'w') as lookups, open(folder / 'expected.txt', 'w') as expected:
        zone.write('$ORIGIN example.\n$TTL 3600\n@ SOA ns1.host hostmaster 1 7200 3600 1209600 300\n'
                   '@ NS ns1.host\nns1.host A 127.0.0.11\n')
        for k in range(PROVIDERS):
            zone.writelines(line + '\n' for line in provider(k))
        for k in range(n):
            lines, row = domain(rng, k)
            zone.writelines(line + '\n' for line in lines)
            name = row.split()[0]
            domains.write(name + '\n')
            expected.write(row + '\n')
            lookups.writelines(f'{prefix}{name} {rtype}\n' for prefix, rtype in TYPES)


if __name__ == '__main__':
    generate(sys.argv[1], int(sys.argv[2]), *map(int, sys.argv[3:4]))
