"""RegNet's widths, against the published networks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easynas.nets.regnet import RegNet, Stage, fit_groups, stage_widths
from tests.nets.drawn import built

# Radosavovic et al. (2020), appendix: depth, w0, wa, wm, group width; depths and widths of the stages.
PUBLISHED = {
    "200MF": (13, 24, 36.44, 2.49, 8, (1, 1, 4, 7), (24, 56, 152, 368)),
    "400MF": (22, 24, 24.48, 2.54, 16, (1, 2, 7, 12), (32, 64, 160, 384)),
    "600MF": (16, 48, 36.97, 2.24, 24, (1, 3, 5, 7), (48, 96, 240, 528)),
    "800MF": (16, 56, 35.73, 2.28, 16, (1, 3, 7, 5), (64, 128, 288, 672)),
    "1.6GF": (18, 80, 34.01, 2.25, 24, (2, 4, 10, 2), (72, 168, 408, 912)),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_networks_come_out(name: str) -> None:
    depth, initial, slope, ratio, group_width, depths, widths = PUBLISHED[name]
    stages = fit_groups(stage_widths(depth, initial=initial, slope=slope, ratio=ratio), group_width)
    assert tuple(stage.units for stage in stages) == depths
    assert tuple(stage.width for stage in stages) == widths
    assert {stage.group_width for stage in stages} == {group_width}


def test_widths_before_the_groups_are_those_of_the_equations() -> None:
    # Units at 24 * 2.54 ** (0, 1, 2, 3) = 24, 60.96, 154.8, 393.3, each rounded to a multiple of 8.
    assert stage_widths(22, initial=24, slope=24.48, ratio=2.54) == [(24, 1), (64, 2), (152, 7), (392, 12)]


def test_a_group_is_never_wider_than_its_stage() -> None:
    assert fit_groups([(8, 1), (24, 2), (72, 3)], 16) == [Stage(8, 1, 8), Stage(32, 2, 16), Stage(64, 3, 16)]


@given(
    depth=st.integers(1, 30),
    initial=st.integers(1, 8).map(lambda width: 8 * width),
    slope=st.floats(0.1, 64),
    ratio=st.floats(1.5, 3.0),
    group_width=st.sampled_from([8, 16, 32, 64]),
)
def test_stages_grow_and_their_groups_fit(
    depth: int, initial: int, slope: float, ratio: float, group_width: int
) -> None:
    quantised = stage_widths(depth, initial=initial, slope=slope, ratio=ratio)
    widths = [width for width, _ in quantised]
    assert widths == sorted(set(widths))
    assert widths[0] == initial
    assert all(width % 8 == 0 for width in widths)
    stages = fit_groups(quantised, group_width)
    assert sum(stage.units for stage in stages) == depth
    assert all(stage.width % stage.group_width == 0 and stage.group_width <= group_width for stage in stages)


def test_the_first_stage_keeps_the_resolution_and_others_halve_while_they_can() -> None:
    narrow = {"depth": 3, "w0": 8, "wa": 8, "group_width": 8}
    # Units of 8, 16 and 32 channels, a stage each.
    assert built(RegNet(), (32, 32, 3), **narrow).output_shape == (None, 8, 8, 32)
    assert built(RegNet(), (6, 6, 3), **narrow).output_shape[1:3] == (6, 6)
