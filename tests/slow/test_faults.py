"""Real faults of a real fit: killed, stopped, asked to end, out of disk. Nothing that was finished is lost."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from easynas.report.dashboard import Dashboard
from easynas.search.journal import FILE
from easynas.search.study import Study
from easynas.search.trial import Failed, Trial

pytestmark = pytest.mark.slow

KILLS = 10
MOMENTS = (
    "loading TensorFlow",
    "preparing the data",
    "training a baseline",
    "searching|training the best network",
    r"trial \d",
)
"""Lines of a fit, each shortly before two of its kills; a slow machine is killed later, and so in the same moments."""
BUDGETS = (30.0, 30.0, 31.0, 31.0)
"""Of the fits that are killed: one with the budget of the last goes on with what is left of it, another begins anew."""
ORDINARY = 0.9
"""Accuracy on digits that ten seconds reach easily, and a constant model (0.1) does not."""

SCRIPT = """
import resource, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs tests in the background has it ignored
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
import easynas

directory, budget, largest = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))  # -1: no limit
digits = load_digits()
images = digits.images.astype("uint8")
x, x_test, y, y_test = train_test_split(images, digits.target, stratify=digits.target, random_state=0)
classifier = easynas.ImageClassifier(budget, directory=directory or None, random_state=0)
try:
    classifier.fit(x, y, callbacks=[lambda trial: print("trial", trial.job.id, flush=True)])
except easynas.EasynasError as error:
    print(type(error).__name__, error)
    sys.exit(7)
print(classifier.explain_search())
print("accuracy", classifier.score(x_test, y_test), "seconds", classifier.fit_seconds_, flush=True)
"""


class Fit:
    """A fit of digits in a process of its own."""

    def __init__(self, directory: Path | None, *, budget: float, home: Path, largest_file: int = -1) -> None:
        self.output = home / "output.txt"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, str(directory or ""), str(budget), str(largest_file)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": str(home)},
                process_group=0,
            )
        self.family: list[psutil.Process] = []

    def wait_for(self, pattern: str) -> str:
        """Waits until a line matches."""
        end = time.monotonic() + 120.0
        while time.monotonic() < end:
            if match := re.search(pattern, self.output.read_text()):
                return match.group()
            assert self.process.poll() is None, self.output.read_text()
            time.sleep(0.05)
        raise TimeoutError(self.output.read_text())

    def send(self, number: signal.Signals) -> None:
        self.family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)

    def press_ctrl_c(self) -> None:
        """As a terminal does it: all processes of the group are told."""
        self.family = psutil.Process(self.process.pid).children(recursive=True)
        os.killpg(self.process.pid, signal.SIGINT)

    def wait(self) -> int:
        return self.process.wait(timeout=120.0)

    def accuracy(self) -> float:
        assert self.wait() == 0, self.output.read_text()
        return float(self.wait_for(r"accuracy [\d.]+").split()[1])

    def assert_no_orphans(self) -> None:
        _, alive = psutil.wait_procs(self.family, timeout=20.0)
        assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def finished(directory: Path) -> list[Trial]:
    return list(Study.read(directory).trials) if (directory / FILE).exists() else []


@pytest.mark.timeout(1200)
def test_a_fit_that_is_killed_again_and_again_loses_no_trial(tmp_path: Path) -> None:
    directory, rng = tmp_path / "study", random.Random(0)
    before: list[Trial] = []
    for number in range(KILLS):
        fit = Fit(directory, budget=BUDGETS[number % len(BUDGETS)], home=tmp_path)
        fit.wait_for(MOMENTS[number % len(MOMENTS)])
        time.sleep(rng.uniform(0.0, 1.5))
        fit.send(signal.SIGKILL)
        assert fit.wait() in (-signal.SIGKILL, 0)
        fit.assert_no_orphans()
        now = finished(directory)
        assert now[: len(before)] == before
        before = now
    assert len(before) >= KILLS / len(MOMENTS)
    last = Fit(directory, budget=20.0, home=tmp_path)
    assert last.accuracy() > ORDINARY
    assert finished(directory)[: len(before)] == before
    assert list((directory / "weights").glob("*.part")) == []
    assert len(list((directory / "weights").glob("*.npz"))) <= 5


def test_ctrl_c_returns_the_best_model_so_far(tmp_path: Path) -> None:
    fit = Fit(tmp_path / "study", budget=120.0, home=tmp_path)
    fit.wait_for("searching|training the best network")
    time.sleep(1.0)  # jobs are out
    started = time.monotonic()
    fit.press_ctrl_c()
    assert fit.accuracy() > ORDINARY
    assert time.monotonic() - started < 20.0
    fit.assert_no_orphans()
    assert Study.read(tmp_path / "study").shipped is not None


def test_the_button_of_the_page_returns_the_best_model_so_far(tmp_path: Path) -> None:
    fit, dashboard = Fit(tmp_path / "study", budget=60.0, home=tmp_path), Dashboard(tmp_path / "study", token="secret")
    fit.wait_for(r"trial 0\b")
    started = time.monotonic()
    assert ask(dashboard, "POST", "/secret/stop") == ("303 See Other", "")
    assert fit.wait() == 0, fit.output.read_text()
    assert time.monotonic() - started < 20.0
    assert "The fit was stopped on request, and its best model so far is the result." in fit.output.read_text()
    _, page = ask(dashboard, "GET", "/secret/")
    assert "stopped on request: the best model so far is ready" in page
    assert 'data-state="ended"' in page
    fit.assert_no_orphans()


def ask(dashboard: Dashboard, method: str, path: str) -> tuple[str, str]:
    """Status and content that the page's server answers."""
    statuses: list[str] = []
    request = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": "127.0.0.1"}
    content = b"".join(dashboard(request, lambda status, headers: statuses.append(status)))
    return statuses[0], content.decode()


def test_ctrl_c_twice_ends_everything(tmp_path: Path) -> None:
    fit = Fit(tmp_path / "study", budget=120.0, home=tmp_path)
    fit.wait_for("loading TensorFlow")
    fit.press_ctrl_c()
    time.sleep(0.3)  # two signals at once would be one
    fit.press_ctrl_c()
    started = time.monotonic()
    assert fit.wait() != 0
    assert time.monotonic() - started < 10.0
    assert "KeyboardInterrupt" in fit.output.read_text()
    fit.assert_no_orphans()


def test_ctrl_c_before_there_is_a_model_ends_everything(tmp_path: Path) -> None:
    fit = Fit(tmp_path / "study", budget=120.0, home=tmp_path)
    fit.wait_for("loading TensorFlow")
    fit.press_ctrl_c()
    assert fit.wait() != 0
    assert "KeyboardInterrupt" in fit.output.read_text()
    fit.assert_no_orphans()


@pytest.mark.parametrize("after", ["loading TensorFlow", "training a baseline", "training the best network"])
def test_a_request_to_end_cleans_up(tmp_path: Path, after: str) -> None:
    fit = Fit(None, budget=20.0, home=tmp_path)
    fit.wait_for(after)
    fit.send(signal.SIGTERM)
    assert fit.wait() == 143, fit.output.read_text()
    fit.assert_no_orphans()
    assert [path.name for path in tmp_path.glob("easynas-*")] == []


def test_a_second_fit_in_the_same_directory_is_refused(tmp_path: Path) -> None:
    first = Fit(tmp_path / "study", budget=60.0, home=tmp_path)
    first.wait_for("preparing the data")
    (tmp_path / "second").mkdir()
    second = Fit(tmp_path / "study", budget=60.0, home=tmp_path / "second")
    assert second.wait() == 7, second.output.read_text()
    sentence = f"StudyError One process at a time may work on the study in {tmp_path / 'study'}, and process "
    assert f"{sentence}{first.process.pid} on " in second.output.read_text()
    first.send(signal.SIGKILL)
    first.wait()
    first.assert_no_orphans()


def test_without_room_for_the_data_there_is_a_sentence(tmp_path: Path) -> None:
    fit = Fit(tmp_path / "study", budget=15.0, home=tmp_path, largest_file=50_000)
    assert fit.wait() == 7, fit.output.read_text()
    assert "StudyError There must be room for 0.1 MB of training data" in fit.output.read_text()
    assert Fit(tmp_path / "study", budget=20.0, home=tmp_path).accuracy() > ORDINARY


def test_without_room_for_large_weights_the_small_ones_are_the_result(tmp_path: Path) -> None:
    # There is room for the images, 69 kB, and for the baseline, 37 kB; a network of 20 seconds has some hundreds.
    fit = Fit(tmp_path / "study", budget=20.0, home=tmp_path, largest_file=100_000)
    assert fit.accuracy() > ORDINARY
    failed = [trial.reason for trial in finished(tmp_path / "study") if isinstance(trial, Failed)]
    assert "the weights could not be written: File too large" in failed
    assert list((tmp_path / "study" / "weights").glob("*.part")) == []
