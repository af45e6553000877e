"""The best networks of few samples on other folds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

import easynas
from easynas.data.store import Store
from easynas.search.trial import Done
from easynas.tasks.base import Estimator
from easynas.tasks.division import Division
from tests.tasks.exact import Exact


def fitted(directory: Path, *, trials: int) -> easynas.TabularClassifier:
    x, y = load_breast_cancer(return_X_y=True)
    settings: dict[str, Any] = {"engine": Exact(), "space": "mlp", "max_trials": trials, "directory": directory}
    return easynas.TabularClassifier(600, random_state=0, verbose=0, **settings).fit(x, y)


@pytest.mark.slow
def test_the_networks_of_the_average_are_trained_once_more_on_other_folds(tmp_path: Path) -> None:
    classifier = fitted(tmp_path, trials=12)
    study = classifier.study_
    again = {trial.job.repeats: trial for trial in study.trials if trial.job.repeats is not None}
    known = {trial.job.id: trial for trial in study.trials}
    assert again
    searched = {number for number in study.shipped.job.members if known[number].job.values}  # the baseline is none
    assert searched == {*again, *(trial.job.id for trial in again.values())}
    for number, trial in again.items():
        assert isinstance(trial, Done)
        assert number is not None
        assert trial.job.values == known[number].job.values
        assert trial.job.origin == f"trial {number} on other folds"
    one, other = (Store.open(tmp_path / name).folds for name in ("data", "again"))
    assert one is not None
    assert other is not None
    assert 0.1 < np.mean(one == other) < 0.3  # of five folds one in five by chance
    assert any("trained once more" in note for note in study.notes)
    # What is shipped scores better than the networks that it is made of.
    members = [known[number] for number in study.shipped.job.members]
    assert study.shipped.score >= np.median([trial.score for trial in members if isinstance(trial, Done)])
    x, y = load_breast_cancer(return_X_y=True)
    assert classifier.score(x, y) > 0.95  # the larger class has 63 %


@pytest.mark.slow
def test_a_fit_that_goes_on_repeats_no_network_twice(tmp_path: Path) -> None:
    before = fitted(tmp_path, trials=12).study_
    after = fitted(tmp_path, trials=1).study_
    repeated = [trial.job.repeats for trial in after.trials if trial.job.repeats is not None]
    assert len(after.trials) > len(before.trials)
    assert len(repeated) == len(set(repeated))


@pytest.mark.slow
def test_few_candidates_and_few_trials_are_not_repeated(tmp_path: Path) -> None:
    study = fitted(tmp_path, trials=3).study_
    assert all(trial.job.repeats is None for trial in study.trials)


def test_other_folds_keep_twins_together_and_the_shares_of_the_classes() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)).round(3)
    x[100:] = x[:100]
    y = np.tile(np.arange(100) % 4 == 0, 2)
    data = easynas.TabularClassifier()._modality().ingest(x, y, sample_weight=None, target=_target)
    division = Division.of(data, None, seed=0)
    folds = division.other_folds(data, seed=1)
    assert division.folds is not None
    assert (folds != division.folds).mean() > 0.6
    np.testing.assert_array_equal(folds[:100], folds[100:])
    shares = [y[folds == number].mean() for number in range(5)]
    assert max(shares) - min(shares) < 0.06


def _target(y: Any) -> Any:
    from easynas.data.target import ClassTarget

    return ClassTarget.learn(y)


def test_the_rule_that_says_how_much_time_it_takes_is_no_public_option() -> None:
    assert 0 < Estimator._rules.repeat_share < 1
    assert "repeat_share" not in easynas.TabularClassifier().get_params()
