"""The mathematics of several losses: who beats whom, which points are the front, and how good a front is.

Points are rows of `losses`, `(points, objectives)`, smaller is better, without NaN. A point with an infinite loss was
not measured: it is behind every measured one, is never part of a front and covers no volume. Equal points share a rank.

Sorting and crowding are those of NSGA-II (Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm",
section III); volumes are exact, by slicing objectives (While et al. 2006, "A faster algorithm for calculating
hypervolume", HSO), and by a sweep where two are left.
"""

import numpy as np


def dominates(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether `a` is nowhere worse than `b` and better somewhere.

    Args:
        a: losses `(..., objectives)`.
        b: losses that broadcast against those of `a`.

    Returns:
        Booleans `(...,)`.
    """
    return np.asarray((a <= b).all(axis=-1) & (a < b).any(axis=-1))


def front(losses: np.ndarray) -> np.ndarray:
    """Which measured points no other dominates, as a mask `(points,)`; equal ones are all in it."""
    left = np.flatnonzero(np.isfinite(losses).all(axis=1))
    left = left[np.lexsort(losses[left].T[::-1])]
    mask = np.zeros(len(losses), bool)
    while len(left):  # the first in lexical order can be dominated by none behind it
        best, left = left[0], left[1:]
        mask[best] = True
        left = left[~dominates(losses[best], losses[left])]
    return mask


def ranks(losses: np.ndarray, violations: np.ndarray | None = None) -> np.ndarray:
    """The front that each point is in, from 0: the second front is what would be the front without the first.

    Args:
        losses: `(points, objectives)`.
        violations: `(points,)`, how far each is from keeping the constraints, 0 if it does; None: all do. As in the
            paper (section VI) every feasible point is before every infeasible one, and of two of these the one nearer
            to feasibility comes first.

    Returns:
        Integers `(points,)`; points that were not measured have the largest.
    """
    excess = np.zeros(len(losses)) if violations is None else violations
    measured = np.isfinite(losses).all(axis=1) & np.isfinite(excess)
    feasible, infeasible = measured & (excess == 0.0), measured & (excess > 0.0)
    places = np.zeros(len(losses), int)
    places[feasible] = _peel(losses[feasible])
    levels, places[infeasible] = np.unique(excess[infeasible], return_inverse=True)
    fronts = int(places[feasible].max(initial=-1)) + 1
    places[infeasible] += fronts
    places[~measured] = fronts + len(levels)
    return places


def crowding(losses: np.ndarray) -> np.ndarray:
    """How far each point of one front is from its neighbours, `(points,)`: the sum of the gaps around it.

    A gap is a share of the front's extent in one objective, and the ends of that extent are infinitely far from others.
    An objective in which all are equal tells nobody apart, and points that were not measured have distance 0.
    """
    distances = np.zeros(len(losses))
    measured = np.flatnonzero(np.isfinite(losses).all(axis=1))
    for column in losses[measured].T:
        order = np.argsort(column, kind="stable")
        ascending, members = column[order], measured[order]
        if len(members) and ascending[-1] > ascending[0]:
            distances[members[[0, -1]]] = np.inf
            distances[members[1:-1]] += (ascending[2:] - ascending[:-2]) / (ascending[-1] - ascending[0])
    return distances


def knee(losses: np.ndarray) -> int:
    """The index of the front's best compromise: the point farthest below the line between the front's ends.

    The distance is that of Das 1999 ("On characterizing the knee of the Pareto curve based on normal-boundary
    intersection"), with every objective scaled to the front's extent. With more than two objectives the line becomes
    the plane that cuts every axis at 1, and not, as in the paper, the one through the best points of each objective:
    that one need not face the front. Of equal compromises the first counts.

    Raises:
        ValueError: no point was measured.
    """
    members = np.flatnonzero(front(losses))
    if not len(members):
        raise ValueError("A knee needs a point with finite losses.")
    best, worst = losses[members].min(axis=0), losses[members].max(axis=0)
    extent = np.where(worst > best, worst - best, 1.0)
    return int(members[np.argmin(((losses[members] - best) / extent).sum(axis=1))])


def hypervolume(losses: np.ndarray, reference: np.ndarray) -> float:
    """The volume between the front and a reference point, exact for any number of objectives: larger is better.

    Args:
        losses: `(points, objectives)`, of a front or of any points.
        reference: `(objectives,)`, losses that are just not worth having; what is not below in all of them adds
            nothing. Fronts can be compared for the same reference only.
    """
    inside = losses[np.isfinite(losses).all(axis=1) & (losses < reference).all(axis=1)]
    return _volume(inside, reference)


def improvement(candidates: np.ndarray, losses: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The hypervolume that each candidate would add, if it alone joined the points.

    Args:
        candidates: `(candidates, objectives)`.
        losses: the points that there are, `(points, objectives)`; may be none.
        reference: as for `hypervolume`.

    Returns:
        Volumes `(candidates,)`, 0 for a candidate that adds none. With up to two objectives all are computed at once,
        with more one after the other.
    """
    inside = np.isfinite(candidates).all(axis=1) & (candidates < reference).all(axis=1)
    gains = np.zeros(len(candidates))
    points = losses[front(losses)]
    if candidates.shape[1] == 1:
        gains[inside] = np.maximum(np.append(points, reference).min() - candidates[inside, 0], 0.0)
    elif candidates.shape[1] == 2:
        gains[inside] = _area_gains(candidates[inside], points, reference)
    else:
        gains[inside] = [
            np.prod(reference - point) - hypervolume(np.maximum(points, point), reference)
            for point in candidates[inside]
        ]
    return np.maximum(gains, 0.0)  # a difference of equal volumes may round to less


def _peel(losses: np.ndarray) -> np.ndarray:
    """Takes off front after front; `(points,)` says when each was taken."""
    beats = dominates(losses[:, None], losses[None])
    beaten = beats.sum(axis=0)
    places = np.full(len(losses), -1)
    place = 0
    while (places < 0).any():
        current = (beaten == 0) & (places < 0)
        places[current] = place
        beaten = beaten - beats[current].sum(axis=0)
        place += 1
    return places


def _volume(points: np.ndarray, reference: np.ndarray) -> float:
    """The volume of points that are all below the reference."""
    points = points[front(points)]
    if not len(points):
        return 0.0
    if len(reference) == 1:
        return float(reference[0] - points[0, 0])
    points = points[np.argsort(points[:, -1], kind="stable")]
    depths = np.diff(points[:, -1], append=reference[-1])
    if len(reference) == 2:
        return float(((reference[0] - np.minimum.accumulate(points[:, 0])) * depths).sum())
    slices = (_volume(points[: i + 1, :-1], reference[:-1]) for i in range(len(points)))
    return float(sum(depth * area for depth, area in zip(depths, slices, strict=True)))


def _area_gains(candidates: np.ndarray, points: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Cuts what lies between each candidate and the front's stairs into strips, `(candidates, steps)`."""
    stairs = points[np.lexsort(points.T[::-1])]
    edges = np.minimum(np.concatenate([[-np.inf], stairs[:, 0], [reference[0]]]), reference[0])
    heights = np.minimum(np.concatenate([[reference[1]], stairs[:, 1]]), reference[1])
    x, y = candidates[:, :1], candidates[:, 1:]
    widths = np.maximum(edges[1:] - np.maximum(edges[:-1], x), 0.0)
    gains: np.ndarray = (widths * np.maximum(heights - y, 0.0)).sum(axis=1)
    return gains
