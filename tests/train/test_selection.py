"""Greedy selection: what is averaged is better than what is in it, and never more than allowed."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from easynas.schema import Answer
from easynas.train.scoring import Scoring
from easynas.train.selection import select

TWO = Answer("classes", 2)


def weighted(shares: dict[int, float], answers: dict[int, np.ndarray]) -> np.ndarray:
    return np.asarray(sum(share * answers[number] for number, share in shares.items()))


@pytest.fixture(scope="module")
def numbers() -> tuple[dict[int, np.ndarray], np.ndarray]:
    """Answers of several models for samples that none of them saw, and what they should be, standardised."""
    data = load_diabetes()
    y = (data.target - data.target.mean()) / data.target.std()
    x_train, x_test, y_train, y_test = train_test_split(data.data, y, test_size=0.4, random_state=0)
    models = [LinearRegression(), *(KNeighborsRegressor(count) for count in (3, 10, 30))]
    answers = {index: model.fit(x_train, y_train).predict(x_test)[:, None] for index, model in enumerate(models)}
    return answers, y_test[:, None]


def test_the_average_is_better_than_each(numbers: tuple[dict[int, np.ndarray], np.ndarray]) -> None:
    answers, y = numbers
    scoring = Scoring.of(None, Answer("numbers", 1, (0.0,), (1.0,)))
    shares = select(answers, y, scoring.answer, most=4)
    assert len(shares) > 1
    assert sum(shares.values()) == pytest.approx(1.0)
    assert scoring.score(weighted(shares, answers), y) > max(scoring.score(each, y) for each in answers.values())


@pytest.mark.parametrize("most", [1, 2])
def test_there_are_never_more_than_allowed(numbers: tuple[dict[int, np.ndarray], np.ndarray], most: int) -> None:
    answers, y = numbers
    scoring = Scoring.of(None, Answer("numbers", 1, (0.0,), (1.0,)))
    shares = select(answers, y, scoring.answer, most=most)
    assert len(shares) <= most
    if most == 1:
        assert set(shares) == {max(answers, key=lambda number: scoring.score(answers[number], y))}


def test_what_has_no_room_is_left_out(numbers: tuple[dict[int, np.ndarray], np.ndarray]) -> None:
    answers, y = numbers
    answer = Answer("numbers", 1, (0.0,), (1.0,))
    free = select(answers, y, answer, most=4)
    sizes = dict.fromkeys(answers, 1.0)
    assert select(answers, y, answer, most=4, sizes=sizes, room=4.0) == free
    alone = select(answers, y, answer, most=4, sizes=sizes, room=1.9)
    assert len(alone) == 1 < len(free)
    largest = max(free, key=free.__getitem__)
    without = select(answers, y, answer, most=4, sizes={**sizes, largest: 5.0}, room=4.0)
    assert largest not in without or set(without) == {largest}


def test_a_network_that_is_too_large_is_alone_where_it_is_better_and_gives_way_where_that_is_chance() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=(300, 1)).astype(np.float32)
    answer = Answer("numbers", 1, (0.0,), (1.0,))
    noise = rng.normal(size=(300, 1))
    answers = {0: y + 0.1 * noise, 1: y + 0.5 * rng.normal(size=(300, 1)), 2: y - 0.1 * noise}
    answers[2][0] += 0.05  # as good as the first but for one sample
    sizes = {0: 9.0, 1: 1.0, 2: 1.0}
    assert set(select({n: answers[n] for n in (0, 1)}, y, answer, most=3, sizes=sizes, room=5.0)) == {0}
    assert 0 not in select(answers, y, answer, most=3, sizes=sizes, room=5.0)


def test_what_is_worthless_is_left_out() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.4, random_state=0)
    models = [
        make_pipeline(StandardScaler(), model)
        for model in (LogisticRegression(), KNeighborsClassifier(5), KNeighborsClassifier(15))
    ]
    answers = {index: model.fit(x_train, y_train).predict_proba(x_test) for index, model in enumerate(models)}
    answers[7] = np.random.default_rng(0).dirichlet([1.0, 1.0], size=len(y_test))
    shares = select(answers, y_test, TWO, most=4)
    assert 7 not in shares
    for metric in ("accuracy", "roc_auc", "neg_log_loss"):
        scoring = Scoring(metric, TWO)
        single = np.mean([scoring.score(answers[number], y_test) for number in range(3)])
        assert scoring.score(weighted(shares, answers), y_test) > single
