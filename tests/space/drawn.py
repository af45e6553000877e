"""Spaces as hypothesis draws them: every kind of choice, and conditions within conditions."""

from collections.abc import Iterator

import keras_tuner
from hypothesis import strategies as st

from easynas.space.space import SearchSpace, Values

SEEDS = st.integers(0, 2**31)
_SAMPLINGS = st.sampled_from(["linear", "log", "reverse_log"])


def _declare_choice(draw: st.DrawFn, hp: keras_tuner.HyperParameters, name: str) -> None:
    texts, integers, floats = ("relu", "gelu", "tanh"), (-3, 0, 1, 8), (-1.5, 0.1, 3.0)
    among = draw(st.sampled_from([texts, integers, floats]))
    values = draw(st.lists(st.sampled_from(among), min_size=1, max_size=3, unique=True))
    hp.Choice(name, values, ordered=False if among is texts else draw(st.sampled_from([None, False])))


def _declare_boolean(draw: st.DrawFn, hp: keras_tuner.HyperParameters, name: str) -> None:
    hp.Boolean(name, default=draw(st.booleans()))


def _declare_fixed(draw: st.DrawFn, hp: keras_tuner.HyperParameters, name: str) -> None:
    hp.Fixed(name, draw(st.sampled_from([True, 7, 0.5, "same"])))


def _declare_int(draw: st.DrawFn, hp: keras_tuner.HyperParameters, name: str) -> None:
    sampling = draw(_SAMPLINGS)
    low = draw(st.integers(-2, 3) if sampling == "linear" else st.integers(1, 3))
    step = draw(st.sampled_from([None, 2, 3]))
    # Not always a whole number of steps.
    hp.Int(name, low, low + draw(st.integers(0, 5)), step=step, sampling=sampling, default=low + 1)


def _declare_stepped_float(draw: st.DrawFn, hp: keras_tuner.HyperParameters, name: str) -> None:
    sampling, steps = draw(_SAMPLINGS), draw(st.integers(0, 3))
    if sampling == "linear":
        low, step = draw(st.sampled_from([0.0, -0.3, 0.1])), draw(st.sampled_from([0.1, 0.25]))
        hp.Float(name, low, low + steps * step, step=step)
    else:
        low, step = draw(st.sampled_from([0.1, 1e-4])), draw(st.sampled_from([2.0, 10.0]))
        hp.Float(name, low, low * step**steps, step=step, sampling=sampling)


def _declare_float(draw: st.DrawFn, hp: keras_tuner.HyperParameters, name: str) -> None:
    low = draw(st.sampled_from([0.1, 1e-4]))
    hp.Float(name, low, low + draw(st.sampled_from([0.0, 0.3, 100.0])), sampling=draw(_SAMPLINGS))


_FINITE = (_declare_choice, _declare_boolean, _declare_fixed, _declare_int, _declare_stepped_float)


@st.composite
def spaces(draw: st.DrawFn, *, finite: bool = False) -> SearchSpace:
    """A space with up to two levels of conditions; with `finite`, one without continuous choices."""
    hp = keras_tuner.HyperParameters()
    kinds = _FINITE if finite else (*_FINITE, _declare_float)

    def declare(prefix: str, depth: int) -> None:
        for index in range(draw(st.integers(1, 2 if depth else 3))):
            name = f"{prefix}{index}"
            draw(st.sampled_from(kinds))(draw, hp, name)
            parent = hp.space[-1]
            if depth == 2 or not isinstance(parent, keras_tuner.engine.hyperparameters.Choice):
                continue
            # Scopes of one parent use the same names for choices of their own.
            for value in parent.values[: draw(st.integers(0, 2))]:
                with hp.conditional_scope(name, [value]):
                    declare(f"{name}/", depth + 1)

    declare("", 0)
    return SearchSpace(hp)


def genotypes(space: SearchSpace, values: Values | None = None, index: int = 0) -> Iterator[Values]:
    """Every genotype of a finite space, by trying every value of every active choice."""
    values = values or {}
    if index == len(space.dimensions):
        yield values
        return
    dimension = space.dimensions[index]
    active = dimension.active(values)
    for value in dimension.values() if active else [None]:
        yield from genotypes(space, {**values, dimension.name: value} if active else values, index + 1)
