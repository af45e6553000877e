"""The LSTM: the same network in numpy and in Keras, and it learns what it is rewarded for."""

import random

import keras
import numpy as np
import pytest
from keras import ops

from easynas.strategies.policy import Policy

# Every policy is traced by Keras, which takes a second.
pytestmark = pytest.mark.slow

OPTIONS = (2, 3, 4)


def policy(*, clip: float | None = None, seed: int = 0, learning_rate: float = 0.01) -> Policy:
    return Policy(OPTIONS, seed=seed, batch=4, learning_rate=learning_rate, entropy=0.0, clip=clip)


def probabilities(policy: Policy, options: tuple[int, ...]) -> list[float]:
    """Of every option of a sequence, given those before."""
    state, found = policy.begin(), []
    for step, option in enumerate(options):
        weights = np.exp(policy.logits(step, state))
        found.append(float(weights[option] / weights.sum()))
        state = policy.advance(step, option, state)
    return found


def learn(policy: Policy, rows: list[tuple[int, ...]], advantages: list[float], *, times: int) -> None:
    options = np.array(rows)
    policy.learn(options, np.ones_like(options, dtype=bool), np.array(advantages), times=times)


def test_it_begins_almost_undecided() -> None:
    assert probabilities(policy(), (0, 0, 0)) == pytest.approx([1 / 2, 1 / 3, 1 / 4], abs=0.1)


@pytest.mark.parametrize("clip", [None, 0.2])
def test_what_is_rewarded_becomes_probable(clip: float | None) -> None:
    learner = policy(clip=clip)
    for _ in range(20):
        learn(learner, [(1, 2, 3), (0, 0, 0)], [1.0, -1.0], times=1)
    assert np.prod(probabilities(learner, (1, 2, 3))) > 0.5


def test_numpy_and_keras_are_the_same_network() -> None:
    learner = policy()
    learn(learner, [(1, 2, 3)], [1.0], times=3)
    words = np.array([[0, 3, 6]])  # start; option 1 of the first step; option 2 of the second
    keras_logits = ops.convert_to_numpy(learner._model(words))[0]
    expected = [keras_logits[0, 0:2], keras_logits[1, 2:5], keras_logits[2, 5:9]]
    for option, step in enumerate(range(3), start=1):
        weights = np.exp(expected[step])
        found = probabilities(learner, (1, 2, 3))[step]
        assert found == pytest.approx(weights[option] / weights.sum(), rel=1e-4)


def test_nothing_is_learned_from_an_inactive_step() -> None:
    learner = policy()
    before = learner.logits(0, learner.begin())
    active = np.array([[False, True, True]])
    learner.learn(np.array([[1, 2, 3]]), active, np.array([1.0]), times=1)
    gain = learner.logits(0, learner.begin()) - before
    assert abs(gain[1] - gain[0]) < 0.02  # what is left comes by way of the shared LSTM
    assert np.array_equal(learner._bias[:2], policy()._bias[:2])


def test_clipping_holds_a_policy_near_the_old_one() -> None:
    free, held = policy(learning_rate=0.001), policy(learning_rate=0.001, clip=0.2)
    for learner in (free, held):
        learn(learner, [(1, 2, 3)], [1.0], times=80)
    assert min(probabilities(free, (1, 2, 3))) > 0.9
    assert max(probabilities(held, (1, 2, 3))) < 0.8


def test_equal_seeds_learn_alike_and_leave_the_users_random_state_alone() -> None:
    keras.utils.set_random_seed(7)
    expected = keras.random.uniform((2,)), np.random.random(2)  # noqa: NPY002
    keras.utils.set_random_seed(7)
    before = random.getstate()
    one, same, other = policy(), policy(), policy(seed=1)
    for learner in (one, same, other):
        learn(learner, [(1, 2, 3)], [1.0], times=2)
    assert probabilities(one, (0, 1, 2)) == probabilities(same, (0, 1, 2)) != probabilities(other, (0, 1, 2))
    assert random.getstate() == before
    assert np.array_equal(keras.random.uniform((2,)), expected[0])
    assert np.array_equal(np.random.random(2), expected[1])  # noqa: NPY002
