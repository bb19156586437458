"""What the style tests share: which files there are, and their code without comments and strings."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
C_FOLDERS = ('zones', 'providers', 'controller', 'tests')
# Longest match first: comments, strings, character constants.
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def files(*suffixes, folders=C_FOLDERS):
    """Paths from the root, sorted."""
    found = [p for f in folders for p in (ROOT / f).rglob('*') if p.is_file() and p.suffix in suffixes]
    return sorted(p.relative_to(ROOT) for p in found if '__pycache__' not in p.parts)


def read(path):
    return (ROOT / path).read_text(encoding='utf-8')


def code(path, strings=False):
    """The text with comments (and the insides of strings) blanked, line numbers kept."""
    def blank(match):
        text = match.group(0)
        if text[0] in '"\'':
            return text if strings else text[0] + text[0]
        return re.sub(r'[^\n]', ' ', text)
    return NOT_CODE.sub(blank, read(path))


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


def tool(*argv):
    return subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True, cwd=ROOT,
                          env={**os.environ, 'LC_ALL': 'C'}).stdout


def finish(complaints, what):
    """Prints what was found and ends: 0 nothing, 1 something."""
    for complaint in complaints:
        print(complaint)
    print(f'{what}: {len(complaints)} found')
    sys.exit(bool(complaints))
