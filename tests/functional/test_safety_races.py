"""Two dnsguards at once on one zone: exactly one of them publishes, and the other says that somebody was quicker."""
import collections
import itertools
import json
import subprocess

import pytest
from safety import RFC2136, ZONE, Site, image_of, marker_of, report, soak

LOST = {  # at which moment the loser noticed, in its own words
    'at the server': 'somebody else changed this zone meanwhile; nothing was overwritten',
    'last look': 'this changed after the plan was made',
    'plan': 'since it was looked at',
}

WISHES = {n: {'mx': f'{10 * n} mx1.example.test', 'dmarc': p, 'ttl': f'{n}m'}
          for n, p in ((1, 'reject'), (2, 'quarantine'), (3, 'none'))}


class Race:
    """Three images of a zone. From whichever stands, two dnsguards each want one of the other two; both have reviewed
    the plan that they carry out (--plan), so that a late one cannot publish on top of what the other made."""

    def __init__(self, lab, kind, is_shared):
        self.site = Site(lab, kind)
        self.policies = {n: self.site.policy(f'want{n}.yaml', **wish) for n, wish in WISHES.items()}
        self.states = {n: lab.dir / ('state' if is_shared else f'state{n}') for n in WISHES}
        self.images, self.digests = {}, {}
        for n in WISHES:
            self.publish(n)
            self.images[n] = self.site.image()
        for now, wanted in itertools.permutations(WISHES, 2):
            self.publish(now)
            told = self.site.run('plan', '--adopt', '--json', self.policies[wanted], state=self.states[wanted])
            said = [json.loads(line) for line in told.stdout.splitlines()]
            self.digests[now, wanted] = next(o for o in said if 'digest' in o)['digest']
        self.now = now
        assert self.site.image() == self.images[now]

    def publish(self, n):
        self.site.apply(self.policies[n], state=self.states[n]).expect(0)

    def start(self, n):
        return subprocess.Popen(
            [self.site.lab.program, '--state', self.states[n], 'apply', '--adopt', '--plan', self.digests[self.now, n],
             self.policies[n]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.site.lab.dir)

    def round(self):
        pair = [n for n in WISHES if n != self.now]
        running = {n: self.start(n) for n in pair}
        said = {n: process.communicate(timeout=600)[0] for n, process in running.items()}
        codes = {n: process.returncode for n, process in running.items()}
        told = f'{codes}\n' + '\n---\n'.join(said.values())
        winners = [n for n in pair if codes[n] == 0]
        assert len(winners) == 1, told
        won, lost = winners[0], next(n for n in pair if n != winners[0])
        assert codes[lost] == 1, told
        moment = next((moment for moment, words in LOST.items() if words in said[lost]), None)
        assert moment, told
        zone = self.site.zone()
        assert image_of(zone) == self.images[won], told
        if self.site.kind != 'zonefile':
            assert marker_of(zone) == self.site.journal(self.states[won]).markers[ZONE], told
        self.now = won
        return moment


def run(record_property, lab, kind, is_shared, rounds):
    race = Race(lab, kind, is_shared)
    moments = collections.Counter(race.round() for _ in range(rounds))
    for state in set(race.states.values()):
        assert race.site.journal(state).open_steps == []
    report(record_property, kind=kind, rounds=rounds, noticed=dict(moments))


@pytest.mark.parametrize('kind', ['zonefile', *RFC2136])
@pytest.mark.parametrize('is_shared', [False, True], ids=['two-journals', 'one-journal'])
def test_one_wins(record_property, lab, kind, is_shared):
    run(record_property, lab, kind, is_shared, 20)


@soak
@pytest.mark.parametrize('kind', ['zonefile', *RFC2136])
def test_one_wins_in_400_rounds(record_property, lab, kind):
    run(record_property, lab, kind, False, 400)
