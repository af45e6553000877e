"""Settings are checked before anything is spent."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import easynas
from easynas import InputError
from easynas.engines import Local
from easynas.space.space import SearchSpace
from easynas.strategies.random import Random
from easynas.tasks.limits import Limits
from easynas.tasks.settings import Settings


class Strategy:
    """Whatever asks and tells is a strategy."""

    def ask(self, job_id: int) -> None:
        return None

    def tell(self, trial: Any) -> None:
        return None


def settings(**options: Any) -> Settings:
    return Settings.of(easynas.ImageClassifier(**options))


def test_defaults_are_usable() -> None:
    found = settings()
    assert (found.seconds, found.metric, found.search, found.space) == (600.0, None, "auto", "auto")
    assert (found.max_trials, found.directory, found.verbose) == (np.inf, None, 1)
    assert found.launcher == Local()
    assert found.workers is None


def test_settings_arrive_in_their_final_form(tmp_path: Path) -> None:
    found = settings(
        time_budget="2m",
        metric="f1_macro",
        search="evolution",
        space="resnet",
        max_trials=np.int64(7),
        n_jobs=3,
        engine=Local(500.0),
        directory=str(tmp_path / "new"),
        random_state=0,
        verbose=0,
        quantization="int8",
        max_latency_ms=2.5,
        max_size_kb=np.int64(100),
        max_macs=2e6,
    )
    assert found == Settings(
        120.0,
        "f1_macro",
        "evolution",
        "resnet",
        7,
        Local(500.0),
        3,
        tmp_path / "new",
        0,
        0,
        "int8",
        Limits(2.5, 100.0, None, 2e6),
    )


def test_a_strategy_and_a_space_of_ones_own_are_taken_as_they_are() -> None:
    strategy, space = Strategy(), easynas.spaces.create("vgg")
    found = settings(search=strategy, space=space)
    assert found.search is strategy
    assert found.space is space


def test_a_function_that_makes_a_strategy_waits_for_its_space() -> None:
    def make(space: SearchSpace, seed: int) -> Random:
        return Random(space, seed=seed)

    assert settings(search=make).search is make


def test_a_seed_is_kept_and_none_is_another_one_every_time() -> None:
    assert settings(random_state=0).seed == 0
    assert settings(random_state=np.uint32(5)).seed == 5
    assert settings().seed != settings().seed
    drawn = [settings(random_state=np.random.RandomState(1)).seed for _ in range(2)]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time_budget", "soon"),
        ("time_budget", 5),
        ("metric", 3),
        ("metric", len),
        ("search", "bayes"),
        ("search", None),
        ("search", Random),
        ("search", object()),
        ("space", "transformer"),
        ("space", None),
        ("space", easynas.Block),
        ("engine", "cluster"),
        ("engine", easynas.engines.Local),
        ("engine", None),
        ("max_trials", 0),
        ("max_trials", 2.5),
        ("max_trials", "3"),
        ("n_jobs", 0),
        ("n_jobs", -2),
        ("n_jobs", True),
        ("directory", 7),
        ("directory", Path(__file__)),
        ("random_state", -1),
        ("random_state", 0.5),
        ("random_state", "0"),
        ("random_state", True),
        ("verbose", -1),
        ("verbose", "loud"),
        ("quantization", "int4"),
        ("quantization", 8),
        ("pruning", 0),
        ("pruning", 1.0),
        ("pruning", "half"),
        ("pruning", True),
        ("max_latency_ms", 0),
        ("max_latency_ms", "5"),
        ("max_size_kb", -1.5),
        ("max_size_kb", float("inf")),
        ("max_params", 0.5),
        ("max_params", True),
        ("max_macs", float("nan")),
    ],
)
def test_a_bad_setting_is_named_and_shown(name: str, value: object) -> None:
    with pytest.raises(InputError, match=f"`{name}` must be ") as error:
        settings(**{name: value})
    assert f"Received: {value!r}" in str(error.value)


def test_trees_are_not_searched_for_a_file_that_cannot_be() -> None:
    with pytest.raises(InputError, match="must be a network that TFLite has in int16x8"):
        Settings.of(easynas.TabularClassifier(space="trees", quantization="int16x8"))
    assert Settings.of(easynas.TabularClassifier(space="trees", quantization="int8")).space == "trees"
