"""The fixtures of the functional tests: a scenario is one of them that tells a whole story."""
import importlib.util
import pathlib

PATH = pathlib.Path(__file__).resolve().parent.parent / 'functional/conftest.py'
spec = importlib.util.spec_from_file_location('functional_conftest', PATH)
functional = importlib.util.module_from_spec(spec)
spec.loader.exec_module(functional)
globals().update({name: what for name, what in vars(functional).items() if not name.startswith(('__', 'pytest_'))})
