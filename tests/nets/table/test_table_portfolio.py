"""Designs for tables: each is one of the space."""

import keras_tuner
import numpy as np
import pytest

from easynas.data.statistics import TableStatistics
from easynas.nets.table.portfolio import table_batch, table_networks, table_portfolio
from easynas.schema import Answer
from easynas.space.space import SearchSpace

CLASSES, NUMBERS = Answer("classes", 3), Answer("numbers", 1, (0.0,), (1.0,))


def table(rows: int) -> TableStatistics:
    return TableStatistics.learn({"numbers": np.random.default_rng(0).normal(size=(rows, 2)).astype("f4")}, ())


@pytest.mark.parametrize("answer", [CLASSES, NUMBERS])
@pytest.mark.parametrize("rows", [100, 5_000, 30_000])
def test_every_design_consists_of_choices_of_the_space(rows: int, answer: Answer) -> None:
    statistics = table(rows)
    hp = keras_tuner.HyperParameters()
    table_networks(answer, statistics).declare(hp)
    space = SearchSpace(hp)
    offered = {choice.name: getattr(choice, "values", None) for choice in hp.space}
    designs = table_portfolio(answer, statistics)
    assert len({str(sorted(design.items())) for design in designs}) == len(designs) >= 5
    for design in designs:
        own = {name: value for name, value in design.items() if not name.startswith("train/")}
        assert set(own) <= set(space.names)
        assert all(offered[name] is None or value in offered[name] for name, value in own.items())
        assert all(name == "network" or name.startswith(f"{own['network']}/") for name in own)


def test_batches_grow_with_the_table() -> None:
    assert [table_batch(rows) for rows in (1, 700, 5_000, 8_000, 1_000_000)] == [32, 32, 128, 128, 256]


def test_labels_are_smoothed_only_where_there_are_several_classes() -> None:
    statistics = table(100)
    smoothing = [table_portfolio(answer, statistics)[0]["train/smoothing"] for answer in (CLASSES, NUMBERS)]
    assert smoothing == [0.1, 0.0]
