#!/usr/bin/env python3
"""installed.py FOLDER: is everything there after `meson install` with DESTDIR=FOLDER, and does it work from there?"""
import json
import pathlib
import shutil
import subprocess
import sys

WANTED = [
    'bin/dnsguard',
    'share/man/man1/dnsguard.1',
    'share/man/man5/zone.yaml.5',
    'share/bash-completion/completions/dnsguard',
    'share/zsh/site-functions/_dnsguard',
    'share/fish/vendor_completions.d/dnsguard.fish',
    'share/dnsguard/playbooks/forged.yaml',
    'share/dnsguard/zone.schema.json',
    'lib/systemd/system/dnsguard.service',
    'lib/systemd/system/dnsguard-serve.service',
    'share/locale/ja/LC_MESSAGES/dnsguard.mo',
    'share/doc/dnsguard/README.md',
    'share/doc/dnsguard/LICENSE',
    'share/doc/dnsguard/guide.md',
    'share/doc/dnsguard/examples/quickstart/zone.yaml',
    'share/doc/dnsguard/examples/quickstart/run',
]


UNITS = ['dnsguard.service', 'dnsguard-serve.service']
EXPOSURE = '15'  # of 100: 1.5 in the words of systemd-analyze; what is left is that both use the network


def units_wrong(root):
    """What systemd says of the units: nothing that it does not know, and little that a stolen process could reach."""
    if not shutil.which('systemd-analyze'):
        return
    for name in UNITS:
        text = (root / 'lib/systemd/system' / name).read_text()
        unit = root / name  # with a program that is there
        unit.write_text(text.replace('/usr/local/bin', str((root / 'bin').resolve())))
        for words in ('verify', '--man=no'), ('security', '--offline=true', f'--threshold={EXPOSURE}', '--no-pager'):
            done = subprocess.run(['systemd-analyze', *words, unit], capture_output=True, text=True)
            if done.returncode or (words[0] == 'verify' and done.stderr):
                yield f'{name}: systemd-analyze {words[0]}: {(done.stderr or done.stdout)[-1000:]}'
        unit.unlink()


def main(folder):
    root = pathlib.Path(folder) / 'usr/local'
    bad = [f'{path}: missing or empty' for path in WANTED
           if not (root / path).is_file() or not (root / path).stat().st_size]
    if not bad:
        schema = json.loads((root / 'share/dnsguard/zone.schema.json').read_text())
        bad += [] if schema.get('$schema') else ['zone.schema.json: no $schema']
        said = subprocess.run([root / 'bin/dnsguard', 'version'], capture_output=True, text=True)
        bad += [] if said.returncode == 0 and said.stdout.startswith('dnsguard ') else [f'version: {said}']
        for page in ('man1/dnsguard.1', 'man5/zone.yaml.5'):
            if '.TH' not in (root / 'share/man' / page).read_text():
                bad.append(f'{page}: not a manual page')
        bad += units_wrong(root)
    print('\n'.join(bad) or f'{len(WANTED)} files are in their places')
    return bool(bad)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
