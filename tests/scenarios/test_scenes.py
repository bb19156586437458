"""Attacks on a site with real servers, on one clock that leaps: who forges how, and what comes of it."""
import mta
import pytest
import scene as scenes
from scene import CALM, NULL, SUB, ZONE

pytestmark = pytest.mark.skipif(mta.UNUSABLE is not None, reason=str(mta.UNUSABLE))


@pytest.fixture
def make(lab):
    made = []

    def scene(**options):
        made.append(scenes.Scene(lab, **options).guard())
        return made[-1]
    yield scene
    for one in made:
        one.__exit__()


@pytest.mark.parametrize('kind, mta_kind', [('knot', 'postfix'), ('bind', 'exim')])
def test_split_story(make, record_property, kind, mta_kind):
    """Forged mail at two real relays (Postfix, Exim) that bounce it; the site drowns and its mail moves to the subdomain."""
    s = make(kind=kind, mta=mta_kind, attack='relays')
    s.until(lambda: s.mx() == NULL, 'the null MX', most=40, forged=2, friends=1)
    s.until(lambda: 'verified' in s.marks, 'verified', most=10, step_s=10, forged=2, friends=1)
    for _ in range(9):
        s.play(step_s=10, forged=2, friends=1)
    s.story(record_property)
    assert s.marks['published'] - s.marks['alarm'] >= 900 - 60  # an alarm must have stood for so long
    after = [x for x in s.steps if x.at > s.marks['published'] + 60]
    assert after and not sum(x.arrived for x in after)
    assert s.mx(SUB) == CALM
