"""A small invented table with a column of every kind."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd


def orders(rows: int = 60, seed: int = 0) -> dict[str, list[Any]]:
    """Orders of a shop, with something missing in most columns."""
    rng = np.random.default_rng(seed)
    days = [dt.datetime(2023, 11, 1) + dt.timedelta(hours=int(hour)) for hour in rng.integers(0, 5000, rows)]
    weights = np.round(rng.lognormal(3, 1, rows), 2).tolist()
    table: dict[str, list[Any]] = {
        "order_id": [1000 + row for row in rng.permutation(rows).tolist()],
        "weight": [None if row % 7 == 3 else weight for row, weight in enumerate(weights)],
        "price": ["NA" if row % 11 == 2 else f"{value:.2f}" for row, value in enumerate(rng.normal(1e6, 3, rows))],
        "colour": [
            "?" if row % 9 == 4 else str(value) for row, value in enumerate(rng.choice(["red", "blue", "green"], rows))
        ],
        "grade": rng.integers(1, 6, rows).tolist(),
        "paid": [bool(value) for value in rng.integers(0, 2, rows)],
        "ordered": [None if row % 13 == 5 else f"{day:%Y-%m-%d %H:%M:%S}" for row, day in enumerate(days)],
        "delivered": [day + dt.timedelta(days=2, minutes=5) for day in days],
        "comment": [
            "" if row % 8 == 1 else f"number {row} was really " + "very " * (row % 4) + "good" for row in range(rows)
        ],
        "code": [f"K{row:05d}" for row in range(rows)],
        "country": ["here"] * rows,
        "zip/area": [f"0{value}" for value in rng.integers(1000, 1006, rows)],
        "shop": rng.choice([17, 401], rows).tolist(),
    }
    return table


def frame_of_orders(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    return pd.DataFrame(orders(rows, seed))
