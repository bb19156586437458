"""The JSON Schema for editors agrees with the program about what a zone.yaml may say."""
import json
import os
import pathlib
import subprocess

import jsonschema
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = sorted(p for p in (ROOT / 'examples').rglob('*.yaml') if p.name != 'playbook.yaml')
BAD = {
    'unknown key': 'zone: example.com\nmial: {}\n',
    'wrong type': 'zone: [example.com]\n',
    'unknown provider': 'zone: example.com\nprovider: {carrier-pigeon: {}}\n',
    'unknown word': 'zone: example.com\nhosts: maybe\n',
    'policy missing': 'zone: example.com\nmail: {"@": {dmarc: {aggregate: "mailto:d@example.net"}}}\n',
    'unknown key of a mail name': 'zone: example.com\nmail: {"@": {spff: [mx]}}\n',
}


class Words(yaml.SafeLoader):
    """YAML as the program reads it: `no` is a word."""


Words.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in rules if tag != 'tag:yaml.org,2002:bool']
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}


@pytest.fixture(scope='module')
def validator():
    program = os.environ.get('DNSGUARD', ROOT / 'build/controller/dnsguard')
    text = subprocess.run([program, 'schema'], capture_output=True, text=True, check=True).stdout
    schema = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize('path', EXAMPLES, ids=lambda p: str(p.relative_to(ROOT)))
def test_examples_fit_the_schema(validator, path):
    errors = [e.message for e in validator.iter_errors(yaml.load(path.read_text(), Words))]
    assert errors == []


@pytest.mark.parametrize('what', BAD)
def test_both_refuse_what_is_wrong(validator, lab, what):
    path = lab.write('bad.yaml', BAD[what])
    assert not validator.is_valid(yaml.load(BAD[what], Words))
    done = lab.dnsguard('plan', path)
    assert done.rc == 2
    assert 'bad.yaml:' in done.stderr
