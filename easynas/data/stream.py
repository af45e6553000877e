"""Samples that come in batches, from a `tf.data.Dataset` or a Keras `PyDataset`: read once, without holding them all.

Images go into a file without a name, which is gone with the last map of it, whatever happens to the process. Texts,
tables and what is to be predicted are held in memory.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from easynas.data.pixels import LARGE_BYTES
from easynas.data.spool import Spool
from easynas.errors import InputError

_RANKS = {"images": 2, "texts": 0, "tables": 1}  # dimensions of one sample, at least
_REGROUPED = 64  # samples of an unbatched pipeline that are read at a time
_CHANNELS = (1, 2, 3, 4)
_ADVICE = "A dataset must give `(x, y)` or `(x, y, sample_weight)`, or `x` alone to predict."


class Given(NamedTuple):
    """Samples as the user gave them, or some of them.

    Attributes:
        x: samples.
        y: what to predict; None where it is not known.
        weights: how much each sample counts; None: all the same.
        warnings: sentences about what was not taken in.
    """

    x: Any
    y: Any = None
    weights: Any = None
    warnings: tuple[str, ...] = ()


def is_stream(x: Any) -> bool:
    """Whether `x` is a `tf.data.Dataset` or a Keras `PyDataset`, found out without importing either."""
    return _is_pipeline(x) or _is_sequence(x)


def take_in(
    x: Any,
    y: Any,
    weights: Any,
    *,
    kind: str,
    folder: Path | None = None,
    seconds: float = float("inf"),
    on_progress: Callable[[int], None] | None = None,
) -> Given:
    """Returns samples that can be read again and again; what is no stream comes back as it is.

    Args:
        x: samples, or a stream of `(x, y)` or `(x, y, sample_weight)`.
        y: what to predict; None where the stream tells.
        weights: how much each sample counts, or None.
        kind: "images", "texts" or "tables".
        folder: on whose disk images are put; None: the one for temporary files.
        seconds: time that reading may take. A longer stream is cut, with a warning.
        on_progress: told how many samples are read, after each batch.

    Raises:
        InputError: the stream is endless, gives no samples, or something else than such pairs.
        StudyError: there is no room for its images.
    """
    if not is_stream(x):
        return Given(x, y, weights)
    _require_end(x)
    spool = Spool(folder) if kind == "images" else None
    until, count = time.monotonic() + seconds, 0
    parts: list[Given] = []
    warnings: tuple[str, ...] = ()
    for piece in _batches(x, kind):
        parts.append(piece if spool is None else piece._replace(x=spool.append(piece.x)))
        count += len(piece.x)
        if on_progress is not None:
            on_progress(count)
        if time.monotonic() > until:
            warnings = (_cut(count, seconds),)
            break
    given = joined(parts, y, weights)._replace(warnings=warnings)
    return given if spool is None else given._replace(x=spool.array())


def _cut(count: int, seconds: float) -> str:
    return (
        f"Of the dataset the first {count:,} samples are used: reading more would have taken over {seconds:.0f} s. "
        "Give a larger budget, or a dataset that is shuffled."
    )


def pieces(x: Any, *, kind: str) -> Iterator[Given]:
    """Samples to predict, in pieces small enough for memory: batches of a stream, slices of a large array, or all."""
    if is_stream(x):
        _require_end(x)
        yield from _batches(x, kind)
    elif isinstance(x, np.ndarray) and x.ndim > 2 and x.nbytes > LARGE_BYTES:
        step = max(1, LARGE_BYTES // x[0].nbytes)
        for start in range(0, len(x), step):
            yield Given(x[start : start + step])
    else:
        yield Given(x)


def joined(parts: list[Given], y: Any = None, weights: Any = None) -> Given:
    """Returns pieces as one, with what was given beside them.

    Raises:
        InputError: there are none, or they bring what was given beside them, too.
    """
    if not parts:
        raise InputError(f"{_ADVICE} Received one without samples.")
    labels = [part.y for part in parts if part.y is not None]
    shares = [part.weights for part in parts if part.weights is not None]
    return _with(Given(_concatenated([part.x for part in parts]), _together(labels), _together(shares)), y, weights)


def _with(given: Given, y: Any, weights: Any) -> Given:
    for name, inside, beside in (("y", given.y, y), ("sample_weight", given.weights, weights)):
        if inside is not None and beside is not None:
            raise InputError(
                f"`{name}` must be None where `x` is a dataset that gives it. Received both; leave it out."
            )
    return given._replace(y=given.y if y is None else y, weights=given.weights if weights is None else weights)


def _concatenated(parts: list[Any]) -> Any:
    if isinstance(parts[0], pd.DataFrame):
        return pd.concat(parts, ignore_index=True)
    return np.concatenate(parts)


def _together(parts: list[np.ndarray]) -> np.ndarray | None:
    return np.concatenate(parts) if parts else None


def _batches(x: Any, kind: str) -> Iterator[Given]:
    source = _of_pipeline(x, kind) if _is_pipeline(x) else (x[index] for index in range(len(x)))
    for element in source:
        parts = element if isinstance(element, tuple | list) else (element,)
        if not 1 <= len(parts) <= 3:
            raise InputError(f"{_ADVICE} Received elements of {len(parts)} parts.")
        samples, *others = parts
        y, weights = [None if part is None else _plain(part) for part in (*others, None, None)][:2]
        yield Given(_samples(samples, kind), y, weights)


def _of_pipeline(x: Any, kind: str) -> Iterator[Any]:
    """The batches of a `tf.data.Dataset`, which are made where it gives samples one by one."""
    import tensorflow as tf

    batched = x if _is_batched(x.element_spec, kind) else x.batch(_REGROUPED)
    try:
        yield from batched.as_numpy_iterator()
    except (tf.errors.InvalidArgumentError, tf.errors.DataLossError, tf.errors.NotFoundError) as error:
        said = str(error).splitlines()[0][:200]
        raise InputError(
            f"A dataset must give all samples in one shape. Received an error from it: {said} "
            "Resize images to one size inside the dataset, and check its files."
        ) from error


def _is_batched(spec: Any, kind: str) -> bool:
    """Whether elements are batches, told from the shapes that the pipeline declares.

    Three dimensions may be one colour image or a batch of grey ones; then the labels decide, or the sizes.
    """
    parts = spec if isinstance(spec, tuple | list) else (spec,)
    x = parts[0]
    if isinstance(x, Mapping):
        return bool(next(iter(x.values())).shape.rank)
    if isinstance(x, tuple | list):
        raise InputError(f"{_ADVICE} Received {len(x)} inputs as `x`; give one.")
    shape = x.shape
    if shape.rank is None:
        raise InputError(f"{_ADVICE} Received one of unknown shape; declare it, for example with `ensure_shape`.")
    if kind != "images" or shape.rank != 3:
        return bool(shape.rank > _RANKS[kind])
    if len(parts) > 1 and parts[1].shape.rank == 0:
        return False
    return shape[0] is None or shape[-1] not in _CHANNELS


def _samples(x: Any, kind: str) -> Any:
    """A batch of samples: images as an array, texts as objects, a table as a DataFrame."""
    if isinstance(x, Mapping):
        if kind != "tables":
            raise InputError(f"{_ADVICE} Received a dict of {sorted(x)} as `x`; only tables have named columns.")
        return pd.DataFrame({name: _column(cells) for name, cells in x.items()})
    if isinstance(x, tuple | list):
        raise InputError(f"{_ADVICE} Received {len(x)} inputs as `x`; give one.")
    plain = _plain(x)
    return pd.DataFrame(plain) if kind == "tables" else plain


def _column(cells: Any) -> np.ndarray:
    plain = _plain(cells)
    return plain[:, 0] if plain.ndim == 2 and plain.shape[1] == 1 else plain


def _plain(values: Any) -> np.ndarray:
    """An array of numbers, or of text where TensorFlow gives bytes."""
    array = np.asarray(values)
    if array.dtype.kind in "SO" and array.size and isinstance(array.flat[0], bytes):
        texts = [each.decode("utf-8", "replace") for each in array.flat]
        return np.array(texts, dtype=object).reshape(array.shape)
    return array


def _require_end(x: Any) -> None:
    endless = int(x.cardinality()) == -1 if _is_pipeline(x) else x.num_batches is None
    if endless:
        raise InputError("A dataset must end. Received one that repeats for ever; leave `repeat()` out, or `take(n)`.")


def _is_pipeline(x: Any) -> bool:
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(x, tensorflow.data.Dataset)


def _is_sequence(x: Any) -> bool:
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(x, keras.utils.PyDataset)
