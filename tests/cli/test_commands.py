"""Commands on a table: advice before, and everything that a fitted model can do after."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from easynas.cli import app


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command, in this process."""
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def flowers(rows: int, seed: int) -> pd.DataFrame:
    """Two kinds that differ in the sum of two columns, which neither column tells alone."""
    rng = np.random.default_rng(seed)
    length, width = rng.normal(size=(2, rows))
    kind = np.where(length + width > 0, "rose", "tulip")
    return pd.DataFrame({"length": length, "width": width, "colour": rng.choice(["red", "blue"], rows), "kind": kind})


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "flowers.csv"
    flowers(2_500, 0).to_csv(path, index=False)
    return path


def test_advice_says_what_would_be_done(table: Path) -> None:
    code, out, _ = run("advise", table, "--target", "kind", "--time-budget", "2m")
    assert code == 0
    for said in (
        "TabularClassifier",
        "accuracy",
        "2,500 samples",
        "rose",
        "colour",
        "categorical",
        "held out",
        "realmlp",
    ):
        assert said in out


def test_advice_as_json_adds_up_to_the_budget(table: Path) -> None:
    code, out, err = run("advise", table, "--target", "length", "--time-budget", "2m", "--json")
    advised: dict[str, Any] = json.loads(out)
    assert (code, err) == (0, "")
    assert advised["task"] == "TabularRegressor"
    assert [column[:2] for column in advised["columns"]] == [
        ["width", "numeric"],
        ["colour", "categorical"],
        ["kind", "categorical"],
    ]
    assert sum(advised["seconds"].values()) == pytest.approx(120)
    assert advised["seconds"]["search"] > 60


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["fit", "no.csv", "--target", "a"], 2, "'no.csv', which is not there"),
        (["fit", "TABLE"], 2, "`--target` must name"),
        (["fit", "TABLE", "--target", "kind", "--metric", "speed"], 2, "`metric` must be"),
        (["fit", "TABLE", "--target", "kind", "--space", "vgg"], 2, "`space` must be"),
        (["fit", "TABLE", "--target", "kind", "--time-budget", "1s"], 2, "`time_budget` must be"),
        (["fit", "TABLE", "--target", "kind", "--tensorboard", "TABLE"], 2, "must be one that can be made"),
        (["fit", "TABLE", "--target", "kind", "--max-size-kb", "0"], 2, "`max_size_kb` must be"),
        (["fit", "TABLE", "--target", "kind", "--max-latency-ms", "0"], 2, "`max_latency_ms` must be"),
        (["fit", "TABLE", "--target", "kind", "--max-params", "0"], 2, "`max_params` must be"),
        (["fit", "TABLE", "--target", "kind", "--max-macs", "0"], 2, "`max_macs` must be"),
        (["advise", "TABLE", "--target", "kind", "--space", "vgg"], 2, "`space` must be"),
        (["predict", ".", "TABLE"], 2, "a folder that `easynas fit` wrote"),
        (["predict", ".", "TABLE", "--out", "a.xls"], 2, "`--out` must end in .csv"),
        (["evaluate", ".", "TABLE"], 2, "a folder that `easynas fit` wrote"),
        (["export", ".", "a.tflite"], 2, "a folder that `easynas fit` wrote"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_an_exit_code(
    arguments: list[str], code: int, message: str, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended, out, err = run(*(table if each == "TABLE" else each for each in arguments))
    assert (ended, out) == (code, "")
    assert message in err
    assert err.splitlines()[-1].startswith("easynas: ")
    assert "Traceback" not in err


def test_an_error_for_programs_is_json(table: Path) -> None:
    code, out, _ = run("fit", table, "--json")
    assert code == 2
    assert json.loads(out)["error"].startswith("`--target` must name")


def test_a_damaged_note_of_the_data_is_named(table: Path, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text('{"kind": "tables"}')
    code, _, err = run("predict", tmp_path, table)
    assert code == 2
    assert "data.json' must be as `easynas fit` wrote it" in err


@pytest.mark.slow
def test_a_table_is_fitted_predicted_evaluated_and_exported(table: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    code, out, err = run(
        "fit", table, "-t", "kind", "-b", "20s", "-o", model, "--tensorboard", tmp_path / "logs", "--json"
    )
    fitted: dict[str, Any] = json.loads(out)
    assert code == 0
    assert fitted["task"] == "TabularClassifier"
    runs = [path.name for path in (tmp_path / "logs").iterdir()]
    assert sorted(runs) == ["search", *(f"trial-{number:04d}" for number in range(fitted["trials"]))]
    assert fitted["score"] > 0.8  # without knowing anything: 0.5; with one of the two columns: 0.75
    assert "training a baseline" in err

    unseen = flowers(300, 1)
    unseen.to_csv(tmp_path / "unseen.csv", index=False)
    unseen.drop(columns="kind").to_json(tmp_path / "new.jsonl", orient="records", lines=True)
    _, out, _ = run("predict", model, tmp_path / "new.jsonl", "--proba")
    predicted = pd.read_csv(io.StringIO(out))
    assert list(predicted) == ["kind", "p(rose)", "p(tulip)"]
    accuracy = float((predicted["kind"] == unseen["kind"]).mean())
    assert accuracy > 0.8

    code, out, _ = run("evaluate", model, tmp_path / "unseen.csv", "--json")
    assert json.loads(out)["scores"]["accuracy"] == pytest.approx(accuracy)
    code, out, _ = run("predict", model, tmp_path / "unseen.csv", "--out", tmp_path / "out.csv")
    assert (code, out) == (0, "")
    assert pd.read_csv(tmp_path / "out.csv")["kind"].tolist() == predicted["kind"].tolist()

    code, out, _ = run("export", model, tmp_path / "model.tflite", "--quantization", "float16")
    assert code == 0
    assert "float16" in out
    assert (tmp_path / "model.tflite").stat().st_size > 1000

    code, out, _ = run("report", model, tmp_path / "report.html", "--data", tmp_path / "unseen.csv", "--json")
    assert json.loads(out) == {"report": str(tmp_path / "report.html")}
    assert "rose" in (tmp_path / "report.html").read_text(encoding="utf-8")
