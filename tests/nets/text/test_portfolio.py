"""The space for texts and its good designs: each fits the space, and learns from few texts."""

import keras
import keras_tuner
import numpy as np
import pytest

from easynas.data.tokenizer import TextEncoder
from easynas.nets.network import build
from easynas.nets.text.portfolio import FEWEST, MOST, designs, text_network
from easynas.nets.text.statistics import FeatureStatistics, TextStatistics
from easynas.schema import Answer
from easynas.space.space import SearchSpace
from tests.nets.text.drawn import CLASSES, statistics

GOOD, BAD = ["good", "great", "fine", "lovely"], ["bad", "awful", "poor", "dull"]


def opinions(count: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Invented reviews whose words and their negation decide."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, count)
    nouns = ["film", "plot", "cast", "end", "music"]
    texts = [f"the {rng.choice(nouns)} is {rng.choice(GOOD if each else BAD)} and {rng.choice(nouns)}" for each in y]
    return texts, y


@pytest.mark.parametrize("pretrained", [False, True])
def test_every_design_belongs_to_the_space(*, pretrained: bool) -> None:
    hp = keras_tuner.HyperParameters()
    features = FeatureStatistics(np.zeros(4), np.ones(4)) if pretrained else None
    text_network(CLASSES, TextStatistics(statistics("words"), statistics("grams"), features)).declare(hp)
    space = SearchSpace(hp)
    for values in designs(5000, pretrained=pretrained):
        network = {name: value for name, value in values.items() if not name.startswith("train/")}
        assert set(network) <= set(space.canonical(network))


@pytest.mark.parametrize("samples", [10, 1000, 10**6])
def test_fewer_samples_are_seen_more_often_within_bounds(samples: int) -> None:
    epochs = [values["train/epochs"] for values in designs(samples)]
    assert all(FEWEST <= each <= MOST and isinstance(each, int) for each in epochs)
    assert sum(epochs) >= sum(values["train/epochs"] for values in designs(2 * samples))


@pytest.mark.slow
@pytest.mark.parametrize("values", list(designs(500))[:3:2], ids=lambda values: values["network"])
def test_the_first_designs_learn_from_few_texts(values: dict[str, object]) -> None:
    texts, y = opinions(300, seed=0)
    encoder = TextEncoder.learn(texts)
    arrays, answer = encoder.encode(texts), Answer("classes", 2)
    counted = TextStatistics.learn(arrays, y, answer, encoder.schema)
    inputs = {name: keras.Input(shape, dtype=dtype, name=name) for name, (shape, dtype) in encoder.inputs.items()}
    keras.utils.set_random_seed(0)
    model = keras.Model(inputs, build(text_network(answer, counted), values, inputs))
    model.compile(optimizer=keras.optimizers.AdamW(0.002), loss="sparse_categorical_crossentropy")
    model.fit(arrays, y, epochs=6, batch_size=30, verbose=0)
    others, expected = opinions(200, seed=1)
    answers = np.asarray(model(encoder.encode(others), training=False))
    assert (answers.argmax(axis=1) == expected).mean() > 0.95
