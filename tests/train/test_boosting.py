"""Grown trees: that the network answers as scikit-learn's trees do, in time, and learns what there is to learn."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.metrics import r2_score

from easynas.data.dataset import shapes
from easynas.data.statistics import TableStatistics
from easynas.data.store import Arrays
from easynas.nets.network import model_of
from easynas.nets.table import trees
from easynas.nets.table.trees import Trees
from easynas.schema import Answer
from easynas.search.budget import Deadline
from easynas.train import boosting
from easynas.train.boosting import grow
from easynas.train.trainer import Outcome, predict

SMALL = {"trees/count": 50, "trees/leaves": 8}
Columns = dict[str, np.ndarray]


def planted(
    x: Columns, y: np.ndarray, answer: Answer, *, values: Any = SMALL, seconds: float = 60.0, sizes: Any = ()
) -> tuple[keras.Model, Outcome]:
    model = model_of(Trees(answer, TableStatistics.learn(x, sizes)), values, shapes(x))
    arrays = Arrays(x, y, np.ones(len(y), np.float32))
    return model, grow(model, values, arrays, answer, Deadline.after(seconds), seed=0, threads=1)


def halves(data: Any) -> tuple[Columns, np.ndarray, Columns, np.ndarray]:
    order = np.random.default_rng(0).permutation(len(data.target))
    x = data.data[order].astype(np.float32)
    y, half = data.target[order], len(order) // 2
    return {"numbers": x[:half]}, y[:half], {"numbers": x[half:]}, y[half:]


@pytest.mark.parametrize(("load", "least"), [(load_breast_cancer, 0.93), (load_wine, 0.9)])
def test_classes_are_learned(load: Any, least: float) -> None:
    x, y, x_test, y_test = halves(load())
    model, outcome = planted(x, y.astype(np.int32), Answer("classes", len(np.unique(y))))
    assert outcome.steps == 50
    assert (predict(model, x_test).argmax(axis=1) == y_test).mean() > least


def test_numbers_are_learned() -> None:
    x, y, x_test, y_test = halves(load_diabetes())
    answer = Answer("numbers", 1, (float(y.mean()),), (float(y.std()),))
    standardised = ((y - y.mean()) / y.std()).astype(np.float32)[:, None]
    model, _ = planted(x, standardised, answer)
    assert r2_score((y_test - y.mean()) / y.std(), predict(model, x_test)) > 0.3


def test_every_label_has_its_trees_and_one_that_never_occurs_is_unlikely() -> None:
    x, y, x_test, y_test = halves(load_wine())
    labels = np.stack([y == 0, y > 0, np.zeros(len(y))], axis=1).astype(np.float32)
    model, _ = planted(x, labels, Answer("labels", 3))
    answers = predict(model, x_test)
    assert ((answers[:, 0] > 0.5) == (y_test == 0)).mean() > 0.9
    assert ((answers[:, 1] > 0.5) == (y_test > 0)).mean() > 0.9
    assert answers[:, 2].max() < 0.01


@pytest.mark.parametrize("known", [(0,), (0, 2), (1, 2, 3)])
def test_classes_that_training_lacks_are_unlikely(known: tuple[int, ...]) -> None:
    x, y, _, _ = halves(load_wine())
    shown = np.array(known, np.int32)[y % len(known)]
    model, _ = planted(x, shown, Answer("classes", 4))
    answers = predict(model, x)
    assert answers[:, [each for each in range(4) if each not in known]].max() < 0.01
    assert (answers.argmax(axis=1) == shown).mean() > 0.9


def test_missing_cells_and_unordered_categories_tell() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(1_200, 2)).astype(np.float32)
    categories = rng.integers(0, 12, (1_200, 2)).astype(np.int32)
    y = (np.isin(categories[:, 1], (1, 4, 6, 9)) ^ (rng.random(1_200) < 0.05)).astype(np.int32)
    numbers[:, 0] = np.where((y == 1) & (rng.random(1_200) < 0.3), np.nan, numbers[:, 0])
    numbers[0] = (1e30, -1e30)
    x = {"numbers": numbers, "categories": categories}
    train = {name: part[:800] for name, part in x.items()}
    model, _ = planted(train, y[:800], Answer("classes", 2), sizes=(12, 14))
    said = predict(model, {name: part[800:] for name, part in x.items()})
    assert (said.argmax(axis=1) == y[800:]).mean() > 0.93  # 0.67 are of one class
    unknown = predict(model, {"numbers": numbers[:1], "categories": np.array([[1, 13]], np.int32)})
    assert np.isfinite(unknown).all()


def test_the_network_adds_up_what_the_trees_say_for_samples_that_they_never_saw() -> None:
    x, y, x_test, _ = halves(load_breast_cancer())
    x["numbers"][::5, 3] = np.nan
    x_test["numbers"][::3, 3] = np.nan
    x_test["numbers"][::4, 7] = np.nan  # of a column without missing cells before
    answer = Answer("classes", 2)
    model, _ = planted(x, y.astype(np.int32), answer)
    seen = predict(trees.seen_by(model), x), predict(trees.seen_by(model), x_test)
    cells = [part[:, part.shape[1] // 2 :].astype(np.float64) for part in seen]
    for each in cells:
        each[trees.missing(each)] = np.nan
    growth = boosting.Growth.of(model, SMALL, answer, seed=0)
    kind = boosting.HistGradientBoostingClassifier
    fitted = growth.estimator(kind).set_params(max_iter=50).fit(cells[0], y)
    np.testing.assert_allclose(predict(model, x_test), fitted.predict_proba(cells[1]), atol=1e-5)


def test_fewer_trees_grow_where_there_is_no_time() -> None:
    x, y, _, _ = halves(load_breast_cancer())
    model, outcome = planted(x, y.astype(np.int32), Answer("classes", 2), seconds=0.0)
    assert outcome.steps == 10
    assert (predict(model, x).argmax(axis=1) == y).mean() > 0.9


def test_another_kind_of_trees_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, _, _ = halves(load_breast_cancer())
    monkeypatch.setattr(boosting, "_at_most", lambda threshold: np.float32(threshold + 0.2))
    with pytest.raises(boosting.GrowthError, match="must add up to what scikit-learn says"):
        planted(x, y.astype(np.int32), Answer("classes", 2))


def test_a_network_of_many_answers_has_fewer_trees() -> None:
    assert trees.affordable_rounds(Answer("classes", 2))[-1] == 400
    assert trees.affordable_rounds(Answer("labels", 10))[-1] == 100
    assert trees.affordable_rounds(Answer("labels", 19))[-1] == 50
    assert trees.affordable_rounds(Answer("numbers", 1_000)) == (25,)


def test_the_planted_network_is_a_file_of_keras_alone(tmp_path: Path) -> None:
    x, y, x_test, _ = halves(load_wine())
    model, _ = planted(x, y.astype(np.int32), Answer("classes", 3))
    model.save(tmp_path / "trees.keras")
    again = keras.models.load_model(tmp_path / "trees.keras", safe_mode=True)
    np.testing.assert_allclose(predict(again, x_test), predict(model, x_test), atol=1e-6)
