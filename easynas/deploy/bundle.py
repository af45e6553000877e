"""`Bundle`: the network with everything that belongs to it, so that what was judged is what is shipped.

The model of a bundle takes samples exactly as the user has them and answers in the user's units. It consists of Keras'
own layers alone, so that its file loads with `keras.models.load_model` where easynas is not installed.
"""

import dataclasses
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from easynas.data.dataset import Encoder, Inputs, Shapes, Target
from easynas.data.registry import encoder_of, target_of, to_config
from easynas.deploy.atomic import replacing
from easynas.deploy.front import front
from easynas.errors import ExportError, InputError
from easynas.nets.head import cool
from easynas.nets.table.trees import is_grown
from easynas.schema import Answer
from easynas.train.channels import narrowed
from easynas.train.weights import Weights

FORMAT = 2  # of a bundle's folder; changes when an older easynas could not read it
MODEL_FILE, SAMPLES_FILE, BUNDLE_FILE = "model.keras", "samples.npz", "bundle.json"
NETWORK = "network"
"""Name of the part of a model that follows its preprocessing, where a `.tflite` file contains that part alone."""

_SINGLE = "samples"


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model from raw samples to answers, and what is needed to check, convert and read it.

    Attributes:
        model: from raw samples to answers `(batch, outputs)` in the user's units; float32.
        device: what a `.tflite` file contains: the model, or what follows its preprocessing. It shares its weights.
        encoder: the way from samples to what networks see.
        target: what the answers mean.
        samples: some raw samples, at least one, to calibrate and check conversions with.
    """

    model: keras.Model
    device: keras.Model
    encoder: Encoder
    target: Target
    samples: Any

    def answers(self, samples: Any, *, batch_size: int = 256) -> np.ndarray:
        """Returns what the model answers, float32 `(n, outputs)`.

        Args:
            samples: checked raw samples, in the encoder's container.
            batch_size: how many samples are in memory as float32 at a time; fewer if they are large.
        """
        step = min(batch_size, self.encoder.chunk)
        starts = range(0, len(samples), step)
        chunks = [self._infer(self.device_inputs(samples[at : at + step])).numpy() for at in starts]
        return np.concatenate(chunks) if chunks else np.zeros((0, self.target.answer.outputs), np.float32)

    def require_learned(self) -> None:
        """Raises an `ExportError` if a part of the network is boosted trees, which no training can go on with."""
        if is_grown(self.device):
            raise ExportError(
                "A network must have learned by gradients to be trained again. This model contains boosted trees; "
                "`select` a trial without them (`pareto_front()`), or fit with a `space` of one network."
            )

    def predict(self, answers: np.ndarray) -> Any:
        """Returns what is predicted, in the form that the target was given in."""
        return self.target.predictions(answers)

    def device_inputs(self, samples: Any) -> Inputs:
        """What `device` takes of these samples."""
        if self.device is self.model:
            return np.asarray(samples, dtype=np.float32)
        return self.encoder.encode(samples)

    @property
    def device_shapes(self) -> Shapes:
        """Shapes of what `device` takes."""
        return tuple(self.device.input_shape[1:]) if self.device is self.model else self.encoder.inputs

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the traced function is made anew."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @cached_property
    def _infer(self) -> Any:
        # Traced once for any batch: 3 to 10 times faster than calling the model, whose `predict` needs 50 ms a call.
        # As a concrete function: TensorFlow counts the others by their place in the code, takes the traces of several
        # models for those of one, and warns.
        traced = tf.function(lambda x: self.device(x, training=False))
        return traced.get_concrete_function(signature(self.device_shapes, batch=None))


def signature(inputs: Shapes, *, batch: int | None) -> Any:
    """What a TensorFlow function of these inputs takes."""
    if isinstance(inputs, dict):
        return {name: tf.TensorSpec((batch, *shape), dtype, name=name) for name, (shape, dtype) in inputs.items()}
    return tf.TensorSpec((batch, *inputs), tf.float32, name="image")


def assemble(
    encoder: Encoder, answer: Answer, network: Callable[[Any], Any], *, temperature: float = 1.0
) -> tuple[keras.Model, keras.Model]:
    """Returns the models from raw samples, and from what a `.tflite` file takes, to answers in the user's units.

    Args:
        encoder: what the samples went through before training.
        answer: what the network answers.
        network: from Keras tensors, as of `encoder.encode`, to the tensor of answers. It shares its weights with the
            results. Random augmentation belongs outside, unless `network` is a `keras.Model`.
        temperature: by which logits are divided; probabilities have one only.
    """
    first = front(encoder)

    def ending(x: Any) -> Any:
        answers = network(x, training=False) if isinstance(network, keras.Model) else network(x)
        return keras.layers.Rescaling(answer.scale, answer.mean)(answers) if answer.kind == "numbers" else answers

    def joined(inputs: Any, x: Any, name: str | None = None) -> keras.Model:
        whole = keras.Model(inputs, ending(x), name=name)
        return whole if temperature == 1.0 else cool(whole, answer, temperature)

    if first.on_device:
        model = joined(first.raw, first.encoded)
        return model, model
    seen = {
        name: keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name) for name, tensor in first.encoded.items()
    }
    device = joined(seen, seen, NETWORK)
    return keras.Model(first.raw, device(first.encoded)), device


def rebuilt(bundle: Bundle, device: keras.Model) -> Bundle:
    """Returns the bundle with another `device`, which takes and answers the same."""
    first = front(bundle.encoder)
    if first.on_device:
        return dataclasses.replace(bundle, model=device, device=device)
    return dataclasses.replace(bundle, model=keras.Model(first.raw, device(first.encoded)), device=device)


def with_weights(bundle: Bundle, weights: Weights) -> Bundle:
    """The bundle with weights of its network, perhaps without some channels; other layers keep theirs.

    Args:
        bundle: untrained.
        weights: of the layers after those that are a part of the encoder.
    """
    before = len(bundle.device.weights) - len(weights)  # of a pretrained encoder, which has its weights
    device = narrowed(bundle.device, [*bundle.device.get_weights()[:before], *weights])
    return bundle if device is bundle.device else rebuilt(bundle, device)


def choose_samples(strata: np.ndarray, *, count: int, seed: int) -> np.ndarray:
    """Returns the sorted indices of some samples, the classes as equally often as there are samples of them.

    Args:
        strata: class of every sample, integers `(n,)`.
        count: how many to choose; fewer if there are not as many.
        seed: decides which.
    """
    shuffled = np.random.default_rng(seed).permutation(len(strata))
    by_class = shuffled[np.argsort(strata[shuffled], kind="stable")]
    grouped = strata[by_class]
    turn = np.arange(len(strata)) - np.searchsorted(grouped, grouped)
    # Everybody's first sample comes before anybody's second; inside a turn the order is random.
    order = np.lexsort((np.argsort(shuffled)[by_class], turn))
    return np.sort(by_class[order][:count])


def save(bundle: Bundle, folder: str | Path) -> None:
    """Writes `bundle` into `folder`, which is created if it is missing; files of an earlier bundle are replaced."""
    folder = Path(folder)
    config = {"format": FORMAT, "encoder": to_config(bundle.encoder), "target": to_config(bundle.target)}
    raw = bundle.encoder.raw(bundle.samples)
    with (
        # Contexts end from the last to the first, so the model appears first and the file that names all last.
        replacing(folder / BUNDLE_FILE) as description,
        replacing(folder / SAMPLES_FILE) as samples,
        replacing(folder / MODEL_FILE) as model,
    ):
        bundle.model.save(model)
        arrays: dict[str, Any] = raw if isinstance(raw, dict) else {_SINGLE: raw}
        np.savez_compressed(samples, **arrays)
        description.write_text(json.dumps(config, indent=1), encoding="utf8")


def load(folder: str | Path) -> Bundle:
    """Returns the bundle that `save` wrote into `folder`.

    Raises:
        InputError: a file is missing or damaged, or was written by a newer easynas.
    """
    folder = Path(folder)
    missing = [name for name in (BUNDLE_FILE, MODEL_FILE, SAMPLES_FILE) if not (folder / name).is_file()]
    if missing:
        raise InputError(f"A saved bundle must contain {missing[0]!r}. Received the folder {str(folder)!r} without it.")
    try:
        return _load(folder)
    except InputError:
        raise
    except _DAMAGED as error:
        raise InputError(
            f"A saved bundle must be as `save` wrote it. Received the folder {str(folder)!r}, of which a file is "
            f"damaged or not ours: {(str(error).splitlines() or [type(error).__name__])[0]}"
        ) from error


_DAMAGED = (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, zipfile.BadZipFile)


def _load(folder: Path) -> Bundle:
    config = json.loads((folder / BUNDLE_FILE).read_text(encoding="utf8"))
    if config["format"] != FORMAT:
        raise InputError(
            f"A bundle must be of format {FORMAT}. Received format {config['format']}; "
            + ("upgrade easynas." if config["format"] > FORMAT else "fit and save it again.")
        )
    encoder, target = encoder_of(config["encoder"]), target_of(config["target"])
    with np.load(folder / SAMPLES_FILE, allow_pickle=False) as stored:
        raw = {name: stored[name] for name in stored.files}
    _check_members(folder / MODEL_FILE)
    model = keras.models.load_model(folder / MODEL_FILE, compile=False, safe_mode=True)
    network = [layer for layer in model.layers if layer.name == NETWORK]
    samples = encoder.restore(raw[_SINGLE] if list(raw) == [_SINGLE] else raw)
    return Bundle(model, network[0] if network else model, encoder, target, samples)


def _check_members(path: Path) -> None:
    """Keras unpacks some files of the archive; none may land outside the folder it unpacks into."""
    with zipfile.ZipFile(path) as archive:
        outside = [name for name in archive.namelist() if ".." in Path(name).parts or Path(name).is_absolute()]
    if outside:
        raise ValueError(f"{path.name} holds paths that lead out of it: {outside}.")
