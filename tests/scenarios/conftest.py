"""The fixtures of the functional tests, and scenes: a scenario is a test that tells a whole story."""
import importlib.util
import pathlib

import pytest

PATH = pathlib.Path(__file__).resolve().parent.parent / 'functional/conftest.py'
spec = importlib.util.spec_from_file_location('functional_conftest', PATH)
functional = importlib.util.module_from_spec(spec)
spec.loader.exec_module(functional)
globals().update({name: what for name, what in vars(functional).items() if not name.startswith(('__', 'pytest_'))})

import mta  # noqa: E402
import scene as scenes  # noqa: E402


@pytest.fixture
def make_scene(lab):
    """make_scene(**options): a scene whose policy is published and whose site is watched (tests/lab/scene.py)."""
    if mta.UNUSABLE:
        pytest.skip(mta.UNUSABLE)
    made = []

    def make(**options):
        made.append(scenes.Scene(lab, **options))
        return made[-1].guard()
    yield make
    for one in made:
        one.__exit__()
