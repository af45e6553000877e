"""Motifs, and the cell that is made of them."""

from keras import layers

from easynas.nets.dag import edges
from easynas.nets.hierarchical import PRIMITIVES, Hierarchical
from tests.nets.drawn import built, sampled, space_of

TINY = {"width": 8, "stages": 2, "repeats": 1}
NO_CELL = {f"cell/edge_{source}_{target}": "none" for source, target in edges(4)}


def count(model: object, kind: type) -> int:
    return sum(type(layer) is kind for layer in model.layers)


def test_widths_double_and_sides_halve_with_every_stage() -> None:
    assert built(Hierarchical(), (32, 32, 3), width=8, stages=3).output_shape == (None, 8, 8, 32)
    assert built(Hierarchical(), (8, 12, 1), width=8, stages=4).output_shape == (None, 4, 6, 64)


def test_a_motif_is_built_wherever_the_cell_uses_it() -> None:
    # By default a motif chains two of its own primitive, and the cell chains all three motifs.
    once = built(Hierarchical(), (8, 8, 3), **TINY)
    assert count(once, layers.DepthwiseConv2D) == 2 * 2
    twice = built(Hierarchical(), (8, 8, 3), **TINY, **{"cell/edge_0_2": "motif_1"})
    assert count(twice, layers.DepthwiseConv2D) == 2 * 4


def test_a_change_of_a_motif_changes_every_use_of_it() -> None:
    changed = {"motif_1/edge_0_1": "max_pool_3x3", "cell/edge_0_2": "motif_1"}
    model = built(Hierarchical(), (8, 8, 3), **TINY, **changed)
    assert count(model, layers.DepthwiseConv2D) == 2 * 2
    assert count(model, layers.MaxPooling2D) == 2 * 2


def test_motifs_that_the_cell_does_not_use_cost_nothing() -> None:
    model = built(Hierarchical(), (8, 8, 3), **TINY, **{**NO_CELL, "cell/edge_0_3": "motif_2"})
    assert count(model, layers.DepthwiseConv2D) == 0
    assert count(model, layers.Conv2D) == 1 + 2 * 2


def test_without_a_path_the_cell_and_a_motif_are_the_identity() -> None:
    empty = built(Hierarchical(), (8, 8, 3), **TINY, **NO_CELL)
    identity = built(Hierarchical(), (8, 8, 3), **TINY, **{**NO_CELL, "cell/edge_0_3": "identity"})
    no_motif = {f"motif_0/edge_{source}_{target}": "none" for source, target in edges(3)}
    motif = built(Hierarchical(), (8, 8, 3), **TINY, **{**NO_CELL, **no_motif, "cell/edge_0_3": "motif_0"})
    assert len(empty.layers) == len(identity.layers) == len(motif.layers)
    assert empty.count_params() == identity.count_params() == motif.count_params()


def test_every_primitive_keeps_the_shape() -> None:
    for primitive in PRIMITIVES:
        chosen = {**NO_CELL, "cell/edge_0_3": "motif_0", "motif_0/edge_0_2": primitive, "motif_0/edge_0_1": "none"}
        model = built(Hierarchical(), (7, 9, 3), width=8, stages=2, **chosen)
        assert model.output_shape == (None, 4, 5, 16)


def test_the_paper_s_hierarchy_has_46_choices_beside_its_scale() -> None:
    paper = Hierarchical(motifs=6, motif_nodes=4, cell_nodes=5)
    assert len(space_of(paper).dimensions) == 6 * 6 + 10 + 3
    assert set(sampled(paper, 0)) == set(space_of(paper).names)
