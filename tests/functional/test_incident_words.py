"""What people read of an incident: in English or Japanese by the locale; and when its time to be kept is over."""
import json
import pathlib
import re

import joejob
import lab as lablib
import pytest
from terminal import Terminal

OWN = ('--own', '192.0.2.0/24', '--domain', 'good.example')
KANA = re.compile('[\u3041-\u30fe\u4e00-\u9fff]')
PLAYBOOKS = sorted((lablib.ROOT / 'playbooks').glob('*.yaml'))


@pytest.fixture
def japanese(lab):
    catalogues = pathlib.Path(lab.program).parent.parent / 'po'
    return {'LC_ALL': 'ja_JP.UTF-8', 'LANGUAGE': '', 'DNSGUARD_LOCALE': str(catalogues), 'DNSGUARD_PLAYBOOKS': str(lablib.ROOT / 'playbooks')}


def box(lab):
    return joejob.mbox(lab.dir / 'box', [joejob.forged(i) for i in range(20)])


def test_a_report_in_japanese(lab, dnsguard, japanese):
    dnsguard('incident', 'open', 'good.example', '--why', 'told by <telephone>', *OWN, box(lab)).expect(0)
    english = dnsguard('incident', 'report', 1).expect(0).stdout
    assert not KANA.search(english) and '## Timeline' in english and '| verdict | forged |' in english
    said = dnsguard('incident', 'report', 1, env=japanese).expect(0).stdout
    for words in ('# インシデント 1: good\\.example', '| 判定 | forged（詐称） |', '| 確度 | 高 |', '## 経過', '## 証拠', '## 教訓', '## 送り返してきた組織'):
        assert words in said, words
    assert 'Timeline' not in said and said.count('\n| ') == english.count('\n| ')
    page = dnsguard('incident', 'report', 1, '--format', 'html', env=japanese).expect(0).stdout
    assert '<html lang="ja">' in page and '<h2>経過</h2>' in page and '<th>開始</th>' in page and '<telephone>' not in page
    assert '<html lang="en">' in dnsguard('incident', 'report', 1, '--format', 'html').stdout
    shown = dnsguard('incident', 'show', 1, env=japanese).expect(0).stdout
    assert 'インシデント 1: good.example  対応中' in shown and '保存     閉じてから 365 日間' in shown
    for args in (('show', 1), ('report', 1, '--format', 'json'), ('list',), ('run', 1)):  # programs read the same everywhere
        both = [dnsguard('incident', *args, '--json', env=env).stdout for env in (japanese, {**japanese, 'LC_ALL': 'C'})]
        assert both[0] == both[1] or args[0] == 'run', args
        assert not KANA.search(both[0]), args


def test_led_through_in_japanese(lab, dnsguard, japanese):
    dnsguard('incident', 'open', 'good.example', *OWN, box(lab)).expect(0)
    with Terminal([lab.program, '--state', lab.dir / 'state', 'incident', 'run', '1', '--playbook', 'mailbox-only'], cwd=lab.dir, env={**japanese, 'NO_COLOR': '1'}) as t:
        t.wait_for('quit＝やめる]')
        t.type('forged\n')
        t.wait_for('[done＝済み')
        t.type('done\n')
        t.wait_for_count('[done＝済み', 2)
        t.type('quit\n')
        assert t.finish() == 3
    for words in ('手順書 mailbox-only: メールボックスだけで、ゾーンはない', '手順 1/', '質問     判定はどうでしたか', '作業     フィルターで', 'is-it-me: 回答済み', '期限 '):
        assert words in t.text, t.text
    steps = [e['text'] for e in json.loads(dnsguard('incident', 'show', 1, '--json').stdout)['timeline'] if e['kind'] == 'step']
    assert steps[0] == 'is-it-me: answered: forged' and 'keep: done' in steps  # on record as ever
    said = dnsguard('incident', 'run', 1, env=japanese).expect(3).stdout
    assert '待っているもの' in said and '`dnsguard incident run 1 --answer provider=...`' in said
    said = dnsguard('notices', *OWN, '--limit', 1, box(lab), env=japanese).expect(0).stdout
    assert '宛先 postmaster@' in said and '何も書き出さず、何も送っていません' in said
    assert '閉じました' in dnsguard('incident', 'close', 1, '--force', env=japanese).expect(0).stdout


@pytest.mark.parametrize('path', PLAYBOOKS, ids=lambda p: p.stem)
def test_each_text_of_a_playbook_in_both(path):
    """Each en: has its ja: right below, in Japanese; what has neither is a command."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    assert sum(line.startswith('en: ') for line in lines) > 10
    for n, line in enumerate(lines):
        if line.startswith('en: '):
            assert lines[n + 1].startswith('ja: ') and KANA.search(lines[n + 1]), line
        text = re.match(r'(title|purpose|ask|tell|expect|undo): +(\S.*)', line)
        assert not text or re.fullmatch(r'"dnsguard [a-z]+"', text.group(2)), line


def test_what_is_past_its_time_is_said(lab, dnsguard):
    """By list, show, status and watch, until it is forgotten."""
    dnsguard('incident', 'open', 'good.example', '--retention', '1s').expect(0)
    assert 'kept     for 1 days after the closing' in dnsguard('incident', 'show', 1).expect(0).stdout
    assert 'kept long enough' not in dnsguard('status').stdout
    dnsguard('incident', 'close', 1, '--force').expect(0)
    words = 'incidents that have been kept long enough: 1'
    lablib.wait_for(lambda: words in dnsguard('status').stdout, 'a second to pass')
    assert 'that is over' in dnsguard('incident', 'show', 1).stdout and 'forget --expired' in dnsguard('incident', 'list').stdout
    lab.write('zone.txt', '$ORIGIN good.example.\n$TTL 3600\n@ SOA ns1 host 1 3600 600 86400 300\n@ NS ns1\n@ MX 10 mx1\nns1 A 192.0.2.53\nmx1 A 192.0.2.25\n')
    lab.write('mail.log', '')
    policy = lab.write('zone.yaml', f'zone: good.example\nprovider: {{zonefile: {{path: zone.txt}}}}\nverify: {{servers: none}}\n'
                                    f'mail: {{"@": {{mx: [10 mx1]}}}}\nwatch: {{sensors: [{{log: {lab.dir}/mail.log}}]}}\n')
    watch = [lab.program, '--state', lab.dir / 'state', 'watch', policy]
    with Terminal(watch, cwd=lab.dir) as t:
        t.wait_for(words)
    dnsguard('incident', 'forget', '--expired').expect(0)
    assert words not in dnsguard('status').stdout
