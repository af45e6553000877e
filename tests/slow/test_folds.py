"""What is shipped of few images: trainings of scikit-learn's digits in folds, beside one on the first fold."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from easynas.data.images import ingest_images
from easynas.data.store import Store
from easynas.nets.baseline import Baseline
from easynas.nets.network import model_of
from easynas.search.budget import Deadline
from easynas.search.incumbent import to_ship
from easynas.search.trial import Done, Job
from easynas.tasks.division import FOLDS, Division
from easynas.train import weights
from easynas.train.evaluator import Evaluator
from easynas.train.scoring import Scoring, loss
from easynas.train.trainer import predict

pytestmark = pytest.mark.slow

LONG, SHORT = {"train/epochs": 12.0}, {"train/epochs": 1.0}
IMAGES = 1_000
PATIENCE = 120.0  # seconds; epochs end the trainings


@pytest.fixture(scope="module")
def division() -> Division:
    digits = load_digits()
    return Division.of(ingest_images(digits.images[:IMAGES], digits.target[:IMAGES]), None, seed=0)


@pytest.fixture(scope="module")
def evaluator(division: Division, tmp_path_factory: pytest.TempPathFactory) -> Evaluator:
    folder, digits = tmp_path_factory.mktemp("study"), load_digits()
    data = ingest_images(digits.images[:IMAGES], digits.target[:IMAGES])
    parts = {"train": division.train, "validation": division.validation, "folds": division.folds}
    store = Store.write(folder / "data", data, data.encoder.at((8, 8)), **parts)
    answer = data.target.answer
    network = Baseline(answer, data.encoder.schema.mean, data.encoder.schema.variance)
    return Evaluator(network, store, Scoring.of(None, answer), 0, "float32", 32, 1, folder / "weights")


def trained(evaluator: Evaluator, number: int, epochs: dict[str, float], *, once: bool) -> Done:
    evaluate = replace(evaluator, once=once, candidate=once)
    trial = evaluate(Job(number, epochs), deadline=Deadline.after(PATIENCE), bar=-math.inf)
    assert isinstance(trial, Done)
    return trial


@pytest.fixture(scope="module")
def final(evaluator: Evaluator) -> Done:
    return trained(evaluator, 0, LONG, once=False)


def answers(evaluator: Evaluator, trial: Done) -> np.ndarray:
    return weights.load_answers(Path(evaluator.weights_path(trial.job.id)))


def lead(evaluator: Evaluator, division: Division, trial: Done, final: Done) -> tuple[float, float]:
    """As a fit compares them: on the first fold."""
    first = division.folds == 0
    y = evaluator.store.validation().y[first]
    return evaluator.scoring.lead(answers(evaluator, trial), answers(evaluator, final)[first], y)


def test_the_average_of_the_folds_is_better_on_unseen_images_than_its_networks_are(
    evaluator: Evaluator, final: Done
) -> None:
    digits = load_digits()
    unseen, y = digits.images[IMAGES:].astype("float32")[..., None], digits.target[IMAGES:]
    model = model_of(evaluator.network, {}, (8, 8, 1))
    each = []
    for own in weights.load(evaluator.weights_path(final.job.id)):
        model.set_weights(own)
        each.append(predict(model, unseen))
    average, scoring = np.mean(each, axis=0), evaluator.scoring
    assert len(each) == FOLDS
    assert scoring.score(average, y) > 0.9
    assert scoring.score(average, y) >= np.mean([scoring.score(own, y) for own in each])
    _, second_best, *_ = sorted(loss(own, y, scoring.answer) for own in each)
    assert loss(average, y, scoring.answer) < second_best  # the best one may be lucky


def test_a_trial_that_is_as_good_on_the_first_fold_does_not_take_the_place_of_the_average(
    evaluator: Evaluator, division: Division, final: Done
) -> None:
    trial = trained(evaluator, 1, LONG, once=True)
    assert to_ship(final, [trial, final], lead=lambda a, b: lead(evaluator, division, a, b)) is final


def test_a_final_training_that_went_wrong_is_replaced(evaluator: Evaluator, division: Division, final: Done) -> None:
    trial, short = trained(evaluator, 2, LONG, once=True), trained(evaluator, 3, SHORT, once=False)
    assert short.score < 0.9
    assert to_ship(short, [trial, short], lead=lambda a, b: lead(evaluator, division, a, b)) is trial
