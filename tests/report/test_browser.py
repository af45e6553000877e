"""The page in a browser: nothing to complain of, nothing asked from outside, nothing wider than a telephone."""

import html
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from easynas.report.facts import gather
from easynas.report.page import write
from tests.report.made import fitted

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
LIGHT, DARK = "--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="needs Chromium: apt-get install chromium"),
]


def browse(page: Path, profile: Path, *flags: str) -> tuple[str, str]:
    """What the browser prints, and what it logs."""
    assert BROWSER is not None
    command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()]
    ended = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=60, env={**os.environ, "HOME": str(profile)}
    )
    return ended.stdout, ended.stderr


@pytest.fixture(scope="module", params=["images", "texts", "numbers"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report; of images with its files for devices."""
    folder = tmp_path_factory.mktemp(request.param)
    seconds = 30.0 if request.param == "images" else 0.0
    facts = gather(fitted(request.param, folder / "study"), None, form_seconds=seconds)
    if seconds:
        assert [form.agreement for form in facts.forms] == [1.0, 1.0, 1.0]
        assert facts.forms[0].size_kb is not None
    write(facts, folder / "report.html")
    return folder / "report.html"


def test_the_browser_has_nothing_to_complain_of(page: Path, tmp_path: Path) -> None:
    shots = {}
    for theme, flag in (("light", LIGHT), ("dark", DARK)):
        shots[theme] = tmp_path / f"{theme}.png"
        _, log = browse(page, tmp_path / theme, flag, "--window-size=900,1200", f"--screenshot={shots[theme]}")
        assert "CONSOLE" not in log
        assert "Refused" not in log
    light, dark = (Image.open(shots[theme]).convert("L").resize((1, 1)).getpixel((0, 0)) for theme in ("light", "dark"))
    assert light > 200
    assert dark < 90


def test_nothing_is_wider_than_a_telephone(page: Path, tmp_path: Path) -> None:
    frame = html.escape(page.read_text(encoding="utf-8"), quote=True)
    outer = tmp_path / "outer.html"
    outer.write_text(
        f'<iframe srcdoc="{frame}" style="width: 360px; height: 800px; border: 0"></iframe><p id="width"></p><script>'
        "onload = () => { const inner = document.querySelector('iframe').contentDocument.documentElement;"
        "document.querySelector('#width').textContent = `${inner.scrollWidth} of ${inner.clientWidth}`; }</script>",
        encoding="utf-8",
    )
    printed, _ = browse(outer, tmp_path / "profile", "--dump-dom")
    found = re.search(r'<p id="width">(\d+) of (\d+)</p>', printed)
    assert found is not None
    assert found[1] == found[2] == "360"
