"""The benchmark of how well a fit knows what a training step takes."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark, which is in a folder of scripts and no package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("compute_model")


def test_prices_are_found_from_other_networks_where_multiplications_mislead(model: ModuleType) -> None:
    rng = np.random.default_rng(0)
    kinds = len(model.Amounts._fields)
    have = rng.uniform(1e5, 1e6, (20, kinds))
    true = np.array([1.0, 8.0, 200.0, 10.0, 3.0])
    records = [
        {
            "amounts": row.tolist(),
            "macs": row[0] + row[1],
            "shape": [28, 28, 1],
            "seconds": float(row @ true * 1e-12),
            "unit_seconds": 1e-12,
        }
        for row in have
    ]
    np.testing.assert_allclose(model.prices(records), true, rtol=1e-6)
    for record, found in zip(records, model.fitted(records), strict=True):
        record["fitted_seconds"] = found
    summary = model.summary("all", records)
    assert summary["fitted"]["p90"] < 1e-6
    assert summary["fitted"]["rank"] == pytest.approx(1.0)
    assert summary["by_macs"]["median"] > 0.05
    assert summary["believed"]["median"] > 0.05  # other prices than these


def test_what_was_measured_says_what_a_fit_believes(model: ModuleType) -> None:
    records = list(model.read_results(BENCHMARKS / "results" / "compute_model.jsonl"))
    for record, found in zip(records, model.fitted(records), strict=True):
        record["fitted_seconds"] = found
    summary = model.summary("all", records)
    assert summary["networks"] == 72
    assert summary["believed"]["median"] < 0.25 < summary["by_macs"]["median"]
