"""`fit`: what sizes cost, from times: least squares of relative errors, no cost below zero.

The active set method of Lawson and Hanson ("Solving Least Squares Problems", 1974, algorithm 23.10) with numpy alone.
"""

import numpy as np

_ENOUGH = 1e-9  # correlation with what is left from which on a column can still help
_ROUNDS = 3  # times the columns; the method ends after fewer in practice


def solve(matrix: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The `x >= 0` `(columns,)` that brings `matrix @ x` closest to `wanted`.

    Args:
        matrix: `(rows, columns)`.
        wanted: `(rows,)`.
    """
    columns = matrix.shape[1]
    x, active = np.zeros(columns), np.zeros(columns, bool)
    for _ in range(_ROUNDS * columns):
        slope = matrix.T @ (wanted - matrix @ x)
        slope[active] = -np.inf
        best = int(np.argmax(slope))
        if slope[best] <= _ENOUGH:
            break
        active[best] = True
        x = _feasible(matrix, wanted, x, active)
    return x


def _feasible(matrix: np.ndarray, wanted: np.ndarray, x: np.ndarray, active: np.ndarray) -> np.ndarray:
    """The best `x` in the active columns; those that would become negative leave `active` one after the other."""
    while active.any():
        free = np.zeros(len(x))
        free[active] = np.linalg.lstsq(matrix[:, active], wanted, rcond=None)[0]
        below = active & (free <= 0)
        if not below.any():
            return free
        steps = np.full(len(x), np.inf)
        steps[below] = x[below] / np.maximum(x[below] - free[below], np.finfo(float).tiny)
        first = int(np.argmin(steps))
        x = x + steps[first] * (free - x)
        # It is zero now but for rounding, which must not keep it.
        active[first] = False
        active &= x > 0
        x = np.where(active, x, 0.0)
    return np.zeros(len(x))


def fit(sizes: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, float]:
    """What each size costs, `(columns,)`, and the root mean square of the relative errors for times left out.

    Args:
        sizes: `(probes, columns)`.
        times: of the probes, `(probes,)`, above zero.
    """
    relative = sizes / times[:, None]
    scale = np.maximum(np.linalg.norm(relative, axis=0), np.finfo(float).tiny)
    columns = relative / scale
    costs = solve(columns, np.ones(len(times)))
    used = columns[:, costs > 0]
    # What a probe itself contributes to its prediction is the diagonal of the projection onto the used columns.
    own = np.sum(used * np.linalg.pinv(used).T, axis=1)
    errors = (columns @ costs - 1) / np.maximum(1 - own, 0.05)
    return costs / scale, float(np.sqrt(np.mean(np.minimum(errors**2, 9.0))))
