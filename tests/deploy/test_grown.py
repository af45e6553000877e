"""Models with boosted trees as files, which answer alike; they are not trained again."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from easynas import ExportError
from easynas.data.statistics import TableStatistics
from easynas.data.store import Arrays
from easynas.data.table import TableEncoder
from easynas.data.target import ClassTarget
from easynas.deploy.bundle import Bundle, assemble
from easynas.deploy.compress import Compression, compress
from easynas.deploy.export import export
from easynas.nets.network import build
from easynas.nets.table.trees import Trees
from easynas.search.budget import Deadline
from easynas.train.boosting import grow

SMALL = {"trees/count": 50, "trees/leaves": 8}


@pytest.fixture(scope="module")
def grown() -> Bundle:
    data = load_breast_cancer()
    encoder = TableEncoder.learn(data.data)
    samples = encoder.check(data.data)
    x = encoder.encode(samples)
    target, y = ClassTarget.learn(data.target), data.target.astype(np.int32)
    trees = Trees(target.answer, TableStatistics.learn(x, encoder.sizes))
    model, device = assemble(encoder, target.answer, lambda inputs: build(trees, SMALL, inputs))
    arrays = Arrays(x, y, np.ones(len(y), np.float32))
    grow(device, SMALL, arrays, target.answer, Deadline.after(60.0), seed=0, threads=1)
    return Bundle(model, device, encoder, target, samples[:100])


@pytest.mark.parametrize("quantization", ["float32", "float16", "dynamic"])
def test_files_of_floats_answer_alike(grown: Bundle, tmp_path: Path, quantization: str) -> None:
    report = export(grown, tmp_path / "trees.tflite", quantization=quantization)
    assert report.agreement >= 0.99
    assert np.ptp(grown.answers(grown.samples)[:, 0]) > 0.9  # it has learned to tell them apart


def test_integers_answer_alike_but_for_what_lies_near_a_threshold(grown: Bundle, tmp_path: Path) -> None:
    report = export(grown, tmp_path / "trees.tflite", quantization="int8")
    assert report.agreement >= 0.97
    assert "stay in float" in report.warnings[-1]


def test_training_again_is_refused(grown: Bundle) -> None:
    settings = {"channels": None, "pattern": None, "clusters": None, "quantization": None}
    with pytest.raises(ExportError, match="contains boosted trees"):
        compress(
            grown,
            grown.samples,
            np.zeros(100, np.int32),
            Compression.of(pruning=0.5, **settings),
            deadline=Deadline.after(5.0),
            seed=0,
        )
