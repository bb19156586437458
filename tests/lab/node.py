"""Programs from npm (tests/node), which `./dev test` puts into build/node: for what only they can judge."""
import json
import shutil

import lab as lablib
import pytest

HOME = lablib.ROOT / 'build/node'


def need(package):
    """The folder of an installed package; where it is missing the test is skipped."""
    folder = HOME / 'node_modules' / package
    if not shutil.which('node') or not folder.exists():
        pytest.skip(f'{package} is not in {HOME}: ./dev test and ./dev deps put it there')
    return folder


def evaluate(lab, script, text=''):
    """What a script, given the text as `text`, hands to tell(), as Python has it."""
    program = ('const text = require("fs").readFileSync(0, "utf8");'
               'const tell = (o) => console.log(JSON.stringify(o));' + script)
    return json.loads(lab.run('node', '-e', program, stdin=text, cwd=HOME).expect(0).stdout)
