"""`Untrained`: the proxies of a genotype's network, built once, measured, and gone."""

import gc
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import keras
import keras_tuner
import numpy as np

from easynas.errors import InputError
from easynas.nets import cost
from easynas.nets.block import Block
from easynas.nets.network import model_of
from easynas.space.dimension import Value
from easynas.space.space import SearchSpace
from easynas.train.proxies import SynapticFlow, naswot

NAMES = ("naswot", "synflow", "log_synflow", "parameters", "macs")
# Every activation of the batch is held at once. On 80 cells of NAS-Bench-201 the codes of 32 images rank as the
# published ones do (Spearman 0.998).
BATCH = 32


@dataclass(frozen=True)
class Measured:
    """What was measured of one network.

    Attributes:
        proxies: value of each by name, larger is better.
        seconds: what building and measuring took.
    """

    proxies: Mapping[str, float]
    seconds: float


class Untrained:
    """Measures of untrained networks for `easynas.strategies.create(..., proxies=Untrained(...).proxies)`.

    A genotype is built once, whichever proxies are asked for, and choices that are not the network's own change
    nothing. Networks live in a thread of their own: Keras' names, seeds and precision there are not the caller's.
    Each is gone when it is measured. About a megabyte stays behind in TensorFlow's cache of kernels for every new
    network, which only a reset of the caller's whole Keras session would empty: measure thousands in another process,
    for instance with `easynas.engines.aside`.

    Args:
        network: what the genotypes describe, from images to an output.
        shape: of an image, `(height, width, channels)`.
        batch: images `(batch, height, width, channels)` for the codes of `naswot`, raw as `network` takes them, at
            least two; None: 32 of normal noise, for a network that does not normalize its input.
        seed: of the first weights, and of the noise.
        names: what to measure, out of "naswot", "synflow", "log_synflow", "parameters" and "macs".

    Raises:
        InputError: an unknown name, none or one twice, or images of another shape.
    """

    def __init__(
        self,
        network: Block,
        shape: tuple[int, ...],
        *,
        batch: np.ndarray | None = None,
        seed: int = 0,
        names: Sequence[str] = ("naswot", "log_synflow", "parameters", "macs"),
    ) -> None:
        _check_names(names)
        if batch is None:
            batch = np.random.default_rng(seed).standard_normal((BATCH, *shape), dtype="float32")
        if batch.shape[1:] != tuple(shape) or len(batch) < 2:
            raise InputError(
                f"`batch` must be two or more images of shape {tuple(shape)}. Received: shape {batch.shape}."
            )
        self.network = network
        self.shape = tuple(shape)
        self.batch = batch
        self.seed = seed
        self.names = tuple(names)
        self._space = _space(network)
        self._measured: dict[str, Measured] = {}

    @property
    def proxies(self) -> tuple[Callable[[Mapping[str, Value]], float], ...]:
        """A function of a genotype for each of `names`."""
        return tuple(partial(self._one, name) for name in self.names)

    @property
    def seconds(self) -> tuple[float, ...]:
        """What each network so far took."""
        return tuple(each.seconds for each in self._measured.values())

    def measure(self, values: Mapping[str, Value]) -> Measured:
        """All of `names` for the network that `values` describe."""
        own = {name: value for name, value in values.items() if name in self._space.names}
        key = self._space.key(own)
        if key not in self._measured:
            with own_random_state(f"{self.seed} {key}"):
                self._measured[key] = _in_a_thread(partial(self._measure, self._space.canonical(own)))
        return self._measured[key]

    def _one(self, name: str, values: Mapping[str, Value]) -> float:
        return self.measure(values).proxies[name]

    def _measure(self, values: Mapping[str, Value]) -> Measured:
        started = time.monotonic()
        model = model_of(self.network, values, self.shape)
        flow = SynapticFlow(model)
        proxies = {name: self._proxy(name, model, flow) for name in self.names}
        return Measured(proxies, time.monotonic() - started)

    def _proxy(self, name: str, model: keras.Model, flow: SynapticFlow) -> float:
        match name:
            case "naswot":
                return naswot(model, self.batch)
            case "synflow":
                return flow.synflow()
            case "log_synflow":
                return flow.log_synflow()
            case "parameters":
                return float(cost.parameters(model))
        return float(cost.macs(model))


def _space(network: Block) -> SearchSpace:
    hp = keras_tuner.HyperParameters()
    network.declare(hp)
    return SearchSpace(hp)


def _check_names(names: Sequence[str]) -> None:
    if isinstance(names, str) or not names or len(set(names)) < len(names) or not set(names) <= set(NAMES):
        raise InputError(f"`names` must be some of {list(NAMES)}, each once. Received: {names!r}.")


@contextmanager
def own_random_state(seed: int | str) -> Iterator[None]:
    """Keras draws the seed of every initializer from Python's own generator; the user's is back afterwards."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


def _in_a_thread(measure: Callable[[], Measured]) -> Measured:
    """Keras' global state is a thread's own and ends with it, so nothing of the caller's has to be cleared."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        measured = thread.submit(measure).result()
    gc.collect()  # layers and their tensors refer to each other
    return measured
