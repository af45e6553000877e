"""`easynas profile`: what it predicts, and what it refuses before it measures."""

import json
from pathlib import Path

import pytest

from easynas.runtime.sketch import Sketch
from tests.cli.test_commands import run
from tests.runtime.test_latency import PROFILE, file_of


@pytest.fixture
def known(tmp_path: Path) -> Path:
    PROFILE.save(tmp_path / "pi.json")
    return tmp_path / "pi.json"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(file_of("TANH", "LOGISTIC"))
    return path


def test_a_profile_predicts_a_file(known: Path, file: Path) -> None:
    code, out, _ = run("profile", file, "--with", known)
    assert code == 0
    assert f"takes about {PROFILE.predict(file):.3g} ms a sample" in out
    assert "TANH float32" in out
    assert out.count("a guess") == 1
    assert "a board" in out


def test_json_says_the_same(known: Path, file: Path) -> None:
    code, out, err = run("profile", file, "--with", known, "--json")
    said = json.loads(out)
    assert (code, err) == (0, "")
    assert said["latency_ms"] == pytest.approx(PROFILE.predict(file))
    assert sum(part["ms"] for part in said["operators"]) == pytest.approx(said["latency_ms"])


def test_what_cannot_be_done_is_said_before_anything_is_measured(known: Path, file: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.tflite"
    empty.write_bytes(b"")
    for arguments, said in (
        ((), "neither `--out` nor a file"),
        (("--out", tmp_path / "here.json", "--with", known), "leave one out"),
        (("--out", tmp_path / "missing" / "here.json"), "make the folder first"),
        ((tmp_path / "none.tflite",), "existing `.tflite` file"),
        ((empty,), "must hold a TFLite model"),
        ((file, "--with", file), "as `easynas profile` wrote it"),
    ):
        code, _, err = run("profile", *arguments)
        assert code == 2
        assert said in " ".join(err.split())
        assert "Measuring" not in err


@pytest.mark.slow
def test_this_machine_is_measured_and_a_file_predicted(tmp_path: Path) -> None:
    sketch = Sketch("int8")
    path = tmp_path / "model.tflite"
    path.write_bytes(sketch.pack(sketch.conv(sketch.take((1, 16, 16, 8)), 16, side=3)))
    code, out, err = run("profile", path, "--out", tmp_path / "here.json", "--seconds", "0.1")
    assert code == 0
    assert "Measuring this machine" in err
    assert "CONV_2D 3x3 int8" in out
    assert json.loads((tmp_path / "here.json").read_text(encoding="utf-8"))["threads"] == 1
