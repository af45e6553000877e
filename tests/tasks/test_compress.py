"""`compress` of an estimator: another one that works like the first."""

import math
import zipfile
from pathlib import Path

import numpy as np
import pytest

import easynas


@pytest.mark.slow
def test_a_compressed_estimator_predicts_saves_and_exports_as_any_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 4))
    y = np.where(x[:, 0] + x[:, 1] > 0, "above", "below")
    estimator = easynas.TabularClassifier(10, random_state=0, verbose=0).fit(x, y)
    before = estimator.predict(x)
    smaller = estimator.compress(x, y, time_budget=10, channels=0.3)
    assert (smaller.predict(x) == y).mean() > 0.9
    assert (estimator.predict(x) == before).all()  # the first one is as it was
    assert smaller.export_model() is not estimator.export_model()
    assert math.isnan(smaller.best_score_)
    assert len(smaller.compression_) == 2
    smaller.save(tmp_path / "saved")
    loaded = easynas.load(tmp_path / "saved")
    assert loaded.compression_ == smaller.compression_
    assert math.isnan(loaded.best_score_)
    np.testing.assert_array_equal(loaded.predict(x), smaller.predict(x))
    report = loaded.export(tmp_path / "model.tflite", quantization="dynamic")
    assert report.agreement > 0.98
    with zipfile.ZipFile(report.path) as archive:
        assert b'"score": null' in archive.read("easynas.json")
    with pytest.raises(easynas.InputError, match="same length"):
        estimator.compress(x, y[:5], channels=0.3)
    with pytest.raises(easynas.InputError, match="At least one"):
        estimator.compress(x, y)
