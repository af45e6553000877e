"""The table encoder as Keras layers: raw columns in, the arrays of `TableEncoder.encode` out, number for number.

Everything is a built-in layer or an operation of `keras.ops`, so the file loads where easynas is not installed. Text
is cut into characters and words by `TextVectorization` and looked up by `StringLookup`, dates are put together from
their digits. Two things are left to whoever calls the model, because no built-in layer does them:
- numbers that came as text must be given as numbers, NaN where they are missing;
- dates must be given as ISO text, `2024-01-31` or `2024-01-31 23:59:00`, "" where they are missing.
Calling the model takes numpy arrays. `model.predict` takes text as `tf.constant` only, and rounds numbers to float32
before the model sees them, which is a difference in the last digits.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from easynas.data.columns import (
    ABSENT,
    FIRST,
    UNKNOWN,
    CategoryColumn,
    DateColumn,
    NumberColumn,
    TextColumn,
    Used,
)
from easynas.data.dates import (
    DAY,
    HOUR,
    PART_SCALING,
)
from easynas.data.scaling import (
    LIMIT,
    Scaling,
)
from easynas.data.table import TableEncoder
from easynas.deploy.texts import gram_ids
from easynas.runtime.topics import Topics

Tensors = dict[str, Any]

_DIGITS = list("0123456789")
_ISO_LENGTH = len("2024-01-31 23:59:00")
_PLACES = {"year": (0, 4), "month": (5, 7), "day": (8, 10), "hour": (11, 13), "minute": (14, 16), "second": (17, 19)}
_EPOCH = 719_468  # days from 1 March of the year 0 to 1 January 1970


def tabulate(encoder: TableEncoder) -> tuple[Tensors, Tensors]:
    """Returns the raw inputs and the encoded arrays of a Keras model.

    Args:
        encoder: of the table.

    Returns:
        Keras inputs `(batch, 1)` by the names of `encoder.input_names`: float64 for numbers, text for the rest; and the
        tensors that they become, by the names of `encoder.inputs`.
    """
    inputs, numbers, categories = {}, [], []
    for column, name in zip(encoder.used, encoder.input_names, strict=True):
        dtype = "float64" if _is_numeric(column) else "string"
        inputs[name] = keras.Input((1,), dtype=dtype, name=name)
        more_numbers, more_categories = _encoded(column, inputs[name])
        numbers += more_numbers
        categories += more_categories
    encoded = {}
    if numbers:
        encoded["numbers"] = ops.concatenate(numbers, axis=-1)
    if categories:
        encoded["categories"] = ops.concatenate(categories, axis=-1)
    return inputs, encoded


def _is_numeric(column: Used) -> bool:
    return isinstance(column, NumberColumn) or (isinstance(column, CategoryColumn) and column.numeric)


def _encoded(column: Used, x: Any) -> tuple[list[Any], list[Any]]:
    """Number tensors float32 and category tensors int32, each `(batch, 1)`, in the order of `encode`."""
    match column:
        case NumberColumn():
            coded = [_number_codes(x, column.values)] if column.values else []
            return [_scaled(x, column.scaling)], coded
        case CategoryColumn():
            if column.numeric:
                return [], [_number_codes(x, [float(value) for value in column.values])]
            return [], [_text_codes(x, column.absent, [str(value) for value in column.values])]
        case DateColumn():
            return _date(column, x)
        case TextColumn():
            known = ops.not_equal(_text_codes(x, column.absent, []), ABSENT)
            lengths = [ops.where(known, _count(x, split), np.nan) for split in ("character", "whitespace")]
            scaled = [_scaled(each, by) for each, by in zip(lengths, (column.length, column.words), strict=True)]
            topics = [] if column.topics is None else _topics(column.topics, x, known)
            return [*scaled, *topics], []


def _topics(topics: Topics, x: Any, known: Any) -> list[Any]:
    """How much of every topic is in a text, as `Topics.numbers`."""
    ids = ops.where(known, gram_ids(x, topics.tokenizer), np.int32(0))
    # The numbers are whole and below 2^24, so the layer's 32-bit floats hold them exactly.
    table = np.concatenate([topics.vectors, np.square(topics.weights.astype(np.int32))[:, None]], axis=1)
    layer = layers.Embedding(*table.shape, trainable=False, embeddings_initializer="zeros", dtype="float32")
    sums = ops.sum(ops.cast(layer(ids), "float64"), axis=1)
    layer.set_weights([table])
    length = ops.sqrt(ops.maximum(sums[:, -1:], 1.0))
    numbers = ops.cast(sums[:, :-1] / length * np.array(topics.scale), "float32")
    return [numbers[:, topic : topic + 1] for topic in range(len(topics.scale))]


def _scaled(x: Any, scaling: Scaling) -> Any:
    """`Scaling.apply`, and NaN where a number is infinite."""
    scaled = ops.clip((x - scaling.centre) * (1.0 / scaling.scale), -LIMIT, LIMIT)
    return ops.cast(ops.where(ops.isfinite(x), scaled, np.nan), "float32")


def _number_codes(x: Any, values: Any) -> Any:
    codes = np.arange(FIRST, FIRST + len(values), dtype=np.int32)
    # At most one of the values is equal, so the sum is its code less 1, or 0.
    equal = ops.cast(ops.equal(x, np.array(values, np.float64)), "int32")
    code = ops.sum(equal * (codes - UNKNOWN), axis=-1, keepdims=True) + UNKNOWN
    return ops.cast(ops.where(ops.isfinite(x), code, ABSENT), "int32")


def _text_codes(x: Any, absent: tuple[str, ...], values: list[str]) -> Any:
    vocabulary = [*absent, *values]
    stranger = "[UNK]"
    while stranger in vocabulary:
        stranger += "_"
    found = layers.StringLookup(vocabulary=vocabulary, mask_token=None, oov_token=stranger)(x)
    # 0 is none of them, then come the texts that mean missing, then the categories.
    code = ops.where(ops.less_equal(found, len(absent)), ABSENT, found - (len(absent) + 1) + FIRST)
    return ops.cast(ops.where(ops.equal(found, 0), UNKNOWN, code), "int32")


def _count(x: Any, split: str) -> Any:
    """How many characters or words a text has, float64."""
    pieces = layers.TextVectorization(standardize=None, split=split, vocabulary=_DIGITS)(x)
    return ops.sum(ops.cast(ops.not_equal(pieces, 0), "float64"), axis=-1, keepdims=True)


def _date(column: DateColumn, x: Any) -> tuple[list[Any], list[Any]]:
    cut = layers.TextVectorization(
        standardize=None, split="character", output_sequence_length=_ISO_LENGTH, vocabulary=_DIGITS
    )
    # Characters are 0 beyond the end, 1 if they are no digit, and from 2 on if they are.
    digits = ops.maximum(cut(x) - 2, 0)
    year, month, day, hour, minute, second = (
        sum(digits[:, place : place + 1] * 10 ** (end - 1 - place) for place in range(start, end))
        for start, end in _PLACES.values()
    )
    days = _days(year, month, day)
    time = ops.cast(hour * 3600 + minute * 60 + second, "float64")
    known = ops.greater(month, 0)
    whole = {"month": month, "day": day, "weekday": ops.mod(days + 3, 7), "hour": hour}
    exact = {name: ops.cast(part, "float64") for name, part in whole.items()} | {"hour": time * (1.0 / HOUR)}
    elapsed = (ops.cast(days, "float64") * DAY + time) * (1.0 / DAY)
    scaled = [(elapsed, column.elapsed), *((exact[part], PART_SCALING[part]) for part in column.parts)]
    numbers = [_scaled(ops.where(known, number, np.nan), scaling) for number, scaling in scaled]
    categories = [ops.cast(ops.where(known, whole[part] + FIRST, ABSENT), "int32") for part in column.parts]
    return numbers, categories


def _days(year: Any, month: Any, day: Any) -> Any:
    """Days since 1970. Years begin in March, so that the day that leap years have more is their last."""
    late = ops.cast(ops.less_equal(month, 2), "int64")
    year = year - late
    month = month - 3 + 12 * late
    leap = year // 4 - year // 100 + year // 400
    return 365 * year + leap + (153 * month + 2) // 5 + day - 1 - _EPOCH
