"""`check_block`: the contract of a `Block`, for everybody who writes one."""

from collections.abc import Mapping
from unittest import mock

import keras
import keras_tuner
import numpy as np

from easynas.data.images import ImageEncoder
from easynas.data.reduction import reduction
from easynas.data.target import ClassTarget
from easynas.deploy.bundle import Bundle
from easynas.deploy.measure import Interpreter
from easynas.deploy.quantize import quantize
from easynas.nets.block import Block
from easynas.nets.network import precision
from easynas.schema import ImageSchema
from easynas.space.dimension import Value
from easynas.space.space import SearchSpace

_SAMPLES = 2  # enough to calibrate a network without training
_BFLOAT16_ERROR, _INT8_ERROR = 0.1, 0.35
"""Largest difference from the float32 output, as a share of it. Blocks of 100 layers reach 0.013 in bfloat16, and in
int8 0.06 with relu and 0.16 with hard swish."""


def check_block(block: Block, shape: tuple[int, ...] = (32, 32, 3), samples: int = 3, seed: int = 0) -> None:
    """Checks that `block` keeps its promises, with its default choices and `samples` random ones.

    Declaring is repeatable, builds no layer, does not depend on values, and covers all that building reads. Every set
    of choices builds and gives finite numbers; built again, in mixed bfloat16, it takes the same weights and gives
    about the same numbers; and so does its full-int8 TFLite form, of built-in operators alone.

    Args:
        block: an instance; one whose `name` is None is a composition and may declare choices under any name.
        shape: of one input without the batch, `(height, width, channels)` for images.
        samples: number of random sets of choices.
        seed: start of all draws.

    Raises:
        AssertionError: what the block does wrong, and for which values.
        ExportError: an operator that TFLite or its int8 form does not have.
    """
    space = _check_declare(block)
    rng = np.random.default_rng(seed)
    chosen = [{}] if space is None else [space.default(), *(space.sample(rng) for _ in range(samples))]
    for values in chosen:
        _check_build(block, values, shape, rng)


def _check_declare(block: Block) -> SearchSpace | None:
    """The declared space; None where there is nothing to choose."""
    hp = keras_tuner.HyperParameters()
    message = f"{block}.declare must build no layer: the space is read before any network exists."
    with mock.patch.object(keras.layers.Layer, "__init__", side_effect=AssertionError(message)):
        block.declare(hp)
    once = hp.get_config()["space"]
    block.declare(hp)
    assert hp.get_config()["space"] == once, f"{block}.declare must change nothing when called again."
    prefix = "" if block.name is None else f"{block.name}/"
    strangers = [choice.name for choice in hp.space if not choice.name.startswith(prefix)]
    assert not strangers, f"Choices of {block} must start with {prefix!r}. Received: {strangers}."
    if not once:
        return None
    space = SearchSpace(hp)
    _check_independence(block, space, once)
    return space


def _check_independence(block: Block, space: SearchSpace, declared: object) -> None:
    """Values far from the default must not change what is declared."""
    rng = np.random.default_rng(0)
    for _ in range(8):
        hp = _hyperparameters(space.sample(rng))
        block.declare(hp)
        again = hp.get_config()["space"]
        assert again == declared, f"{block}.declare must not depend on the values that `hp` holds."


def _check_build(block: Block, values: Mapping[str, Value], shape: tuple[int, ...], rng: np.random.Generator) -> None:
    subject = f"{block} with {values}"
    model = _model(block, values, shape)
    model.set_weights([_redrawn(weight, rng) for weight in model.get_weights()])
    x = rng.normal(size=(_SAMPLES, *shape)).astype("float32")
    output = _output(model, x)
    assert np.isfinite(output).all(), f"{subject} must give finite numbers for normal input."
    with precision("mixed_bfloat16"):
        again = _model(block, values, shape)
    shapes, shapes_again = ([weight.shape for weight in each.get_weights()] for each in (model, again))
    assert shapes == shapes_again, f"{subject} must have the same weights when it is built again."
    again.set_weights(model.get_weights())
    _check_close(_output(again, x), output, _BFLOAT16_ERROR, f"{subject}, built again in mixed_bfloat16,")
    _check_close(_int8_output(model, x), output, _INT8_ERROR, f"{subject}, converted to int8,")


def _check_close(received: np.ndarray, expected: np.ndarray, error: float, subject: str) -> None:
    assert received.shape == expected.shape, f"{subject} must keep its output's shape. Received: {received.shape}."
    difference = float(np.linalg.norm(received - expected))
    allowed = error * float(np.linalg.norm(expected))
    assert difference <= allowed, f"{subject} must differ by {allowed:.3g} at most. Received: {difference:.3g}."


def _model(block: Block, values: Mapping[str, Value], shape: tuple[int, ...]) -> keras.Model:
    """Built from the active values alone, and from nothing that `declare` left on the hyperparameters."""
    hp = _hyperparameters(values)
    x = keras.Input(shape)
    model = keras.Model(x, block.build(hp, x))
    extra = [choice.name for choice in hp.space]
    assert not extra, f"{block}.build must only read choices that `declare` registered. It added: {extra}."
    return model


def _redrawn(weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A weight of the same spread, but from `rng`: Keras initializes from the user's own random state."""
    return np.asarray(weight.mean() + weight.std() * rng.standard_normal(weight.shape), dtype=weight.dtype)


def _hyperparameters(values: Mapping[str, Value]) -> keras_tuner.HyperParameters:
    hp = keras_tuner.HyperParameters()
    hp.values = dict(values)
    return hp


def _output(model: keras.Model, x: np.ndarray) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(model(x, training=False)), dtype="float32")


def _int8_output(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """What the file answers that would be shipped."""
    schema = ImageSchema(x.shape[1:], "float32", mean=(), variance=())
    encoder = ImageEncoder(schema, reduction(schema.shape, (schema.height, schema.width)), whole=False)
    bundle = Bundle(model, model, encoder, ClassTarget.learn([0, 1]), samples=x)
    return Interpreter(quantize(bundle, "int8", integers=False, agreement=lambda _: 1.0).content).run(x)
