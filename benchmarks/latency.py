"""How well a profile predicts what whole networks take on this machine; a JSON line for each network and numbers.

    python benchmarks/latency.py
    python benchmarks/latency.py --show

The networks are the portfolios of all kinds of data and some random designs of the same spaces, untrained, for images
of three sizes at two budgets, for the pages of docs/ as texts and for a table of scikit-learn. The profile is made here
first, from its own small files; it never sees a network.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np

from easynas import spaces
from easynas.data.images import ImageEncoder
from easynas.data.reduction import reduction
from easynas.data.statistics import TableStatistics
from easynas.data.table import TableEncoder
from easynas.data.target import ClassTarget
from easynas.data.tokenizer import TextEncoder
from easynas.deploy.bundle import Bundle, assemble
from easynas.deploy.measure import latency
from easynas.deploy.quantize import quantize
from easynas.nets.design import Compute, Design
from easynas.nets.images import design_images
from easynas.nets.network import build
from easynas.nets.tables import design_tables
from easynas.nets.text.statistics import TextStatistics
from easynas.nets.texts import design_texts
from easynas.runtime import Profile, calibrate
from easynas.runtime.calibration import accuracy
from easynas.schema import ImageSchema
from easynas.train import recipe

HERE = Path(__file__).parent
TARGET = ClassTarget.learn(np.arange(10))
SHAPES = ((28, 28, 1), (32, 32, 3), (64, 64, 3))
SECONDS = (10.0, 100.0)  # of a training on 20,000 images, which decides how large networks are
NUMBERS = {"images": ("float32", "int8"), "texts": ("float32", "dynamic"), "tables": ("float32", "dynamic", "int8")}
"""As docs/compression.md advises for each kind of data."""


def main() -> None:
    """Measures, or shows what was measured."""
    options = _options()
    if not options.show:
        profile = calibrate()
        print(json.dumps({numbers: asdict(each) for numbers, each in profile.accuracy.items()}), flush=True)
        options.out.unlink(missing_ok=True)
        for record in _measured(profile, options.random):
            with options.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
            print(json.dumps(record), flush=True)
    print(_table([json.loads(line) for line in options.out.read_text(encoding="utf-8").splitlines()]))


def _measured(profile: Profile, random: int) -> Iterator[dict[str, Any]]:
    for data, name, bundle in _bundles(random):
        for numbers in NUMBERS[data]:
            content = quantize(bundle, numbers, integers=False, agreement=lambda _: 1.0).content
            # The best of a few, as for the profile: other work on the machine is not what is to be predicted.
            measured = min(latency(content, seconds=0.1).median_ms for _ in range(3))
            predicted = profile.predict(content)
            yield {"data": data, "network": name, "numbers": numbers, "predicted_ms": predicted, "ms": measured}
        keras.backend.clear_session()


def _bundles(random: int) -> Iterator[tuple[str, str, Bundle]]:
    """Kind of data, name of the network, and the network as it would be exported."""
    for shape in SHAPES:
        for seconds in SECONDS:
            yield from _images(shape, seconds, random)
    yield from _texts()
    yield from _tables()


def _images(shape: tuple[int, int, int], seconds: float, random: int) -> Iterator[tuple[str, str, Bundle]]:
    rng = np.random.default_rng(shape[0])
    schema = ImageSchema(shape, "uint8", (120.0,) * shape[2], (4000.0,) * shape[2])
    encoder = ImageEncoder(schema, reduction(shape, shape[:2]), whole=True)
    design = design_images(
        schema,
        TARGET.answer,
        shape=shape,
        compute=Compute(seconds, 3e10, 20_000),
        block=spaces.create("auto"),
        whitening=None,
        declare_training=recipe.declare,
        seed=0,
    )
    drawn = (design.space.sample(rng) for _ in range(1000))
    chosen = [values for _, values in zip(range(random), filter(design.feasible, drawn), strict=False)]
    samples = rng.integers(0, 256, (8, *shape)).astype(np.uint8)
    for values in [*design.portfolio(), *chosen]:
        yield "images", str(values["network"]), _bundle(design, values, encoder, samples)


def _texts() -> Iterator[tuple[str, str, Bundle]]:
    pages = sorted((HERE.parent / "docs").glob("**/*.md"))
    texts = [part for page in pages for part in page.read_text(encoding="utf-8").split("\n\n") if len(part) > 80]
    encoder = TextEncoder.learn(texts)
    labels = np.arange(len(texts)) % 10
    told = TextStatistics.learn(encoder.encode(texts), labels, TARGET.answer, encoder.schema)
    design = design_texts(TARGET.answer, told, samples=len(texts), space="auto", declare_training=recipe.declare_brief)
    samples = np.array(texts[:16], dtype=object)
    for values in design.portfolio():
        yield "texts", str(values["network"]), _bundle(design, values, encoder, samples)


def _tables() -> Iterator[tuple[str, str, Bundle]]:
    from sklearn.datasets import load_breast_cancer

    table = load_breast_cancer(as_frame=True).data
    encoder = TableEncoder.learn(table)
    told = TableStatistics.learn(encoder.encode(encoder.check(table)), encoder.sizes)
    design = design_tables(TARGET.answer, told, space="auto", declare_training=recipe.declare_brief)
    for values in design.portfolio():
        yield "tables", str(values["network"]), _bundle(design, values, encoder, encoder.check(table[:32]))


def _bundle(design: Design, values: Any, encoder: Any, samples: Any) -> Bundle:
    network: Callable[[Any], Any] = lambda x: build(design.shipped, values, x)  # noqa: E731
    return Bundle(*assemble(encoder, TARGET.answer, network), encoder, TARGET, samples)


def _table(records: list[dict[str, Any]]) -> str:
    """The records as a table in Markdown."""
    lines = ["| data | numbers | networks | ms | median error | 90 % within | rank correlation |", "|" + "---|" * 7]
    for data, kinds in NUMBERS.items():
        for numbers in kinds:
            rows = [each for each in records if (each["data"], each["numbers"]) == (data, numbers)]
            predicted, measured = (np.array([row[name] for row in rows]) for name in ("predicted_ms", "ms"))
            found = accuracy(predicted, measured)
            lines.append(
                f"| {data} | {numbers} | {found.networks} | {measured.min():.2g} to {measured.max():.2g} "
                f"| {found.median:.1%} | {found.p90:.1%} | {found.rank:.3f} |"
            )
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--random", type=int, default=3, help="random designs beside each portfolio for images")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "latency.jsonl")
    parser.add_argument("--show", action="store_true", help="print the table of what was measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
