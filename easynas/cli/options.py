"""Options that several commands have, each described once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class Task(StrEnum):
    """What may be said about the task; what is left open is told from the data."""

    AUTO = "auto"
    CLASSIFIER = "classifier"
    REGRESSOR = "regressor"
    IMAGE_CLASSIFIER = "image-classifier"
    IMAGE_REGRESSOR = "image-regressor"
    TEXT_CLASSIFIER = "text-classifier"
    TEXT_REGRESSOR = "text-regressor"
    TABULAR_CLASSIFIER = "tabular-classifier"
    TABULAR_REGRESSOR = "tabular-regressor"


class Quantization(StrEnum):
    """Numbers in a `.tflite` file."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    DYNAMIC = "dynamic"
    INT8 = "int8"
    INT16X8 = "int16x8"


class Searched(StrEnum):
    """The same, or a choice of the search."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    DYNAMIC = "dynamic"
    INT8 = "int8"
    INT16X8 = "int16x8"
    AUTO = "auto"


def _option(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, **settings)


_TASKS = "auto (told from the data), classifier, regressor, or with image-, text- or tabular- before these."

Data = Annotated[
    Path,
    typer.Argument(
        help="A table (.csv, .tsv, .parquet, .jsonl, .json), or a folder of images or .txt files, a subfolder a class.",
        show_default=False,
    ),
]
Unseen = Annotated[
    Path,
    typer.Argument(
        help="A table, an image, a folder of images or .txt files, or a .txt file with a text a line.",
        show_default=False,
    ),
]
Model = Annotated[Path, typer.Argument(help="Folder that `easynas fit` wrote.", show_default=False)]
Target = Annotated[
    list[str] | None,
    _option("--target", "-t", help="Column to predict; again for several. Folders need none.", show_default=False),
]
Drop = Annotated[
    list[str] | None, _option("--drop", help="Column to leave out; again for several.", show_default=False)
]
TimeBudget = Annotated[str, _option("--time-budget", "-b", help='Seconds, or "90s", "10m", "1h30m"; at least 10s.')]
TaskOption = Annotated[Task, _option("--task", metavar="TASK", help=_TASKS)]
Metric = Annotated[
    str | None,
    _option("--metric", help="What to maximise, a scikit-learn scorer's name.", show_default="accuracy, F1 or R²"),
]
Space = Annotated[str, _option("--space", help="Search space, see docs/data.md.")]
MaxSize = Annotated[
    float | None, _option("--max-size-kb", help="Most kilobytes of the .tflite file.", show_default=False)
]
MaxLatency = Annotated[
    float | None,
    _option("--max-latency-ms", help="Most milliseconds for one sample on one thread.", show_default=False),
]
DeviceProfile = Annotated[
    Path | None,
    _option(
        "--profile", help="Profile of the device that latency is meant for; without: this machine.", show_default=False
    ),
]
Pretrained = Annotated[
    str | None,
    _option(
        "--pretrained",
        help="Weights of an image network, or the folder of a text encoder, that was trained before.",
        show_default=False,
    ),
]
MaxParams = Annotated[
    int | None, _option("--max-params", help="Most learned numbers in the .tflite file.", show_default=False)
]
MaxMacs = Annotated[
    int | None, _option("--max-macs", help="Most multiply-accumulates for one sample.", show_default=False)
]
Numbers = Annotated[
    Searched | None,
    _option(
        "--quantization",
        help="Numbers in the .tflite file, which the limits hold for and `export` writes; auto: searched.",
        show_default="float32",
    ),
]
Pruning = Annotated[
    str | None,
    _option(
        "--pruning",
        help="Share of the channels to take out of the best network of images, or auto for several.",
        show_default=False,
    ),
]
Seed = Annotated[int, _option("--seed", min=0, help="Seed of everything random.")]
TensorBoardFolder = Annotated[
    Path | None,
    _option("--tensorboard", metavar="DIR", help="Folder for event files that TensorBoard shows.", show_default=False),
]
Json = Annotated[bool, _option("--json", help="Print the result as JSON.")]
Debug = Annotated[bool, _option("--debug", help="Show the traceback of an error.")]
