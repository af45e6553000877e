"""The benchmark of what multiply-accumulates tell of the time of a training step."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import pytest
from keras import layers

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark, which is in a folder of scripts and no package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("compute_model")


def test_what_a_network_has_is_counted_by_kind(model: ModuleType) -> None:
    x = inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False)(x)
    x = layers.SeparableConv2D(5, 3, padding="same", use_bias=False)(x)
    dense, depthwise, normalized, others = model.amounts(keras.Model(inputs, x))
    assert dense == 64 * 27 * 4 + 16 * 4 * 5
    assert depthwise == 2 * 16 * 9 * 4
    assert normalized == 64 * 4
    assert others == 64 * 4 + 16 * 4 + 16 * 5


def test_a_sum_over_layers_is_found_from_other_networks_where_multiplications_mislead(model: ModuleType) -> None:
    rng = np.random.default_rng(0)
    have = rng.uniform(1e5, 1e6, (20, len(model.PRICED)))
    seconds = have @ np.array([1.0, 8.0, 200.0, 10.0]) * 1e-12
    records = [
        {
            **dict(zip(model.PRICED, row.tolist(), strict=True)),
            "shape": [28, 28, 1],
            "seconds": taken,
            "predicted_seconds": 1e-12 * (row[0] + row[1]),
        }
        for row, taken in zip(have, seconds.tolist(), strict=True)
    ]
    for record, found in zip(records, model.by_layers(records), strict=True):
        record["by_layers_seconds"] = found
    summary = model.summary("all", records)
    assert summary["by_layers"]["p90"] < 1e-6
    assert summary["by_layers"]["rank"] == pytest.approx(1.0)
    assert summary["as_probed"]["median"] > 0.9  # it believes in too fast a machine
    assert 0.05 < summary["calibrated"]["median"] < summary["as_probed"]["median"]
