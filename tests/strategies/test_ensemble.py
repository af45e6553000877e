"""Small networks in numpy: their gradient is one, and they learn."""

import numpy as np
import pytest

from easynas.strategies.ensemble import MEMBERS, Ensemble


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.random((count, 6))
    y = np.abs(x[:, 0] - 0.5) + x[:, 1] * x[:, 2]
    return x, (y - 0.5) / 0.3


def test_it_predicts_better_than_the_mean_and_than_a_line() -> None:
    x, y = drawn(120)
    at, truth = drawn(200, seed=1)
    found = Ensemble(x, y, np.random.default_rng(0)).predict(at).mean(axis=0)
    line = np.linalg.lstsq(np.c_[x, np.ones(len(x))], y, rcond=None)[0]
    error, of_line = np.abs(found - truth).mean(), np.abs(np.c_[at, np.ones(len(at))] @ line - truth).mean()
    assert error < 0.6 * of_line < np.abs(truth - truth.mean()).mean()


def test_members_differ_more_far_from_what_was_told() -> None:
    x, y = drawn(60)
    ensemble = Ensemble(x, y, np.random.default_rng(0))
    assert ensemble.predict(x).shape == (MEMBERS, 60)
    assert ensemble.predict(3.0 * x + 2.0).std(axis=0).mean() > 3.0 * ensemble.predict(x).std(axis=0).mean()


def test_the_generator_decides() -> None:
    x, y = drawn(20)
    one, same, other = (Ensemble(x, y, np.random.default_rng(seed)).predict(x) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3


@pytest.mark.parametrize("layer", range(3))
def test_the_gradient_is_that_of_finite_differences(layer: int) -> None:
    x, y = drawn(15)
    ensemble = Ensemble(x, y, np.random.default_rng(0))
    given = np.broadcast_to(x, (MEMBERS, *x.shape)), np.broadcast_to(y[:, None], (MEMBERS, 15, 1))
    found = ensemble._gradients(*given)
    for parameters, gradients in ((ensemble._weights, found[:3]), (ensemble._biases, found[3:])):
        parameter, gradient = parameters[layer], gradients[layer]
        for place in np.random.default_rng(1).choice(parameter.size, size=min(20, parameter.size), replace=False):
            index = np.unravel_index(place, parameter.shape)
            errors = []
            for step in (1e-6, -1e-6):
                parameter[index] += step
                errors.append(np.abs(ensemble.predict(x) - y).mean(axis=1)[index[0]])
                parameter[index] -= step
            assert gradient[index] == pytest.approx((errors[0] - errors[1]) / 2e-6, abs=1e-6)
