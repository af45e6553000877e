"""KerasTuner: Hyperband over its own `HyperResNet`, then the best settings trained once more.

`HyperEfficientNet` starts from weights that it downloads and enlarges every image to 224 pixels or more, which no
budget here affords. KerasTuner knows no limit on time, so a callback ends the search.
"""

from contextlib import suppress
from typing import Any

import keras
import keras_tuner
from keras import callbacks

from peers.contract import Fitted, Task
from peers.keras_parts import Curve, Images, TimeLimit, classifier, with_channels

EPOCHS, BATCH = 27, 64
SEARCH = 0.7
"""Share of the time for the search; the rest is for training its best settings once more."""

Points = list[tuple[float, float]]


def fit(task: Task) -> Fitted:
    """The better of the searched and the retrained network, on held-out images."""
    keras.utils.set_random_seed(task.settings.seed)
    images = Images.of(task)
    count, scale = len(images.classes), images.scale
    given = {
        "x": images.x / scale,
        "y": keras.utils.to_categorical(images.y, count),
        "validation_data": (images.x_held / scale, keras.utils.to_categorical(images.y_held, count)),
        "batch_size": BATCH,
        "verbose": 0,
    }
    tuner = _tuner(task, images, overwrite=True)
    curve: Points = []
    limit = TimeLimit(task.began + SEARCH * task.settings.budget, _over)
    with suppress(keras_tuner.errors.FatalRuntimeError):  # that is how the limit ends a search
        tuner.search(callbacks=[limit, Curve(task.began, curve)], **given)
    model, score = _best(tuner)
    again, again_score = _retrain(tuner, task, curve, given)
    return classifier(
        again if again_score > score else model,
        images.classes,
        prepare=lambda x: with_channels(x) / scale,
        curve=curve,
        figures={"trials": len(tuner.oracle.trials), "retrained": again_score > score},
    )


def recover(task: Task) -> Fitted:
    """The best network of a search that was killed."""
    images = Images.of(task)
    model, _ = _best(_tuner(task, images, overwrite=False))
    return classifier(model, images.classes, prepare=lambda x: with_channels(x) / images.scale)


def _tuner(task: Task, images: Images, *, overwrite: bool) -> Any:
    """The search; without `overwrite` as it is on the disk."""
    return keras_tuner.Hyperband(
        keras_tuner.applications.HyperResNet(input_shape=images.shape, classes=len(images.classes)),
        objective="val_accuracy",
        max_epochs=EPOCHS,
        hyperband_iterations=100,
        seed=task.settings.seed,
        directory=task.folder,
        overwrite=overwrite,
    )


def _best(tuner: Any) -> tuple[Any, float]:
    """The network of the best trial, and its score."""
    trials = tuner.oracle.get_best_trials(1)
    if not trials:
        raise RuntimeError("KerasTuner finished no trial.")
    return tuner.get_best_models(1)[0], trials[0].score


def _retrain(tuner: Any, task: Task, curve: Points, given: dict[str, Any]) -> tuple[Any, float]:
    """The best settings, trained from the start until the deadline, at their best epoch."""
    model = tuner.hypermodel.build(tuner.get_best_hyperparameters(1)[0])
    path = task.folder / "retrained.keras"
    best = callbacks.ModelCheckpoint(path, monitor="val_accuracy", mode="max", save_best_only=True)
    ends = callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=10)
    try:
        limit = TimeLimit(task.deadline, _over)
        model.fit(epochs=1_000, callbacks=[limit, best, ends, Curve(task.began, curve)], **given)
    except keras_tuner.errors.FatalRuntimeError:
        return None, float("-inf")
    return keras.models.load_model(path), float(best.best)


def _over() -> Exception:
    # The only kind of error after which KerasTuner does not go on with the next trial.
    error: Exception = keras_tuner.errors.FatalRuntimeError("time is over")
    return error
