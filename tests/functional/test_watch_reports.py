"""dnsguard watch on a mailbox with DMARC aggregate reports: forged mail counts, also where no bounce comes; own networks that send far
more than ever hold the guard."""
import base64
import gzip
import os
import signal
import time

import pytest

from lab import wait_for
from letters import Maildir
from test_watch_mailbox import Mailbox, settle

DAY = 86400
ROW = '''<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated><disposition>none</disposition><dkim>{result}</dkim>
<spf>{result}</spf></policy_evaluated></row><identifiers><header_from>example.com</header_from></identifiers><auth_results><spf>
<domain>example.com</domain><result>{result}</result></spf></auth_results></record>'''
REPORT = '''<?xml version="1.0"?><feedback><report_metadata><org_name>{org}</org_name><email>a@{org}</email><report_id>{id}</report_id>
<date_range><begin>{begin}</begin><end>{end}</end></date_range></report_metadata><policy_published><domain>example.com</domain><p>none</p>
</policy_published>{rows}</feedback>'''
MAIL = '''From: a@{org}
To: dmarc@example.com
Subject: Report domain: example.com
MIME-Version: 1.0
Content-Type: application/gzip; name="r.xml.gz"
Content-Transfer-Encoding: base64

{body}
'''


def report(ident, rows, org='one.example', days_ago=1):
    begin = (int(time.time()) // DAY - days_ago) * DAY
    xml = REPORT.format(org=org, id=ident, begin=begin, end=begin + DAY - 1,
                        rows=''.join(ROW.format(ip=ip, count=count, result=result) for ip, count, result in rows))
    return MAIL.format(org=org, body=base64.encodebytes(gzip.compress(xml.encode())).decode())


@pytest.fixture
def watched(lab):
    box = Maildir(lab.dir / 'box')
    box.put(report('old', [('203.0.113.9', 1000, 'fail')]))
    watched = Mailbox(lab, 'reports', box, f'maildir:{box.path}')
    text = watched.policy.read_text().replace('"ip4:192.0.2.0/24"]', '"ip4:192.0.2.0/24"], dmarc: {policy: reject}, split: {to: m}')
    watched.policy.write_text(text)
    watched.start()
    return watched


def test_forged(watched):
    """The logarithm of what was sent counts; a report that comes again, also after a kill, does not, nor one that is no report."""
    hostile = report('x', []).split('\n\n')[0] + '\n\n' + base64.encodebytes(gzip.compress(b'<feedback>' * 100000)).decode()
    rows = [('203.0.113.9', 1000, 'fail'), ('192.0.2.7', 50, 'pass'), ('198.51.100.7', 3, 'fail')]
    watched.box.put(report('a', rows), report('a', rows), 'Subject: no report\n\nhello\n', hostile)  # read in any order
    settle(watched, (9, 0, 0, 0))  # 10 and 2, less those before the notice
    assert watched.status()['evidence']['reporters'] == 1
    watched.start()
    watched.box.put(report('a', [('203.0.113.9', 1000, 'fail')]))  # whichever of two comes first counts: not at the same moment
    watched.stop(signal.SIGKILL)
    watched.box.put(report('a', [('203.0.113.9', 1000, 'fail')]), report('b', [('203.0.113.9', 1, 'fail')], org='two.example'))
    watched.start()
    settle(watched, (10, 0, 0, 0))


def test_abused(watched):
    watched.box.put(*[report(f'{org}{day}', [('192.0.2.7', 100, 'pass')], org, day) for day in range(40, 1, -1) for org in ('one.example', 'two.example')])
    settle(watched, (0, 0, 0, 0))
    watched.start()
    assert not watched.lines('abuse')
    watched.box.put(report('flood1', [('192.0.2.7', 30000, 'pass')], 'one.example'), report('flood2', [('192.0.2.7', 30000, 'pass')], 'two.example'))
    told = wait_for(lambda: watched.lines('abuse'), what='the evidence of abuse', timeout_s=60)
    assert 'receivers report 60000 letters of a day out of your own networks' in told[0]['text']
    assert watched.stop() == 0
    assert watched.status()['state'] == 'held'
