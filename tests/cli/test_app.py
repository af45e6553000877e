"""The command line as a user meets it: help, wrong options, and the whole demo."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import easynas
from easynas.cli import app, errors_as_sentences

COMMAND = [sys.executable, "-c", "from easynas.cli import main; main()"]
HEAVY = {"keras", "numpy", "pandas", "sklearn", "tensorflow"}


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command, in this process."""
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_help_names_every_command() -> None:
    code, out, _ = run("--help")
    assert code == 0
    commands = re.findall(r"│ (\w+)  +", out.partition("Commands")[2])
    expected = "fit predict evaluate export report advise watch profile demo version"
    assert commands == expected.split()


def test_the_module_is_the_command() -> None:
    shown = subprocess.run([sys.executable, "-m", "easynas", "--version"], check=True, capture_output=True, text=True)
    assert shown.stdout == f"easynas {easynas.__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete_it(shell: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "easynas"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "_EASYNAS_COMPLETE": f"source_{shell}"},
    )
    assert "easynas" in ended.stdout
    assert f"complete_{shell}" in ended.stdout


@pytest.mark.slow
@pytest.mark.alone
def test_help_answers_in_half_a_second() -> None:
    def seconds(*command: str) -> float:
        """The fastest of a few: the machine may be busy with something else."""

        def once() -> float:
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            return time.perf_counter() - started

        return min(once() for _ in range(5))

    # Where Python itself is slow to start, so may the help be.
    assert seconds(*COMMAND, "--help") < max(0.5, 20.0 * seconds(sys.executable, "-S", "-c", ""))


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import json, sys; from typer.testing import CliRunner; from easynas.cli import app; "
        "CliRunner().invoke(app, ['demo', '--help']); print(json.dumps(sorted(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert not HEAVY & set(json.loads(loaded))


@pytest.mark.parametrize("arguments", [["version"], ["--version"]])
def test_the_version_is_the_one_of_the_package(arguments: list[str]) -> None:
    assert run(*arguments) == (0, f"easynas {easynas.__version__}\n", "")


@pytest.mark.parametrize(
    ("option", "value"), [("--time-budget", "soon"), ("--time-budget", "5s"), ("--time-budget", "inf")]
)
def test_a_budget_that_cannot_be_used_is_one_sentence_and_exit_code_2(option: str, value: str, tmp_path: Path) -> None:
    code, out, err = run("demo", option, value, "--out", str(tmp_path / "demo"))
    assert (code, out) == (2, "")
    assert err.startswith("easynas: `time_budget` must be")
    assert repr(value) in err
    assert err.count("\n") == 1
    assert not (tmp_path / "demo").exists()


def test_a_file_in_the_place_of_the_folder_is_found_before_any_training(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("mine")
    code, _, err = run("demo", "--out", str(tmp_path / "demo"))
    assert code == 2
    assert err.startswith("easynas: `--out` must be a folder")
    assert (tmp_path / "demo").read_text() == "mine"


@pytest.mark.parametrize(
    ("error", "code"), [(easynas.InputError, 2), (easynas.SearchError, 1), (easynas.ExportError, 1)]
)
def test_the_exit_code_tells_whose_mistake_it_was(
    error: type[easynas.EasynasError], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, errors_as_sentences(debug=False):
        raise error("It must be so. Received: otherwise.")
    assert ended.value.exit_code == code
    assert capsys.readouterr().err == "easynas: It must be so. Received: otherwise.\n"


def test_ctrl_c_is_one_sentence_whatever_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, errors_as_sentences(debug=False):
        raise KeyboardInterrupt
    assert ended.value.exit_code == 130
    assert capsys.readouterr().err == "easynas: Stopped on request, before it was done.\n"


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), errors_as_sentences(debug=False):
        _ = 1 / 0


def test_debug_shows_the_traceback() -> None:
    result = CliRunner().invoke(app, ["demo", "--time-budget", "soon", "--debug"])
    assert isinstance(result.exception, easynas.BudgetError)


def test_a_seed_below_zero_is_a_wrong_option() -> None:
    code, _, err = run("demo", "--seed", "-1")
    assert code == 2
    assert "--seed" in err


def test_an_unknown_command_is_a_wrong_option() -> None:
    code, _, err = run("train")
    assert code == 2
    assert "train" in err


@pytest.mark.slow
def test_the_demo_ends_with_files_that_keep_what_the_terminal_says(tmp_path: Path) -> None:
    ended = subprocess.run(
        [*COMMAND, "demo", "--time-budget", "30s", "--out", "made/demo"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert not re.search("oneDNN|cuda|AVX|absl|WARNING", ended.stderr)  # what TensorFlow says to itself
    assert "training a baseline" in ended.stderr
    assert "Leaderboard" in ended.stdout
    assert "What next" in ended.stdout
    accuracy = re.search(r"Test accuracy ([\d.]+)%", ended.stdout)
    assert accuracy is not None
    assert float(accuracy[1]) > 70  # ten classes; a network that learned nothing has 10
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "made" / "demo").iterdir()}
    assert sorted(sizes) == ["model.keras", "model.tflite", "report.html"]
    assert f"{sizes['model.tflite'] / 1024:.1f} kB" in ended.stdout
