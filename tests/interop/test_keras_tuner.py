"""Our strategies inside KerasTuner's tuners."""

import random
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import pytest

from easynas import strategies
from easynas.errors import InputError
from easynas.interop.keras_tuner import FIDELITY, Oracle
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.space import SearchSpace
from easynas.strategies.random import Random


class Recorder:
    """Random proposals; remembers its space and what it was told."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self.space = space
        self.told: list[Trial] = []
        self._random = Random(space, seed=seed)

    def ask(self, job_id: int) -> Job | None:
        return self._random.ask(job_id)

    def tell(self, trial: Trial) -> None:
        self.told.append(trial)
        self._random.tell(trial)


class Recorders:
    """Makes recorders and keeps them in order."""

    def __init__(self) -> None:
        self.made: list[Recorder] = []

    def __call__(self, space: SearchSpace, seed: int) -> Recorder:
        self.made.append(Recorder(space, seed))
        return self.made[-1]


class Peak(keras_tuner.Tuner):
    """Scores a hill without any network; fails where `fails` says."""

    fails: tuple[int, ...] = ()

    def run_trial(self, trial: Any, *_: Any, **__: Any) -> float | dict[str, float]:
        if int(trial.trial_id) in self.fails:
            raise ValueError("cannot build this")
        hp = trial.hyperparameters
        x = hp.Float("x", -2.0, 2.0)
        kind = hp.Choice("kind", ["a", "b"])
        y = 0.0
        with hp.conditional_scope("kind", ["b"]):
            if kind == "b":
                y = hp.Float("y", 0.0, 1.0)
        return {"height": y - (x - 1.0) ** 2}


def declared() -> keras_tuner.HyperParameters:
    hp = keras_tuner.HyperParameters()
    hp.Float("x", -2.0, 2.0)
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["b"]):
        hp.Float("y", 0.0, 1.0)
    return hp


HEIGHT = keras_tuner.Objective("height", "max")


def tuner(oracle: Oracle, directory: Path, *, overwrite: bool = True) -> Peak:
    made = Peak(oracle=oracle, directory=directory, project_name="peak", overwrite=overwrite)
    made.oracle.verbose = 0
    return made


def values(oracle: Oracle) -> list[dict[str, Any]]:
    return [oracle.trials[trial_id].hyperparameters.values for trial_id in oracle.start_order]


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=[pytest.mark.slow] * (each == "controller")) for each in strategies.names()]
)
def test_every_strategy_drives_a_tuner(name: str, tmp_path: Path) -> None:
    search = tuner(Oracle(name, HEIGHT, max_trials=12, hyperparameters=declared(), seed=0), tmp_path)
    search.search(verbose=0)
    assert len(search.oracle.trials) == 12
    assert len({str(each) for each in values(search.oracle)}) == 12
    assert all(("y" in each) == (each["kind"] == "b") for each in values(search.oracle))


def test_what_the_strategy_learns_is_what_the_tuner_measured(tmp_path: Path) -> None:
    recorders = Recorders()
    search = tuner(Oracle(recorders, HEIGHT, max_trials=6, hyperparameters=declared(), seed=0), tmp_path)
    search.fails = (2,)
    search.search(verbose=0)
    [recorder] = recorders.made
    assert [trial.job.id for trial in recorder.told] == [0, 1, 2, 3, 4]
    assert [isinstance(trial, Failed) for trial in recorder.told] == [False, False, True, False, False]
    for trial in recorder.told:
        found = search.oracle.trials[str(trial.job.id)]
        assert dict(trial.job.values) == found.hyperparameters.values
        if isinstance(trial, Done):
            assert trial.score == trial.metrics["height"] == found.score
        else:
            assert "cannot build this" in trial.reason


def test_what_is_to_be_minimized_is_a_negative_score(tmp_path: Path) -> None:
    recorders = Recorders()
    objective = keras_tuner.Objective("height", "min")
    search = tuner(Oracle(recorders, objective, max_trials=3, hyperparameters=declared(), seed=0), tmp_path)
    search.search(verbose=0)
    assert all(isinstance(t, Done) and t.score == -t.metrics["height"] for t in recorders.made[0].told)


def test_a_strategy_learns_more_than_chance_inside_a_tuner(tmp_path: Path) -> None:
    def best(name: str, seed: int) -> float:
        oracle = Oracle(name, HEIGHT, max_trials=25, hyperparameters=declared(), seed=seed)
        search = tuner(oracle, tmp_path / f"{name}{seed}")
        search.search(verbose=0)
        return float(search.oracle.get_best_trials()[0].score)

    assert np.mean([best("local", seed) for seed in range(2)]) > np.mean([best("random", seed) for seed in range(2)])


def test_a_space_that_grows_is_told_again_with_defaults(tmp_path: Path) -> None:
    recorders = Recorders()
    hp = keras_tuner.HyperParameters()
    hp.Float("x", -2.0, 2.0)
    search = tuner(Oracle(recorders, HEIGHT, max_trials=5, hyperparameters=hp, seed=0), tmp_path)
    search.search(verbose=0)
    first, last = recorders.made[0], recorders.made[-1]
    assert first.space.names == ("x",)
    assert first.told == []
    assert last.space.names == ("x", "kind", "y")
    assert dict(last.told[0].job.values)["kind"] == "a"
    assert [trial.job.id for trial in last.told] == [0, 1, 2, 3]
    assert any(each.get("kind") == "b" for each in values(search.oracle))


def test_a_reloaded_project_goes_on_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    def make(directory: Path, trials: int, *, overwrite: bool) -> Peak:
        oracle = Oracle("evolution", HEIGHT, max_trials=trials, hyperparameters=declared(), seed=3)
        return tuner(oracle, directory, overwrite=overwrite)

    whole = make(tmp_path / "whole", 40, overwrite=True)
    whole.fails = (5,)
    whole.search(verbose=0)
    half = make(tmp_path / "half", 33, overwrite=True)
    half.fails = (5,)
    half.search(verbose=0)
    rest = make(tmp_path / "half", 40, overwrite=False)
    rest.search(verbose=0)
    assert len(rest.oracle.trials) == 40
    assert values(rest.oracle) == values(whole.oracle)


def test_it_stops_when_nothing_new_is_left(tmp_path: Path) -> None:
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["a", "b"])
    hp.Fixed("x", 0.5)
    search = tuner(Oracle("random", HEIGHT, hyperparameters=hp, seed=0, tune_new_entries=False), tmp_path)
    search.search(verbose=0)
    assert sorted(each["kind"] for each in values(search.oracle)) == ["a", "b"]


def test_a_network_without_choices_is_trained_once() -> None:
    oracle = Oracle("random", HEIGHT, max_trials=3, seed=0)
    assert oracle.populate_space("0") == {"status": "RUNNING", "values": {}}


class Halves:
    """Asks for half a training."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._random = Random(space, seed=seed)
        self.told: list[Trial] = []

    def ask(self, job_id: int) -> Job | None:
        job = self._random.ask(job_id)
        return None if job is None else Job(job.id, job.values, fidelity=0.5)

    def tell(self, trial: Trial) -> None:
        self.told.append(trial)


def test_a_fidelity_travels_with_the_values(tmp_path: Path) -> None:
    made: list[Halves] = []

    def halves(space: SearchSpace, seed: int) -> Halves:
        made.append(Halves(space, seed))
        return made[-1]

    search = tuner(Oracle(halves, HEIGHT, max_trials=3, hyperparameters=declared(), seed=0), tmp_path)
    search.search(verbose=0)
    assert all(each[FIDELITY] == 0.5 for each in values(search.oracle))
    assert [trial.job.fidelity for trial in made[0].told] == [0.5, 0.5]


def test_the_seed_0_is_a_seed_and_the_users_random_state_is_left_alone() -> None:
    state = random.getstate()
    first = [Oracle("random", HEIGHT, hyperparameters=declared(), seed=seed) for seed in (0, 0, 1)]
    proposals = [oracle.populate_space("0") for oracle in first]
    assert proposals[0] == proposals[1] != proposals[2]
    assert Oracle("random", HEIGHT, hyperparameters=declared()).populate_space("0") != proposals[0]
    assert random.getstate() == state


@pytest.mark.parametrize("strategy", ["bayes", 3, None])
def test_an_unknown_strategy_is_refused(strategy: Any) -> None:
    with pytest.raises(InputError, match="'evolution'"):
        Oracle(strategy, HEIGHT)
