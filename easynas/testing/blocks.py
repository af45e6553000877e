"""`check_block`: the contract of a `Block`, for everybody who writes one."""

from typing import Any
from unittest import mock

import keras
import keras_tuner
import numpy as np

from easynas.nets.block import Block
from easynas.space.space import SearchSpace, Values


def check_block(block: Block, shape: tuple[int, ...] = (32, 32, 3), samples: int = 3, seed: int = 0) -> None:
    """Checks that `block` keeps its promises, with its default choices and `samples` random ones.

    Declaring is repeatable, builds no layer, does not depend on values, and covers all that building reads; every set
    of choices builds, gives finite numbers, gives the same network again, and converts to a full-int8 TFLite file with
    built-in operators only.

    Args:
        block: an instance; one whose `name` is None is a composition and may declare choices under any name.
        shape: of one input without the batch, `(height, width, channels)` for images.
        samples: number of random sets of choices.
        seed: start of all draws.

    Raises:
        AssertionError: what the block does wrong, and for which values.
    """
    space = _check_declare(block)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, *shape)).astype("float32")
    chosen = [{}] if space is None else [space.default(), *(space.sample(rng) for _ in range(samples))]
    for values in chosen:
        _check_build(block, values, x)


def _check_declare(block: Block) -> SearchSpace | None:
    """The declared space; None where there is nothing to choose."""
    hp = keras_tuner.HyperParameters()
    message = f"{block}.declare must build no layer: the space is read before any network exists."
    with mock.patch.object(keras.layers.Layer, "__init__", side_effect=AssertionError(message)):
        block.declare(hp)
    once = hp.get_config()["space"]
    block.declare(hp)
    assert hp.get_config()["space"] == once, f"{block}.declare must change nothing when called again."
    strangers = [] if block.name is None else [c.name for c in hp.space if not c.name.startswith(f"{block.name}/")]
    assert not strangers, f"Choices of {block} must start with {block.name + '/'!r}. Received: {strangers}."
    if not once:
        return None
    space = SearchSpace(hp)
    other = _hyperparameters(space.sample(np.random.default_rng(0)))
    block.declare(other)
    assert other.get_config()["space"] == once, f"{block}.declare must not depend on the values that `hp` holds."
    return space


def _check_build(block: Block, values: Values, x: np.ndarray) -> None:
    subject = f"{block} with {values}"
    model = _model(block, values, x.shape[1:])
    output = _output(model, x)
    assert np.isfinite(output).all(), f"{subject} must give finite numbers for normal input."
    again = _model(block, values, x.shape[1:])
    shapes = [[weight.shape for weight in network.get_weights()] for network in (model, again)]
    assert shapes[0] == shapes[1], f"{subject} must have the same weights when it is built again."
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(_output(again, x), output, rtol=1e-3, atol=1e-4, err_msg=f"{subject}, built again")
    converted = _int8_output(model, x)
    assert converted.shape == output.shape, f"{subject} must keep its output's shape in TFLite."


def _model(block: Block, values: Values, shape: tuple[int, ...]) -> keras.Model:
    """Built from the active values alone, and from nothing that `declare` left on the hyperparameters."""
    hp = _hyperparameters(values)
    x = keras.Input(shape)
    model = keras.Model(x, block.build(hp, x))
    extra = [choice.name for choice in hp.space]
    assert not extra, f"{block}.build must only read choices that `declare` registered. It added: {extra}."
    return model


def _hyperparameters(values: Values) -> keras_tuner.HyperParameters:
    hp = keras_tuner.HyperParameters()
    hp.values = dict(values)
    return hp


def _output(model: keras.Model, x: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(x, training=False))


def _int8_output(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """The output of the full-int8 TFLite form of `model`, calibrated on `x`; raises where an operator is missing."""
    # Only this check needs TensorFlow itself.
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((1, *x.shape[1:]), tf.float32)])  # type: ignore[untyped-decorator]
    def forward(sample: Any) -> Any:
        return model(sample, training=False)

    converter = tf.lite.TFLiteConverter.from_concrete_functions([forward.get_concrete_function()], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample[None]] for sample in x)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    given, returned = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero = given["quantization"]
    outputs = []
    for sample in x:
        quantized = np.clip(np.round(sample[None] / scale + zero), -128, 127).astype("int8")
        interpreter.set_tensor(given["index"], quantized)
        interpreter.invoke()
        scale_out, zero_out = returned["quantization"]
        outputs.append((interpreter.get_tensor(returned["index"]).astype("float32") - zero_out) * scale_out)
    return np.concatenate(outputs)
