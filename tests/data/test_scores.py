"""What texts in tables say of what is to be predicted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from easynas.data.columns import TextColumn
from easynas.data.dataset import Dataset, Learned
from easynas.data.labels import LabelsTarget
from easynas.data.numbers import NumberTarget
from easynas.data.scores import learn_scores
from easynas.data.store import Store
from easynas.data.table import TableEncoder
from easynas.data.target import ClassTarget

WORDS = [f"word{number}" for number in range(40)]
ROWS = 600


def table(target: type, y: np.ndarray, texts: list[str]) -> Dataset:
    frame = pd.DataFrame({"opinion": texts, "age": np.arange(len(texts)) % 7 + 0.5})
    encoder, learned = TableEncoder.learn(frame, column_types={"opinion": "text"}), target.learn(y)
    return Dataset(encoder.check(frame), learned.encode(y), None, encoder, learned)


def drawn(rows: int = ROWS) -> tuple[list[str], np.ndarray]:
    """Texts of random words, and for each whether a certain word is in it: no topic, just a word among others."""
    rng = np.random.default_rng(0)
    chosen = [rng.choice(WORDS, 8, replace=False) for _ in range(rows)]
    return [" ".join(words) for words in chosen], np.array([WORDS[3] in words for words in chosen])


def learn(data: Dataset, *, folds: np.ndarray | None = None, seconds: float = 10.0) -> Learned:
    encoder = data.encoder
    assert isinstance(encoder, TableEncoder)
    return learn_scores(encoder, data, np.arange(len(data.y)), folds=folds, seconds=seconds, seed=0)


def text_column(learned: Learned) -> TextColumn:
    assert isinstance(learned.encoder, TableEncoder)
    column = learned.encoder.used[0]
    assert isinstance(column, TextColumn)
    return column


def separation(scores: np.ndarray, is_one: np.ndarray) -> float:
    """Share of pairs that are in the right order."""
    return float((scores[is_one][:, None] > scores[~is_one]).mean())


def test_scores_find_the_word_that_decides_and_topics_do_not() -> None:
    texts, answers = drawn()
    column = text_column(learn(table(ClassTarget, np.where(answers, "yes", "no"), texts[:ROWS])))
    assert column.topics is not None
    assert column.scores == 1
    assert column.number_names[-2:] == (f"opinion topic {len(column.topics.scale) - 1}", "opinion score 1")
    fresh, truth = drawn(2 * ROWS)[0][ROWS:], drawn(2 * ROWS)[1][ROWS:]
    numbers = column.topics.numbers(fresh)
    assert separation(numbers[:, -1], truth) > 0.97
    assert max(separation(numbers[:, topic], truth) for topic in range(numbers.shape[1] - 1)) < 0.9


def test_training_samples_have_scores_of_models_that_never_saw_them() -> None:
    texts, _ = drawn()
    chance = np.random.default_rng(1).integers(0, 2, ROWS)  # nothing to learn, but much to remember
    texts = [f"{text} {number}x{number}" for number, text in enumerate(texts)]
    texts[::2] = texts[1::2]  # twins
    chance[::2] = chance[1::2]
    data = table(ClassTarget, chance, texts)
    together = learn(data).unseen  # twins are in one fold, so nobody knows the other's answer
    assert together is not None
    assert all(abs(separation(scores, chance == 1) - 0.5) < 0.1 for scores in together.values.T)
    apart = learn(data, folds=np.arange(ROWS) % 2)
    assert apart.unseen is not None
    assert separation(apart.unseen.values[:, 0], chance == 1) > 0.9


def test_no_score_of_a_fold_depends_on_its_own_answers() -> None:
    texts, answers = drawn()
    folds = np.arange(ROWS) % 4
    y = answers.astype(int)
    other = np.where((folds == 2) & (np.arange(ROWS) < ROWS // 4), 1 - y, y)
    before, after = (learn(table(ClassTarget, each, texts), folds=folds).unseen for each in (y, other))
    assert before is not None
    assert after is not None
    own = folds == 2
    ratio = before.values[own, 0] / after.values[own, 0]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-3)  # all scores together are of unit spread
    assert not np.allclose(before.values[~own, 0] / after.values[~own, 0], ratio[0], rtol=1e-2)


@pytest.mark.parametrize("kind", ["classes", "labels", "numbers"])
def test_every_kind_of_target_has_scores(kind: str) -> None:
    texts, _ = drawn()
    found = np.array([[word in text.split() for word in WORDS[:3]] for text in texts])
    data = {
        "classes": lambda: table(ClassTarget, np.where(found[:, 0], 2, found[:, 1].astype(int)), texts),
        "labels": lambda: table(LabelsTarget, found.astype(int), texts),
        "numbers": lambda: table(NumberTarget, found @ [[100.0, 0.0], [10.0, 0.0], [0.0, -1.0]], texts),
    }[kind]()
    column = text_column(learn(data))
    assert column.scores == {"classes": 3, "labels": 3, "numbers": 2}[kind]


def test_of_many_classes_the_most_frequent_have_scores() -> None:
    rng = np.random.default_rng(0)
    y = np.concatenate([np.repeat(np.arange(60), 12), np.repeat(np.arange(30), 12)])
    texts = [" ".join([WORDS[each % 40], f"of{each}", *rng.choice(WORDS, 3)]) for each in y]
    column = text_column(learn(table(ClassTarget, y, texts)))
    assert 30 <= column.scores <= 32


def test_little_time_means_fewer_samples_to_learn_from_and_scores_for_all() -> None:
    texts, answers = drawn()
    learned = learn(table(ClassTarget, answers.astype(int), texts), seconds=0.01)
    assert learned.unseen is not None
    assert learned.unseen.values.shape == (ROWS, 1)
    assert separation(learned.unseen.values[:, 0], answers) > 0.8


def test_the_store_has_unseen_scores_of_training_samples_and_true_ones_of_others(tmp_path: object) -> None:
    texts, answers = drawn()
    data = table(ClassTarget, answers.astype(int), texts)
    train, held_out = np.arange(0, ROWS, 2), np.arange(1, ROWS, 2)
    assert isinstance(data.encoder, TableEncoder)
    learned = learn_scores(data.encoder, data, train, folds=None, seconds=10.0, seed=0)
    assert learned.unseen is not None
    store = Store.write(str(tmp_path), data, learned.encoder, train=train, validation=held_out, unseen=learned.unseen)
    seen, unseen = (learned.encoder.encode(data.samples[rows])["numbers"] for rows in (train, held_out))
    place = learned.unseen.places[0]
    np.testing.assert_array_equal(store.train().x["numbers"][:, place], learned.unseen.values[:, 0])
    assert np.abs(seen[:, place] - learned.unseen.values[:, 0]).mean() > 0.05
    np.testing.assert_array_equal(store.validation().x["numbers"], unseen)
    others = np.delete(np.arange(seen.shape[1]), place)
    np.testing.assert_array_equal(store.train().x["numbers"][:, others], seen[:, others])


def test_samples_without_weight_teach_nothing() -> None:
    texts, answers = drawn()
    wrong = np.arange(ROWS) % 2 == 0
    data = table(ClassTarget, np.where(wrong, ~answers, answers).astype(int), texts)
    heavy = replace(data, weights=np.where(wrong, 0.0, 1.0).astype(np.float32))
    fresh, truth = drawn(2 * ROWS)[0][ROWS:], drawn(2 * ROWS)[1][ROWS:]
    column = text_column(learn(heavy))
    assert column.topics is not None
    assert separation(column.topics.numbers(fresh)[:, -1], truth) > 0.9


def test_scores_survive_json() -> None:
    texts, answers = drawn()
    learned = learn(table(ClassTarget, answers.astype(int), texts))
    again = TableEncoder.from_config(learned.encoder.to_config())
    assert again.number_names == learned.encoder.number_names
