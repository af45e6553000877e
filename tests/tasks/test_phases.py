"""What an earlier fit left in a study and a later one makes of it; and what fits go by beside their arguments."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras_tuner
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

import easynas
from easynas.search.plan import Rules
from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace
from easynas.tasks.phases import belongs, is_baseline
from easynas.tasks.tabular import Tables
from easynas.train.evaluator import Evaluator
from tests.tasks.exact import Exact


def space() -> SearchSpace:
    hp = keras_tuner.HyperParameters()
    hp.Choice("network", ["vgg", "resnet"])
    return SearchSpace(hp)


def test_what_was_made_of_a_trial_is_not_learned_from_and_not_trained_on() -> None:
    own = Done(Job(3, {"network": "vgg"}), 0.8, 1.0)
    calibrated = Done(Job(4, {"network": "vgg"}, origin="trial 3, calibrated", members=(3,)), 0.9, 1.0)
    assert belongs(own, space())
    assert not belongs(calibrated, space())
    assert not is_baseline(calibrated)


def test_the_baseline_and_other_spaces_are_none_of_the_space() -> None:
    baseline, other = Done(Job(0, {}), 0.7, 1.0), Done(Job(1, {"network": "mbconv"}), 0.9, 1.0)
    assert is_baseline(baseline)
    assert not belongs(baseline, space())
    assert not belongs(other, space())


@dataclass(frozen=True)
class Watched(Exact):
    """Keeps the evaluator of every phase."""

    evaluators: list[Callable[..., Trial]] = field(default_factory=list)

    def start(self, evaluate: Callable[..., Trial], **settings: Any) -> Any:
        self.evaluators.append(evaluate)
        return Exact.start(self, evaluate, **settings)


class Hasty(easynas.TabularClassifier):
    """Ships one network, of trainings whose rate does not fall."""

    _rules = Rules(combined=1, annealed=False)


class Searching(easynas.ImageClassifier):
    """Leaves no time for a final training."""

    _rules = Rules(search_share=1.0)


@pytest.mark.slow
def test_every_phase_goes_by_the_rules() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    engines = Watched(), Watched()
    usual, hasty = (
        kind(60, space="mlp", engine=engine, max_trials=4, random_state=0, verbose=0).fit(x, y)
        for kind, engine in zip((easynas.TabularClassifier, Hasty), engines, strict=True)
    )
    assert len(usual.study_.shipped.job.members) > 1
    assert len(hasty.study_.shipped.job.members) <= 1
    for engine, annealed in zip(engines, (True, False), strict=True):
        assert len(engine.evaluators) == 2  # of the baseline and of the search
        assert {isinstance(each, Evaluator) and each.annealed for each in engine.evaluators} == {annealed}


@pytest.mark.slow
def test_a_single_trial_has_as_many_networks_in_the_file_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = load_breast_cancer(return_X_y=True)

    def fitted(room: float) -> easynas.TabularClassifier:
        monkeypatch.setattr(Tables, "room_kb", room)
        return Hasty(60, space="mlp", engine=Exact(), max_trials=2, random_state=0, verbose=0).fit(x, y)

    whole = fitted(float("inf"))
    parameters = whole.study_.shipped.metrics["parameters"]
    halved, single = fitted(2.5 * parameters * 4 / 1024), fitted(0.5 * parameters * 4 / 1024)
    sizes = [each.export_model().count_params() / parameters for each in (whole, halved, single)]
    assert sizes == pytest.approx([5, 2, 1], rel=0.05)
    assert halved.best_score_ == whole.best_score_  # every sample was judged by a network that had not seen it
    assert not any("networks of trial" in note for note in whole.study_.notes)
    assert any("2 of the 5 networks of trial" in note for note in halved.study_.notes)


@pytest.mark.slow
def test_a_search_of_all_the_time_ends_without_a_final_training() -> None:
    x, y = load_digits(return_X_y=True)
    fitted = Searching(600, engine=Exact(), space="vgg", max_trials=1, random_state=0, verbose=0).fit(
        x[:300].reshape(-1, 8, 8), y[:300]
    )
    assert [trial.job.origin for trial in fitted.study_.with_weights] == ["baseline", "portfolio"]
    assert fitted.score(x[1500:].reshape(-1, 8, 8), y[1500:]) > 0.5
