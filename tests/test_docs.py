"""The documentation as a site."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="needs what `make docs` installs")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_every_link_leads_somewhere_and_every_name_of_the_reference_exists(site: Path) -> None:
    """A strict build ends with an error otherwise."""
    reference = (site / "reference" / "estimators" / "index.html").read_text()
    assert "time_budget" in reference
    assert "Finds a network" in reference or "a network" in reference


@pytest.mark.slow
@pytest.mark.parametrize("name", [path.stem for path in sorted((ROOT / "tutorials").glob("[0-9]*.py"))])
def test_every_tutorial_is_a_page_of_the_menu(site: Path, name: str) -> None:
    assert (site / "tutorials" / name / "index.html").exists()
    assert f"tutorials/{name}/" in (site / "index.html").read_text()


@pytest.mark.slow
def test_the_pictures_of_the_start_page_are_there(site: Path) -> None:
    shown = re.findall(r'src="(pictures/[^"]+)"', (site / "index.html").read_text())
    assert shown == ["pictures/progress.svg", "pictures/report.png"]
    assert all((site / picture).is_file() for picture in shown)


@pytest.mark.parametrize(("picture", "most_kb"), [("progress.svg", 150), ("report.png", 200)])
def test_a_picture_is_small_and_shows_no_folder_of_its_machine(picture: str, most_kb: int) -> None:
    content = (ROOT / "docs" / "pictures" / picture).read_bytes()
    assert len(content) < 1024 * most_kb
    assert not re.search(rb"/(home|root|tmp|work|Users)/|url\((?!#)", content)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["", "data", "reference/estimators", "tutorials/02_texts", "benchmarks/results"])
def test_a_page_loads_nothing_from_elsewhere(site: Path, page: str) -> None:
    assert 'src="http' not in (site / page / "index.html").read_text()
    assert '<link rel="stylesheet" href="http' not in (site / page / "index.html").read_text()
