"""Put rows of numbers side by side in lanes."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from icas_core.similarity.kernels.lanes import LANES, address_of, lanes_of, read, shuffle, write

_WORD = ir.IntType(64)


@intrinsic
def transpose(typing: Any, array: Any, starts: Any, column: Any, out: Any, apart: Any, at: Any) -> Any:
    """out[apart (column + k) + at + l] = array[starts[l] + column + k] for k, l in 0..7, within the caller's bounds.

    starts: eight int64.
    """

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        of_array, of_starts, _, of_out, *_ = signature.args
        array, starts, column, out, apart, at = values
        rows = []
        for lane in range(LANES):
            start = builder.load(address_of(context, builder, of_starts, starts, ir.Constant(_WORD, lane)))
            address = address_of(context, builder, of_array, array, builder.add(start, column))
            rows.append(read(builder, address, lanes_of(of_array.dtype).vector))
        for k, value in enumerate(_transposed(builder, rows)):
            place = builder.add(at, builder.mul(apart, builder.add(column, ir.Constant(_WORD, k))))
            write(builder, address_of(context, builder, of_out, out, place), value)
        return context.get_dummy_value()

    return types.void(array, starts, types.intp, out, types.intp, types.intp), build


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """Pairs, then fours, then halves change places."""
    ones = [
        shuffle(builder, rows[i], rows[i + 1], order)
        for i in range(0, LANES, 2)
        for order in ([0, 8, 1, 9, 4, 12, 5, 13], [2, 10, 3, 11, 6, 14, 7, 15])
    ]
    twos = [
        shuffle(builder, ones[i], ones[i + 2], order)
        for i in (0, 1, 4, 5)
        for order in ([0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15])
    ]
    return [
        shuffle(builder, twos[i], twos[i + 4], order)
        for order in ([0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15])
        for i in range(4)
    ]
