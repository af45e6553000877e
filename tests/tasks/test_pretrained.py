"""`encoder=`: from a folder with a pretrained encoder to files that hold it."""

import inspect
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import easynas
from easynas import runtime
from easynas.data.features import FeatureEncoder
from easynas.data.preset import Preset
from easynas.data.target import ClassTarget
from easynas.nets.design import Compute
from easynas.search.budget import Deadline
from easynas.tasks.text import Texts
from tests.presets import learned
from tests.presets.written import HERE

BUDGET = 25.0


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    """Lines of numpy's docstrings in random order."""
    documented = (inspect.getdoc(member) or "" for _, member in inspect.getmembers(np, callable))
    lines = {" ".join(line.split()) for text in documented for line in text.splitlines()}
    found = sorted(line for line in lines if len(line) > 40)
    return [found[index] for index in np.random.default_rng(0).permutation(len(found))[:2500]]


@pytest.fixture(scope="module")
def preset(sentences: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("preset") / "learned"
    learned.write(folder, sentences)
    return folder


@pytest.mark.slow
@pytest.mark.alone
def test_what_the_encoder_knows_is_learned_and_shipped(sentences: list[str], preset: Path, tmp_path: Path) -> None:
    y = known_to(preset, sentences)
    regressor = easynas.TextRegressor(BUDGET, encoder=preset, space="pretrained", random_state=0, verbose=0)
    started = time.monotonic()
    regressor.fit(sentences[:2100], y[:2100])
    assert time.monotonic() - started <= BUDGET + 2.0
    board = regressor.leaderboard()
    counted = board[board["origin"] == "baseline"]["score"].item()
    assert regressor.score(sentences[2100:], y[2100:]) >= max(0.3, counted + 0.1)
    some = [*sentences[2100:2140], "", "?!", "ÜBER straße\n日本"]
    expected = regressor.predict(some)
    assert regressor.export(tmp_path / "a.tflite").agreement >= 0.98
    assert runtime.load(tmp_path / "a.tflite").predict(some) == pytest.approx(expected.tolist(), abs=1e-3)
    regressor.export(tmp_path / "a.keras")
    model = keras.models.load_model(tmp_path / "a.keras")
    np.testing.assert_allclose(np.ravel(model(tf.constant(some))), expected, atol=1e-3)
    regressor.save(tmp_path / "saved")
    np.testing.assert_array_equal(easynas.load(tmp_path / "saved").predict(some), expected)


def known_to(preset: Path, texts: list[str]) -> np.ndarray:
    """A number for each text that its features tell exactly."""
    data = Texts(preset).ingest(texts, np.arange(len(texts)) % 2, sample_weight=None, target=ClassTarget.learn)
    encoder = FeatureEncoder(data.encoder, Preset.open(preset))  # type: ignore[arg-type]
    features = encoder.encode(data.samples)["features"]
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    return np.asarray(features @ np.random.default_rng(0).normal(size=features.shape[1]))


@dataclass
class Told:
    """What `Texts.encoder` asks a session for."""

    data: Any
    seconds: float
    notes: list[str] = field(default_factory=list)

    @property
    def settings(self) -> Any:
        return SimpleNamespace(seconds=self.seconds)

    @property
    def deadline(self) -> Deadline:
        return Deadline.after(self.seconds)

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


@pytest.mark.parametrize(("seconds", "used"), [(1000.0, True), (1e-5, False)])
def test_an_encoder_that_takes_too_long_is_left_out_and_said(seconds: float, *, used: bool) -> None:
    texts = Texts(HERE / "bert")
    x = ["a small text", "another one", "the last"] * 10
    session: Any = Told(texts.ingest(x, [0, 1, 0] * 10, sample_weight=None, target=ClassTarget.learn), seconds)
    encoder = texts.encoder(session, Compute(seconds, 1e9, 30), None).encoder
    assert ("features" in encoder.inputs) == used
    assert ("subwords" in encoder.inputs) is False
    assert ("left out" in session.notes[-1]) != used
    assert "2 layers of width 16" in session.notes[-1]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no folder": ({"encoder": "/nowhere/bert"}, "nothing is downloaded"),
    "no encoder": ({"space": "pretrained"}, "give the folder of a KerasHub preset"),
    "another space": ({"encoder": HERE / "bert", "space": "linear"}, "would not use the encoder"),
    "limits": ({"encoder": HERE / "bert", "max_size_kb": 100}, "max_macs` must be None where an `encoder` is given"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_explained_at_once(case: str) -> None:
    settings, sentence = REFUSED[case]
    started = time.monotonic()
    with pytest.raises(easynas.InputError, match=sentence):
        easynas.TextClassifier(**settings).fit(["good film", "bad film"] * 4, [0, 1] * 4)
    assert time.monotonic() - started < 10.0


def test_keras_hub_is_never_imported() -> None:
    code = f"""
import sys
sys.modules["keras_hub"] = sys.modules["tensorflow_text"] = None
from easynas.data.preset import Preset
from easynas.tasks.text import Texts
print(Preset.open({str(HERE / "bert")!r}).depth, "tensorflow" in sys.modules, "keras" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert ran.stdout.split() == ["2", "False", "False"], ran.stderr[-1000:]
