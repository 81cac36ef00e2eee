"""Sets of corners: datasketch.MinHash.jaccard of the cells that hold the strongest Harris corners."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

import numpy as np

from icas_core.similarity.features import Stack
from icas_core.similarity.kernels.layout import digits, planes
from icas_core.similarity.method import Method, as_array, grey

# A quarter of different numbers share their lowest two bits. Where the threshold is above this, these two tell nearly
# all unlike signatures; below, whole bytes do.
_ENOUGH = 0.35


@cache
def _permutations(permutations: int) -> tuple[np.ndarray, np.ndarray]:
    from datasketch import MinHash

    return MinHash(num_perm=permutations, seed=1, scheme="affine32").permutations


@lru_cache(1 << 16)
def _hash_of(row: int, column: int) -> int:
    from datasketch.hashfunc import sha1_hash32

    return int(sha1_hash32(f"{row},{column}".encode()))


def corner_cells(picture: np.ndarray, *, corners: int, cell: int) -> list[tuple[int, int]]:
    """The (row, column) cells, sorted, of the strongest positive Harris responses; the first pixel wins a tie.

    picture: (h, w) uint8. Cells are `cell` pixels wide.
    """
    import cv2

    response = cv2.cornerHarris(picture, 2, 3, 0.04).ravel()
    strongest = _strongest(response, corners)
    rows, columns = np.divmod(strongest, picture.shape[1])
    across = -(-picture.shape[1] // cell)
    cells = np.unique(rows // cell * across + columns // cell).tolist()
    return [divmod(place, across) for place in cells]


def _strongest(response: np.ndarray, count: int) -> np.ndarray:
    """Places of the `count` largest positive numbers; the first of equal ones come first."""
    places = np.flatnonzero(response > 0)
    if len(places) <= count:
        return places
    found = response[places]
    least = np.partition(found, len(found) - count)[len(found) - count]
    above = places[found > least]
    return np.concatenate([above, places[found == least][: count - len(above)]])


def _extract(picture: np.ndarray, *, corners: int, cell: int, permutations: int) -> np.ndarray:
    """The (permutations,) uint32 hash values of the set of cells."""
    from datasketch import MinHash

    # The cells of one picture are those of many others: each is hashed once, and the sketch takes the number as it is.
    sketch = MinHash(
        num_perm=permutations, seed=1, scheme="affine32", permutations=_permutations(permutations), hashfunc=int
    )
    sketch.update_batch(_hash_of(*place) for place in corner_cells(grey(picture), corners=corners, cell=cell))
    return sketch.hashvalues


@dataclass
class Prepared:
    """Signatures: numbers (n, k) uint32, and what is compared first of them, made when it is asked for."""

    numbers: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes of memory, those of what may be made included."""
        return 4 * self.numbers.nbytes

    @cached_property
    def low(self) -> np.ndarray:
        """(n, k) uint8: their lowest bytes."""
        return self.numbers.astype(np.uint8)

    @cached_property
    def low_planes(self) -> np.ndarray:
        """The lowest bytes laid out in lanes."""
        from icas_core.similarity.kernels.counts import BYTE_LANES

        return planes(self.low, BYTE_LANES)

    @cached_property
    def codes(self) -> tuple[np.ndarray, np.ndarray]:
        """The digits of their lowest two bits and whether these differ, and the same laid out in lanes.

        Two numbers that share the lowest two bits differ in none of the three, and all others in two.
        """
        from icas_core.similarity.kernels.counts import BYTE_LANES

        low = self.low & 3
        packed = [np.packbits(bit, axis=1) for bit in (low & 1, low >> 1, (low & 1) ^ (low >> 1))]
        together = np.concatenate(packed, axis=1)
        own, others = digits(together, 8 * together.shape[1])
        return own, planes(others, BYTE_LANES)


def _prepare(stack: Stack, **_: int) -> Prepared:
    # A copy, because the kernels are compiled once, for arrays that may be written to.
    return Prepared(np.array(as_array(stack, "minhash")))


def _similarities(left: Stack, right: Stack, *, permutations: int, **_: int) -> np.ndarray:
    from icas_core.similarity.kernels import counts

    out = np.empty((len(left), len(right)), np.float32)
    if out.size:
        others = planes(as_array(right, "minhash"), counts.NUMBER_LANES)
        counts.equal_numbers(np.array(as_array(left, "minhash")), others, _levels(permutations), out)
    return out


def _paired(left: Stack, right: Stack, *, permutations: int, **_: int) -> np.ndarray:
    if not len(left):
        return np.empty(0, np.float32)
    equal = np.count_nonzero(as_array(left, "minhash") == as_array(right, "minhash"), axis=1)
    return _levels(permutations)[equal]


def _edges_above(
    left: Prepared, right: Prepared, threshold: float, *, wanted: np.ndarray, permutations: int, **_: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    from icas_core.similarity.kernels import counts

    levels = _levels(permutations)
    least = int(np.count_nonzero(levels < np.float32(threshold)))
    if least >= _ENOUGH * permutations:
        sides = left.codes[0], right.numbers, right.codes[1]
        found, counted = counts.pairs_of_like_codes(left.numbers, *sides, wanted, least)
    else:
        sides = left.low, right.numbers, right.low_planes
        found, counted = counts.pairs_of_many_equal(left.numbers, *sides, wanted, least)
    rows, columns, equal = found
    return rows, columns, levels[equal], int(np.count_nonzero(wanted)) - counted


def _levels(permutations: int) -> np.ndarray:
    """The similarity of signatures that agree in none, one, two ... places."""
    return (np.arange(permutations + 1) / permutations).astype(np.float32)


METHOD = Method(
    name="minhash",
    version=1,
    default_threshold=0.5,
    default_size=(20, 20),
    unequal_sizes=True,
    turns_alike=False,
    blocks=8,
    extract=_extract,
    similarities=_similarities,
    paired=_paired,
    parameters={"corners": 120, "cell": 1, "permutations": 512},
    prepare=_prepare,
    edges_above=_edges_above,
    larger=4,  # what a tile costs besides its pairs is then little
)
