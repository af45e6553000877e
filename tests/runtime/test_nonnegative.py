"""Costs that are never below zero, against SciPy's."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from easynas.runtime.nonnegative import fit, solve


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(3, 20))
def test_it_is_as_close_as_scipy_gets(seed: int, columns: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, wanted = rng.normal(size=(rows, columns)), rng.normal(size=rows)
    found = solve(matrix, wanted)
    assert (found >= 0).all()
    assert np.linalg.norm(matrix @ found - wanted) <= nnls(matrix, wanted)[1] + 1e-6


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(-12, 0))
def test_columns_that_hardly_differ_do_no_harm(seed: int, exponent: float) -> None:
    rng = np.random.default_rng(seed)
    column = rng.uniform(0.1, 1, size=(12, 1))
    matrix = np.hstack([column, column * (1 + 10**exponent * rng.normal(size=(12, 3))), np.zeros((12, 1))])
    wanted = rng.uniform(0.5, 2, size=12)
    found = solve(matrix, wanted)
    assert (found >= 0).all()
    assert np.linalg.norm(matrix @ found - wanted) <= nnls(matrix, wanted)[1] + 1e-6


def test_costs_of_exact_times_are_found() -> None:
    sizes = np.random.default_rng(0).uniform(1, 1e6, size=(20, 4))
    costs = np.array([1e-6, 0.0, 3e-4, 2e-9])
    found, error = fit(sizes, sizes @ costs)
    np.testing.assert_allclose(sizes @ found, sizes @ costs, rtol=1e-5)
    assert error < 1e-4


def test_the_error_is_that_of_times_left_out() -> None:
    """Four costs go through five times nearly exactly, and say nothing about a sixth."""
    rng = np.random.default_rng(1)
    sizes, times = rng.uniform(1, 2, size=(5, 4)), rng.uniform(1, 3, size=5)
    costs, error = fit(sizes, times)
    assert error > 1.2 * np.sqrt(np.mean((sizes @ costs / times - 1) ** 2))
