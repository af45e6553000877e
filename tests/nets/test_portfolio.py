"""The table of designs that are tried first."""

from easynas import spaces
from easynas.nets.portfolio import Known, known_designs, parse, render


def test_every_design_is_of_a_space_that_has_its_knob() -> None:
    for each in known_designs():
        assert each.knob.startswith(f"{each.values['network']}/")
        assert 0 < each.share <= 1
    assert {each.values["network"] for each in known_designs()} == set(spaces.names()) - {"auto"}


def test_a_table_is_read_as_it_was_written() -> None:
    designs = (Known("vgg/width", 0.6, {"network": "vgg", "whiten": True, "train/rate": 0.5}),)
    text = render(designs, 'by "hand"')
    assert parse(text) == designs
    assert "made" in text
