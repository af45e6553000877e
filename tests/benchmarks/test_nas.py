"""The benchmark on tables, from strategies to the printed means, on a table that is in the repository."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from easynas.search.trial import Done, Job

ROOT = Path(__file__).parents[2]
CELLS, EDGES = 15_625, 6

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """A module of the benchmark, which is a folder of scripts and no package."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks" / "nas"))
    return import_module


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table as the benchmark reads it."""
    extract = np.load(ROOT / "tests" / "tables" / "nb201_cifar10.npz")
    scores = {name: extract[name] / 100.0 for name in ("val200_c10", "test200_c10", "val12_c10")}
    scores["val200_c10"][scores["val200_c10"] == 0.0] = np.nan
    path = tmp_path_factory.mktemp("tables")
    np.savez(
        path / "nb201.npz",
        ops=np.arange(CELLS)[:, None] // 5 ** np.arange(EDGES) % 5,
        op_names=extract["op_names"],
        train_s_per_epoch_c10valid=extract["train_s_per_epoch_c10valid"] / 10.0,
        **scores,
    )
    return path


def arguments(folder: Path, out: Path, *problems: str) -> list[str]:
    common = ["--seeds", "3", "--processes", "1", "--tables", str(folder), "--out", str(out)]
    return [*common, "--problems", *problems, "--methods", "random", "evolution"]


def test_runs_are_kept_continued_and_summarized(
    load: Load, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "nas.jsonl"
    load("run").main(arguments(folder, out, "cifar10-queries"))
    lines = out.read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert {(each["method"], each["seed"]) for each in records} == {
        (method, seed) for method in ("random", "evolution") for seed in range(3)
    }
    assert {each["trials"] for each in records} == {150}

    load("run").main(arguments(folder, out, "cifar10-queries"))
    assert out.read_text(encoding="utf-8").splitlines() == lines
    out.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    load("run").main(arguments(folder, out, "cifar10-queries"))
    again = json.loads(out.read_text(encoding="utf-8").splitlines()[-1])
    assert {**again, "seconds_a_trial": 0} == {**records[-1], "seconds_a_trial": 0}

    capsys.readouterr()
    load("analyse_tables").main([str(out)])
    printed = capsys.readouterr().out
    assert "cifar10-queries" in printed
    assert printed.index("evolution") < printed.index("random"), "the best method comes first"
    ends = [each["curve"][-1][1] for each in records if each["method"] == "evolution"]
    assert f"{np.mean(ends):.2f} ± {np.std(ends, ddof=1) / np.sqrt(3):.2f}" in printed


def test_evolution_comes_nearer_to_the_best_cell_than_chance(load: Load, folder: Path) -> None:
    run = load("run").run
    ends = {
        method: np.mean([run(("cifar10-queries", method, seed), folder)["curve"][-1][1] for seed in range(5)])
        for method in ("random", "evolution")
    }
    assert 93.0 < ends["random"] < ends["evolution"] - 0.2 <= 94.37 - 0.2


def test_time_and_epochs_are_what_a_search_may_spend(load: Load, folder: Path) -> None:
    run = load("run").run
    clock = run(("cifar10-clock", "random", 0), folder)
    assert 15_000 < clock["curve"][-1][0] <= 20_000
    epochs = run(("cifar10-epochs", "random", 0), folder)
    assert epochs["trials"] == 50
    rungs = run(("cifar10-epochs", "asha+random", 0), folder)
    assert rungs["trials"] > 200
    assert rungs["curve"][-1][0] <= 50 * 200


def test_a_row_of_the_table_is_that_of_its_cell(load: Load, folder: Path) -> None:
    table = load("tables").NB201.load(folder)
    operations = ("nor_conv_3x3",) * EDGES
    best = dict(zip(load("tables").NAMES, operations, strict=True))
    assert table.column("test200_c10")(best) == pytest.approx(93.76, abs=0.5)
    assert len(table.full("cifar10")(best)[0].scores) in (2, 3)
    empty = dict.fromkeys(load("tables").NAMES, "none")
    assert table.column("test200_c10")(empty) == pytest.approx(10.0)


def test_the_incumbent_is_the_best_of_the_longest_trainings(load: Load) -> None:
    judge = load("table_problems").incumbent_of(lambda values: float(values["truth"]), lambda trial: trial.seconds)
    told = [
        Done(Job(0, {"truth": 1.0}, fidelity=0.1), 0.9, 2.0, fidelity=0.1),
        Done(Job(1, {"truth": 2.0}), 0.5, 10.0),
        Done(Job(2, {"truth": 3.0}, fidelity=0.1), 0.95, 2.0, fidelity=0.1),
        Done(Job(3, {"truth": 4.0}), 0.6, 10.0),
    ]
    assert judge(told) == [(2.0, 1.0), (12.0, 2.0), (14.0, 2.0), (24.0, 4.0)]


def test_a_curve_is_a_stair(load: Load) -> None:
    runs: list[dict[str, Any]] = [{"curve": [(1.0, 5.0), (10.0, 7.0)]}, {"curve": [(2.0, 1.0), (20.0, 3.0)]}]
    found = load("analyse_tables").values_at(runs, (1, 9.9, 10, 1000))
    np.testing.assert_array_equal(found, [[5.0, 5.0, 7.0, 7.0], [np.nan, 1.0, 1.0, 3.0]])
    mean, error = load("analyse_tables").mean_and_error(found)
    np.testing.assert_allclose(mean[1:], [3.0, 4.0, 5.0])
    np.testing.assert_allclose(error[1:], [2.0, 3.0, 2.0])


def test_every_problem_has_a_plot(load: Load, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "plots" / "one.png"
    runs = [{"curve": [(1.0, 90.0), (60.0, 93.0 + seed)]} for seed in range(3)]
    load("curves").draw(
        path, {"random": runs}, everyone=["random"], title="one", spent="trials", points=(20, 50), found="accuracy"
    )
    assert path.read_bytes().startswith(b"\x89PNG")
