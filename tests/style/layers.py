#!/usr/bin/env python3
"""Includes point downwards only, and each foreign library stays in the part that wraps it.

A part may include itself and what stands below it in its house; a folder that is listed nowhere fails.
"""
import re

import source

# From the ground up. A part includes parts of its own group only when they stand in its row's list.
ZONES = ['zones/base', 'zones/record', 'zones/mail', 'zones/check', 'zones/watch', 'zones/bounce', 'zones/policy', 'zones/incident', 'zones/plan']
MAY = {part: ZONES[:n] for n, part in enumerate(ZONES)}
MAY['providers/net'] = ZONES
MAY['providers/api'] = ZONES + ['providers/net', 'providers']
DIALECTS = [f'providers/{name}' for name in (
    'azure', 'cloudflare', 'conoha', 'desec', 'digitalocean', 'exec', 'externaldns', 'gandi', 'gehirn', 'googlecloud', 'hetzner', 'linode', 'ovh',
    'route53', 'sakuracloud', 'valuedomain', 'webhook')]
OWN = ['providers/zonefile', 'providers/rfc2136', 'providers/powerdns']
for part in OWN:
    MAY[part] = ZONES + ['providers/net', 'providers']
for part in DIALECTS:
    MAY[part] = ZONES + ['providers/net', 'providers/api', 'providers']
MAY['providers'] = ZONES + ['providers/net', *OWN, *DIALECTS]
BELOW = ZONES + ['providers', 'providers/net']
CONTROLLER = [('store', 'lookup', 'letters'), ('engine',), ('guard',), ('check', 'watch'), ('incident', 'serve'), ('command',)]
for n, row in enumerate(CONTROLLER):
    for name in row:
        lower = [f'controller/{other}' for r in CONTROLLER[:n] for other in r]
        MAY[f'controller/{name}'] = BELOW + lower
MAY['controller'] = ['controller/command', 'providers/net']
MADE = ('controller/sonames.h',)  # while it is built

LIBRARIES = {
    r'ldns/': ('zones/record', 'providers/net', 'providers/rfc2136', 'controller/command', 'tests'),
    r'yaml\.h': ('zones/policy', 'controller/command', 'tests'),
    r'curl/': ('providers/net', 'controller/letters', 'controller/command', 'tests'),
    r'sqlite3\.h': ('controller/store', 'controller/command', 'tests'),
    r'unbound(-event)?\.h': ('controller/lookup', 'controller/command', 'tests'),
    r'event2?(/|\.h)': ('providers/net', 'providers/zonefile', 'controller/lookup', 'controller/letters', 'controller/watch', 'controller/serve',
                               'controller/command', 'tests'),
    r'libpsl\.h': ('zones/mail', 'tests'),
    r'idn2\.h': ('zones/mail', 'zones/policy', 'tests'),
    r'expat\.h': ('zones/watch', 'providers/api', 'tests'),
    r'systemd/': ('controller/watch', 'tests'),
    r'libmilter/': ('controller/watch', 'controller/command', 'tests'),
    r'gmime/': ('controller/letters', 'tests'),
    r'iconv\.h': ('controller/letters', 'tests'),
    r'seccomp\.h': ('controller/letters', 'tests'),
    r'zlib\.h': ('controller/watch', 'controller/command', 'tests'),
    r'openssl/': ('zones/base', 'zones/mail', 'providers/net', 'providers/api', 'providers/ovh', 'providers/googlecloud', 'controller/engine',
                  'controller/watch', 'controller/serve', 'tests'),
    r'jansson\.h': ('zones/base', 'zones/plan', 'zones/check', 'zones/watch', 'zones/bounce', 'zones/incident', 'zones/policy', 'providers/powerdns', 'providers/api', *DIALECTS, 'controller/command', 'controller/engine',
                    'controller/guard', 'controller/serve', 'tests'),
}
IMPURE = re.compile(r'sys/(socket|stat|time|un|epoll|file|mman|wait|resource|types)|netinet/|netdb|poll\.h|'
                    r'time\.h|unistd|fcntl|dirent|pthread|threads\.h|signal|syslog|locale|pwd|grp')
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<|")([^>"]+)[>"]', re.M)


def check(path):
    folder = str(path.parent)
    text = source.code(path, strings=True)
    is_test = folder.startswith('tests')
    if not is_test and folder not in MAY:
        yield f'{path}:1: folder {folder} has no place in the layers (tests/style/layers.py)'
        return
    for match in INCLUDE.finditer(text):
        where = f'{path}:{source.line_of(text, match.start(2))}'
        target = match.group(2)
        if match.group(1) == '"':
            if not (source.ROOT / target).is_file() and target not in MADE:
                yield f'{where}: "{target}" is not a path from the root of the tree'
            other = target.rpartition('/')[0]
            if not is_test and other != folder and other not in MAY[folder]:
                yield f'{where}: {folder} may not include {target}'
            continue
        if folder.startswith('zones') and IMPURE.match(target):
            yield f'{where}: zones is pure: no <{target}>'
        for library, allowed in LIBRARIES.items() if not path.name.startswith('late_') else ():  # they say how each is loaded (providers/net/late.h)
            if re.match(library, target) and not folder.startswith(allowed):
                yield f'{where}: <{target}> belongs in {", ".join(allowed[:-1])}'


if __name__ == '__main__':
    source.finish([c for path in source.files('.c', '.h') for c in check(path)], 'includes that point the wrong way')
