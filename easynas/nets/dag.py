"""Small graphs of operations: nodes from 0 to the last, an operation on every edge, and sums where edges meet.

What leads nowhere is not built: an edge that no path from the first node to the last one takes would cost time and
change nothing. A graph without any path passes its input on, so that every set of choices is a network that learns.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from keras import layers

Edge = tuple[int, int]
Operations = tuple[str, ...]


def edges(nodes: int) -> tuple[Edge, ...]:
    """All `(source, target)` of a graph with so many nodes: by target, then by source, which is always the smaller."""
    return tuple((source, target) for target in range(1, nodes) for source in range(target))


def live(present: Collection[Edge], *, nodes: int) -> frozenset[Edge]:
    """Those edges of `present` that lie on a path from node 0 to the last node."""
    ordered = [edge for edge in edges(nodes) if edge in present]
    reached, needed = {0}, {nodes - 1}
    for source, target in ordered:
        if source in reached:
            reached.add(target)
    for source, target in reversed(ordered):
        if target in needed:
            needed.add(source)
    return frozenset((source, target) for source, target in ordered if source in reached and target in needed)


def join(x: Any, operations: Mapping[Edge, Callable[[Any], Any]], *, nodes: int) -> Any:
    """Adds the layers of `operations` to the Keras tensor `x`, node 0, and returns the last node's tensor.

    A node is the sum of what its edges bring, so operations must keep the shape. Without a path, `x` is returned.
    """
    used = live(operations, nodes=nodes)
    tensors = {0: x}
    for node in range(1, nodes):
        arriving = [operations[edge](tensors[edge[0]]) for edge in edges(nodes) if edge[1] == node and edge in used]
        if arriving:
            tensors[node] = arriving[0] if len(arriving) == 1 else layers.Add()(arriving)
    return tensors.get(nodes - 1, x)


def sequences(operations: Mapping[Edge, str], *, nodes: int, silent: str) -> set[Operations]:
    """The operations along every path from node 0 to the last node; `silent` ones leave no trace."""
    reaching: dict[int, set[Operations]] = {0: {()}}
    for source, target in edges(nodes):
        if (source, target) in operations:
            operation = operations[source, target]
            step = () if operation == silent else (operation,)
            reaching.setdefault(target, set()).update(path + step for path in reaching.get(source, ()))
    return reaching.get(nodes - 1, set())


def indicators(found: Iterable[Operations], alphabet: Operations, *, longest: int) -> np.ndarray:
    """A vector of 0 and 1: which of all sequences of 0 to `longest` operations of `alphabet` are among `found`.

    Its length is the sum of `len(alphabet) ** length` over these lengths. Longer sequences are left out.
    """
    positions = _positions(alphabet, longest)
    vector = np.zeros(len(positions))
    vector[[positions[sequence] for sequence in found if sequence in positions]] = 1.0
    return vector


@cache
def _positions(alphabet: Operations, longest: int) -> dict[Operations, int]:
    every = (sequence for length in range(longest + 1) for sequence in product(alphabet, repeat=length))
    return {sequence: position for position, sequence in enumerate(every)}
