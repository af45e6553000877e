"""Gaussian processes: the same numbers as the textbook's and scikit-learn's, and a gradient that is one."""

import numpy as np
import pytest
from scipy.optimize import check_grad
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from easynas.strategies.gaussian import GaussianProcess, Hyper, _negative_log_likelihood, fit

GROUPS = np.array([0, 0, 1, 2])
HYPER = Hyper(np.array([0.3, 2.0, 0.7]), 1.7, 0.1)


def drawn(count: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, values and opinions."""
    rng = np.random.default_rng(seed)
    x = rng.random((count, len(GROUPS)))
    return x, np.sin(5.0 * x[:, 2]) + 0.1 * rng.normal(size=count), rng.normal(size=count)


def test_the_posterior_is_that_of_scikit_learn() -> None:
    x, y, _ = drawn(30)
    at, *_ = drawn(7, seed=1)
    kernel = ConstantKernel(HYPER.signal) * Matern(1.0 / np.sqrt(HYPER.weights[GROUPS]), nu=2.5) + ConstantKernel(1.0)
    theirs = GaussianProcessRegressor(kernel, alpha=HYPER.noise + 1e-8, optimizer=None).fit(x, y)
    mean, covariance = theirs.predict(at, return_cov=True)
    ours = GaussianProcess(x, y, GROUPS, HYPER)
    np.testing.assert_allclose(ours.mean(at), mean, rtol=1e-7)
    np.testing.assert_allclose(ours.posterior(at)[0], mean, rtol=1e-7)
    np.testing.assert_allclose(ours.posterior(at)[1], covariance, atol=1e-7)


def test_an_opinion_is_a_line_of_uncertain_slope() -> None:
    x, y, opinion = drawn(20)
    at, _, of_at = drawn(5, seed=1)
    everything, thought = np.concatenate([x, at]), np.concatenate([opinion, of_at])
    distances = (((everything[:, None] - everything[None]) ** 2) * HYPER.weights[GROUPS]).sum(-1)
    root = np.sqrt(5.0 * distances)
    prior = HYPER.signal * (1.0 + root + root**2 / 3.0) * np.exp(-root) + 1.0
    prior += 0.25**2 * np.outer(thought, thought)
    known = prior[:20, :20] + (HYPER.noise + 1e-8) * np.eye(20)
    cross = prior[20:, :20] @ np.linalg.inv(known)
    expected = 0.5 * of_at + cross @ (y - 0.5 * opinion)
    mean, covariance = GaussianProcess(x, y, GROUPS, HYPER, opinion=opinion).posterior(at, of_at)
    np.testing.assert_allclose(mean, expected, rtol=1e-6)
    np.testing.assert_allclose(covariance, prior[20:, 20:] - cross @ prior[:20, 20:], atol=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_that_of_finite_differences(seed: int) -> None:
    x, y, opinion = drawn(15, seed=seed)
    logs = np.random.default_rng(seed).normal(scale=0.7, size=5)
    fixed = 1.0 + np.outer(opinion, opinion)

    def value(at: np.ndarray) -> float:
        return _negative_log_likelihood(np.exp(at), x, y, GROUPS, fixed)[0]

    def gradient(at: np.ndarray) -> np.ndarray:
        return _negative_log_likelihood(np.exp(at), x, y, GROUPS, fixed)[1]

    assert check_grad(value, gradient, logs) < 1e-5 * (1.0 + np.linalg.norm(gradient(logs)))


def test_the_likelihood_is_that_of_a_normal_distribution() -> None:
    x, y, _ = drawn(12)
    fixed = np.ones((12, 12))
    found = _negative_log_likelihood(np.array([*HYPER.weights, HYPER.signal, HYPER.noise]), x, y, GROUPS, fixed)[0]
    kernel = ConstantKernel(HYPER.signal) * Matern(1.0 / np.sqrt(HYPER.weights[GROUPS]), nu=2.5) + ConstantKernel(1.0)
    theirs = GaussianProcessRegressor(kernel, alpha=HYPER.noise + 1e-8, optimizer=None).fit(x, y)
    assert found == pytest.approx(-theirs.log_marginal_likelihood_value_ - 6.0 * np.log(2.0 * np.pi))


def test_the_choice_that_matters_gets_the_largest_weight() -> None:
    x, y, _ = drawn(60)
    found = fit(x, (y - y.mean()) / y.std(), GROUPS)
    assert found.weights[1] > 5.0 * max(found.weights[0], found.weights[2])
    assert found.noise < 0.2


def test_where_nothing_matters_all_is_noise() -> None:
    x, *_ = drawn(60)
    found = fit(x, np.random.default_rng(1).normal(size=60), GROUPS)
    assert found.noise > 2.0 * Hyper.prior(3).noise


def test_draws_have_the_mean_and_the_covariance_of_the_posterior() -> None:
    x, y, _ = drawn(10)
    at, *_ = drawn(4, seed=1)
    process = GaussianProcess(x, y, GROUPS, HYPER)
    mean, covariance = process.posterior(at)
    sample = process.sample(at, np.random.default_rng(0), draws=20_000)
    assert sample.shape == (20_000, 4)
    np.testing.assert_allclose(sample.mean(axis=0), mean, atol=4.0 * np.sqrt(covariance.max() / 20_000))
    np.testing.assert_allclose(np.cov(sample.T), covariance, atol=0.05 * covariance.max())


def test_what_is_believed_changes_no_expectation_and_leaves_less_doubt() -> None:
    x, y, opinion = drawn(15)
    at, _, of_at = drawn(6, seed=1)
    process = GaussianProcess(x, y, GROUPS, HYPER, opinion=opinion)
    believing = process.believing(at[:2], of_at[:2])
    before, after = process.posterior(at, of_at), believing.posterior(at, of_at)
    np.testing.assert_allclose(after[0], before[0], atol=1e-6)
    assert (np.diag(after[1])[:2] < 0.7 * np.diag(before[1])[:2]).all()
    assert (np.diag(after[1]) <= np.diag(before[1]) + 1e-9).all()


@pytest.mark.slow
def test_equal_points_are_repetitions() -> None:
    x = np.tile([0.1, 0.2, 0.3, 0.4], (200, 1))
    y = np.random.default_rng(0).normal(size=200)
    process = GaussianProcess(x, y, GROUPS, fit(x, y, GROUPS))
    mean, covariance = process.posterior(x[:1])
    assert mean[0] == pytest.approx(y.mean(), abs=0.05)
    assert covariance[0, 0] < 0.05
    assert np.isfinite(process.sample(x, np.random.default_rng(0), draws=1)).all()


def test_points_without_a_column_have_a_mean() -> None:
    none, y = np.empty((8, 0)), np.arange(8.0)
    process = GaussianProcess(none, y, np.empty(0, int), fit(none, y, np.empty(0, int)))
    assert process.mean(none[:1])[0] == pytest.approx(3.5, abs=0.7)
