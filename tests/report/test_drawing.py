"""Axes, charts and pictures."""

import base64
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from easynas.report import charts, pictures
from easynas.report.axes import Axes, Scale, short
from easynas.report.facts import Candidate
from easynas.report.forecast import Forecast, Step
from easynas.report.quality import Reliability
from easynas.search.trial import Done, Job


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
@example([1e6, 1e6 - 1e-10])
def test_ticks_are_few_round_and_inside(values: list[float]) -> None:
    scale = Scale.around(values, 0.0, 300.0)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 8
    assert all(scale.low - 1e-9 <= tick <= scale.high + 1e-9 for tick in ticks)
    assert all(0 <= scale(value) <= 300 for value in values)


@given(st.floats(1e-3, 1e3), st.floats(2.0, 1e6))
def test_equal_ratios_are_equal_lengths_on_a_logarithmic_scale(low: float, ratio: float) -> None:
    scale = Scale.around([low, low * ratio], 0.0, 300.0, logarithmic=True)
    assert scale(low * ratio**0.5) == pytest.approx((scale(low) + scale(low * ratio)) / 2, abs=0.05)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (0.25, "0.25"), (-3, "\N{MINUS SIGN}3"), (12_000, "12k"), (2_500_000, "2.5M"), (3e9, "3G")],
)
def test_numbers_are_short(number: float, text: str) -> None:
    assert short(number) == text


def test_words_in_a_chart_are_escaped() -> None:
    axes = Axes.of([0.0, 1.0], [0.0, 1.0], "<x>", "a & b")
    chart = axes.chart(axes.text(0.5, 0.5, "<b>"), title='"quoted"', description="<d>")
    assert "<b>" not in chart
    assert ET.fromstring(chart).attrib["aria-label"] == '"quoted". <d>'


def test_every_chart_is_well_formed_and_described() -> None:
    steps = [Step(10.0 * n, 0.5 + 0.04 * (n % 3), 0.5 + 0.04 * min(n, 2), n) for n in range(1, 8)]
    candidates = [Candidate(n, 0.5 + 0.03 * n, 10.0 * 4**n, 2.0**n, on_front=True, chosen=n == 3) for n in range(6)]
    found = Reliability(np.array([0.6, 0.9]), np.array([0.5, 0.95]), np.array([20, 20]), 0.075)
    curves = [Done(Job(n, {}), 0.5, 1.0, curve=tuple(np.linspace(2, 1 / n, 20))) for n in (1, 2)]
    drawn = [
        charts.progress(steps, Forecast(600.0, 0.05, 0.01, 0.1, 0.02), metric="accuracy", spent=80.0),
        charts.progress(steps, None, metric="r2", spent=80.0),
        charts.trade_offs(candidates, metric="accuracy", measure="macs"),
        charts.trade_offs(candidates[:1], metric="accuracy", measure="size_kb"),
        charts.learning_curves(curves),
        charts.calibration(found),
    ]
    for chart in drawn:
        root = ET.fromstring(chart)
        assert len(root.attrib["aria-label"]) > 20
        assert "nan" not in chart
        assert not any("fill" in each.attrib or "stroke" in each.attrib for each in root.iter())  # the page has colours


def opened(address: str) -> np.ndarray:
    prefix, _, content = address.partition(",")
    assert prefix == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
def test_a_picture_is_the_image(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(opened(pictures.picture(image)), image)


def test_images_of_other_numbers_are_stretched_and_of_many_channels_the_first_is_shown() -> None:
    image = np.linspace(-2.0, 3.0, 24, dtype=np.float32).reshape(4, 6)
    shown = opened(pictures.picture(image))
    assert (shown.min(), shown.max()) == (0, 255)
    many = np.zeros((4, 6, 9), np.uint8)
    many[..., 0] = 77
    assert np.unique(opened(pictures.picture(many))).tolist() == [77]


def test_what_speaks_for_an_answer_is_warm_and_what_speaks_against_it_cold() -> None:
    warm, cold = opened(pictures.heat(np.array([[1.0, -0.5]])))[0].astype(int)
    assert warm[0] > warm[2]
    assert cold[2] > cold[0]
    assert warm[3] == 2 * cold[3] == 200
