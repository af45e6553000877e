"""The package as a whole: what it exports, what importing it costs, what it says that it needs."""

import ast
import importlib.metadata
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import easynas
from tests.api import describe

ROOT = Path(__file__).parent.parent
HEAVY = ("keras", "keras_tuner", "numpy", "pandas", "scipy", "sklearn", "tensorflow", "tf_keras")


def run_python(*arguments: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True, cwd=ROOT).stdout


def exported_methods() -> list[tuple[str, object]]:
    """`(name, function or property)` of everything public that an exported class of ours defines."""
    classes = [value for name in easynas.__all__ if inspect.isclass(value := getattr(easynas, name))]
    ours = {base for cls in classes for base in cls.__mro__ if base.__module__.startswith("easynas")}
    return [
        (f"{cls.__name__}.{name}", member)
        for cls in ours
        for name, member in vars(cls).items()
        if not name.startswith("_") and (callable(member) or isinstance(member, property))
    ]


def imported_packages(file: Path) -> set[str]:
    """Top-level packages that a module imports, at its top or inside its functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names


def declared_distributions() -> set[str]:
    """What installing the package brings, or an extra that users are told of."""
    needs = importlib.metadata.requires("easynas") or []
    for_users = [need for need in needs if not re.search(r"extra == .(test|bench|dev)", need)]
    return {spelled(re.split(r"[<>=!~; \[]", need)[0]) for need in for_users}


def spelled(distribution: str) -> str:
    """A distribution's name in the one spelling that package indexes compare."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_importing_the_package_loads_no_heavy_library() -> None:
    loaded = json.loads(run_python("-c", "import easynas, json, sys; print(json.dumps(sorted(sys.modules)))"))
    assert not set(HEAVY) & set(loaded)


def test_importing_the_package_takes_less_than_a_tenth_of_a_second() -> None:
    code = "import time; start = time.perf_counter(); import easynas; print(time.perf_counter() - start)"
    # The fastest of a few: the machine may be busy with something else.
    assert min(float(run_python("-c", code)) for _ in range(5)) < 0.1


def test_setting_up_an_estimator_loads_no_tensorflow() -> None:
    code = "import easynas, sys; easynas.ImageClassifier(); print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    assert run_python("-c", code).split() == ["False", "False"]


@pytest.mark.parametrize("name", easynas.__all__)
def test_every_public_name_loads(name: str) -> None:
    value = getattr(easynas, name)
    assert isinstance(value, str | ModuleType) or value.__name__ == name


def test_dir_shows_the_public_names() -> None:
    assert dir(easynas) == sorted(easynas.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="ImageClasifier"):
        _ = easynas.ImageClasifier


def test_the_public_interface_is_the_agreed_one() -> None:
    agreed = (ROOT / "tests" / "api.txt").read_text(encoding="utf-8")
    assert describe() == agreed, "decide on the change, then run `python -m tests.api > tests/api.txt`"


def test_every_public_method_is_documented() -> None:
    assert [name for name, member in exported_methods() if not inspect.getdoc(member)] == []


def test_the_installed_version_is_the_one_of_the_package() -> None:
    assert importlib.metadata.version("easynas") == easynas.__version__


def test_the_changelog_has_an_entry_for_this_version() -> None:
    assert f"## [{easynas.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_everything_imported_is_declared_as_a_dependency() -> None:
    imported = set().union(*(imported_packages(file) for file in (ROOT / "easynas").rglob("*.py")))
    foreign = imported - sys.stdlib_module_names - {"easynas"}
    providers = importlib.metadata.packages_distributions()
    declared = declared_distributions()
    assert {name for name in foreign if not {spelled(d) for d in providers.get(name, [name])} & declared} == set()
