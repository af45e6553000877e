"""`Pretrained`: what it promises beside what every block does."""

import keras
import keras_tuner
import numpy as np
import pytest

from easynas.nets.network import build
from easynas.nets.text.pretrained import Pretrained
from easynas.nets.text.statistics import FeatureStatistics
from easynas.schema import Answer
from easynas.space.space import SearchSpace, Values
from tests.nets.text.drawn import CLASSES

FEATURES = np.random.default_rng(0).normal(3.0, 2.0, (40, 6)).astype(np.float32)


def network(values: Values, features: np.ndarray, answer: Answer = CLASSES) -> keras.Model:
    keras.utils.set_random_seed(0)
    inputs = {"features": keras.Input((features.shape[1],), name="features")}
    return keras.Model(inputs, build(Pretrained(answer, FeatureStatistics.learn(features)), values, inputs))


@pytest.mark.parametrize("hidden", [0, 64])
def test_the_scale_of_features_does_not_matter(hidden: int) -> None:
    values: Values = {"pretrained/hidden": hidden}
    scales = np.array([1.0, 1000.0, 10.0, 1.0, 5.0, 1.0], np.float32)
    plain = network(values, FEATURES)({"features": FEATURES})
    scaled = network(values, FEATURES * scales)({"features": FEATURES * scales})
    np.testing.assert_allclose(plain, scaled, atol=2e-3)
    np.testing.assert_allclose(np.sum(plain, axis=1), 1.0, atol=1e-6)
    assert np.ptp(plain, axis=0).max() > 0.1


def test_the_statistics_are_weights_that_are_not_trained() -> None:
    model = network({}, FEATURES)
    assert [weight.shape for weight in model.non_trainable_weights] == [(6,), (6,)]
    np.testing.assert_allclose(model.non_trainable_weights[0], FEATURES.mean(axis=0), rtol=1e-5)


def test_every_choice_builds() -> None:
    hp = keras_tuner.HyperParameters()
    Pretrained(Answer("numbers", 2), FeatureStatistics.learn(FEATURES)).declare(hp)
    for seed in range(6):
        values = SearchSpace(hp).sample(np.random.default_rng(seed))
        assert network(values, FEATURES, Answer("numbers", 2))({"features": FEATURES}).shape == (40, 2)
