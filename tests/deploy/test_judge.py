"""A network that is judged as a file scores what the exported file does."""

from dataclasses import dataclass, replace
from typing import Any

import keras_tuner
import numpy as np
import pytest

from easynas.deploy.export import export
from easynas.deploy.judge import FileJudge, filed
from easynas.deploy.measure import Interpreter
from easynas.nets.block import Block
from easynas.search.budget import Deadline
from easynas.train.filed import FLOAT_SCORE, as_file
from easynas.train.scoring import Scoring
from tests.deploy.conftest import TRAINING, chain, tower

ENOUGH = Deadline.after(86_400.0)  # from when the tests are collected


@dataclass(frozen=True)
class Tower(Block):
    """The network of the bundle of digits."""

    name: str = "tower"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        """There is nothing to choose."""

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        return chain(tower())(x)


@pytest.fixture(scope="module")
def judge(bundle) -> FileJudge:
    encoder = bundle.encoder
    samples = encoder.encode(bundle.samples)
    return FileJudge(Tower(), encoder.reduced, bundle.target, samples, "int8", seconds=3.0, seed=0)


@pytest.fixture(scope="module")
def held_out(bundle, digits) -> tuple[np.ndarray, np.ndarray]:
    images, labels = (each[TRAINING.stop :] for each in digits)
    return bundle.encoder.encode(images), bundle.target.encode(labels)


@pytest.mark.parametrize("quantization", ["int8", "dynamic"])
def test_the_score_of_a_trial_is_that_of_the_exported_file(
    bundle, judge, held_out, tmp_path, quantization, digits
) -> None:
    x, y = held_out
    weights = bundle.model.get_weights()
    found = judge({"quantization": quantization}, weights, x, deadline=ENOUGH)
    assert found.rows.tolist() == list(range(len(x)))
    # The file of images begins with what the network sees: the same images, reduced before.
    reduced = replace(judge, samples=judge.samples)
    whole = filed_bundle(reduced, weights)
    report = export(whole, tmp_path / "model.tflite", quantization=quantization)
    assert not any("stay in float" in warning for warning in report.warnings)
    answers = Interpreter(tmp_path / "model.tflite").run(x.astype(np.float32))
    np.testing.assert_array_equal(found.after, answers)
    scoring = Scoring("accuracy", bundle.target.answer)
    before = scoring.score(found.before, y)
    metrics = as_file(found, before, y, scoring, of=len(y))
    assert metrics["score"] == (answers.argmax(axis=1) == y).mean() > 0.8
    assert metrics[FLOAT_SCORE] == before


def filed_bundle(judge: FileJudge, weights: Any) -> Any:
    """The bundle whose file the judge runs."""
    from easynas.deploy.bundle import Bundle, assemble

    model, device = assemble(judge.encoder, judge.target.answer, chain(tower()))
    device.set_weights(weights)
    return Bundle(model, device, judge.encoder, judge.target, judge.samples)


def test_files_that_answer_as_their_networks_do_are_not_made(bundle, judge, held_out) -> None:
    assert judge({"quantization": "float16"}, bundle.model.get_weights(), held_out[0], deadline=ENOUGH) is None
    assert judge.seconds_for({"quantization": "float16"}) == 0.0
    assert judge.seconds_for({}) == 3.0
    assert [judge.weight_bytes({"quantization": each}) for each in ("float16", "dynamic")] == [2, 1]


def test_a_file_that_is_late_answers_for_some_samples_of_all_kinds(bundle, held_out) -> None:
    x, y = held_out
    raw = np.repeat(np.repeat(x[..., 0], 3, axis=1), 3, axis=2)[:, :24, :24]
    found = filed(bundle, "int8", raw, deadline=Deadline.after(0.0), seed=0)
    assert 64 <= len(found.rows) < len(y)
    assert len(set(y[found.rows])) == 10
    np.testing.assert_allclose(found.before, bundle.answers(raw[found.rows]), atol=1e-5)
    assert np.abs(found.before - found.after).max() > 0
