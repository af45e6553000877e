"""What is taken from a date besides the days that went by."""

import numpy as np

from easynas.data.scaling import Scaling

DAY, HOUR = 86_400.0, 3_600.0  # seconds

PARTS = ("month", "day", "weekday", "hour")
"""What is taken from a date besides the days that went by; Monday is weekday 0, hours have fractions."""

PART_SIZES = {"month": 13, "day": 32, "weekday": 7, "hour": 24}
"""Codes of every part from 0, whether they all exist or not."""
PART_SCALING = {
    "month": Scaling(6.5, 5.5),
    "day": Scaling(16.0, 15.0),
    "weekday": Scaling(3.0, 3.0),
    "hour": Scaling(12.0, 12.0),
}


def date_part(read: np.ndarray, part: str) -> np.ndarray:
    """One of `PARTS` of dates in seconds since 1970, float64 `(n,)`, NaN where there is no date."""
    absent = np.isnan(read)
    moment = np.where(absent, 0, read).astype(np.int64)
    days, second = np.divmod(moment, int(DAY))
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    match part:
        case "month":
            found = (months.astype(np.int64) % 12 + 1).astype(np.float64)
        case "day":
            found = (days - months.astype("datetime64[D]").astype(np.int64) + 1).astype(np.float64)
        case "weekday":
            found = ((days + 3) % 7).astype(np.float64)  # 1970 began on a Thursday
        case _:
            found = second * (1.0 / HOUR)
    return np.where(absent, np.nan, found)
