"""The choices that decide are found, and the shares are those of the definition."""

import itertools

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from easynas.report.importance import FEWEST, importances, marginal_shares
from easynas.search.trial import Done, Failed, Job, Trial


def trials(count: int = 60) -> list[Trial]:
    """Scores that depend on the width strongly, on the rate a little, and on the colour not at all."""
    rng = np.random.default_rng(0)
    made: list[Trial] = []
    for number in range(count):
        width, rate, colour = int(rng.integers(1, 9)), float(rng.choice([0.5, 1.0])), str(rng.choice(["red", "blue"]))
        values = {"net/width": width, "train/rate": rate, "colour": colour}
        made.append(Done(Job(number, values), 0.5 + 0.05 * width + 0.02 * rate, 1.0))
    return made


def test_the_choice_that_decides_comes_first() -> None:
    first, second, third = importances(trials())
    assert (first.choice, first.best) == ("net/width", "8")
    assert first.share > 0.9
    assert second.share < 0.1
    assert third.share < 0.05


def test_the_shares_are_variances_of_means_over_all_other_choices() -> None:
    rng = np.random.default_rng(1)
    columns = [rng.integers(0, 4, 40).astype(float), rng.integers(0, 3, 40).astype(float), rng.normal(size=40)]
    y = columns[0] * columns[1] + 0.3 * columns[2]
    tree = DecisionTreeRegressor(max_depth=4, random_state=0).fit(np.stack(columns, axis=1), y)
    grids = [np.unique(column, return_counts=True) for column in columns]
    points = np.asarray(list(itertools.product(*(values for values, _ in grids))))
    weights = np.asarray([np.prod(each) for each in itertools.product(*(counts / 40 for _, counts in grids))])
    answers = tree.predict(points)
    mean = weights @ answers
    variance = weights @ (answers - mean) ** 2
    for choice, (values, _) in enumerate(grids):
        marginal = 0.0
        for value in values:
            at = points[:, choice] == value
            marginal += weights[at].sum() * (np.average(answers[at], weights=weights[at]) - mean) ** 2
        assert marginal_shares(tree.tree_, columns)[choice] == pytest.approx(marginal / variance)


def test_a_choice_that_only_some_networks_have_is_compared_with_its_absence() -> None:
    made: list[Trial] = []
    for number in range(30):
        tall = number % 3 == 0
        values = {"network": "tower" if tall else "flat", **({"tower/height": 2 + number % 2} if tall else {})}
        made.append(Done(Job(number, values), 0.9 if tall else 0.6, 1.0))
    found = {each.choice: each for each in importances(made)}
    assert found["network"].best == "tower"
    assert found["network"].share + found["tower/height"].share > 0.5


@pytest.mark.parametrize(
    "made",
    [
        trials(FEWEST - 1),
        [Failed(Job(number, {"width": number}), "out of memory", 1.0) for number in range(20)],
        [Done(Job(number, {"width": number}), 0.5, 1.0) for number in range(20)],
        [Done(Job(number, {"width": number}), number / 20, 1.0, fidelity=0.3) for number in range(20)],
        [Done(Job(number, {"width": number}, reference=True), number / 20, 1.0) for number in range(20)],
    ],
    ids=["too few", "failed", "equal", "dropped", "references"],
)
def test_where_nothing_can_be_said_nothing_is(made: list[Trial]) -> None:
    assert importances(made) == []


def test_a_collapsed_network_does_not_hide_what_decides_among_the_good() -> None:
    collapsed = [
        Done(Job(100 + n, {"net/width": 1 + n, "train/rate": 0.5, "colour": "red"}), -50.0, 1.0) for n in range(2)
    ]
    assert importances([*trials(), *collapsed])[0].choice == "net/width"
