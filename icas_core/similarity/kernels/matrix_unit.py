"""The distances of 256-bit descriptors by the processor's matrix unit (AMX), sixteen rows and columns at a time.

With a bit of a row as 1 or -1 (where it is set) and one of a column as 0 or 1, the sum of their products is the number
of bits that differ, less the bits that are set in the row. The unit adds up 64 such products of bytes for 256 pairs in
sixteen cycles: five times what counting the bits of wide registers gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic

from icas_core.similarity.compiled import kernel
from icas_core.similarity.kernels.layout import zeros
from icas_core.similarity.kernels.nearest import FAR
from icas_core.similarity.kernels.registers import Writer, constant, number

SIDE = 16  # rows, and columns, of a tile of sums
TILES = 4  # side by side
WIDTH = SIDE * TILES  # columns compared in one pass
BITS = 256
_DEEP = 64  # bits that one instruction takes
_WORDS = BITS // 32
_SPREAD = BITS // 4  # uint32 numbers that hold a byte for each bit
_ONES = np.uint32(0x01010101)

_BYTE, _SHORT, _INT, _LONG = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_PLACE = _BYTE.as_pointer()


def columns(descriptors: np.ndarray) -> np.ndarray:
    """(lanes, 32) uint8 descriptors as `distances` takes them."""
    return descriptors.view(np.uint32).ravel()


def room(most: int, widest: int) -> tuple[np.ndarray, ...]:
    """Space for `ready` and `distances`: how the unit is configured, rows, columns, sums.

    most: rows that are compared at once; widest: columns.
    """
    configuration = zeros(64, np.uint8)  # eight tiles of sixteen rows of 64 bytes
    configuration[0] = 1
    configuration[16:32].view(np.uint16)[:] = 64
    configuration[48:56] = SIDE
    rows, columns = (zeros(lanes * _SPREAD, np.uint32) for lanes in (-(-most // SIDE) * SIDE, widest))
    return configuration, rows, columns, zeros(SIDE * WIDTH, np.int32)


def _instruction(builder: Any, name: str, *operands: Any) -> None:
    kind = ir.FunctionType(ir.VoidType(), [operand.type for operand in operands])
    builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.{name}"), operands)


@intrinsic
def configure(typingctx, settings):  # type: ignore[no-untyped-def]
    """Make the unit ready in this thread."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        writer = Writer(context, builder, signature, arguments)
        _instruction(builder, "ldtilecfg", writer.pointer(0, number(0)))
        return context.get_dummy_value()

    return types.void(settings), generate


@intrinsic
def release(typingctx):  # type: ignore[no-untyped-def]
    """Let go of the unit."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _instruction(builder, "tilerelease")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def multiply(typingctx, rows, at, columns, group, sums):  # type: ignore[no-untyped-def]
    """Fill sums (16 x WIDTH int32) with the products of 16 rows and a group of columns."""
    kinds = (rows, types.intp, columns, types.intp, sums)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        writer = Writer(context, builder, signature, arguments)

        def move(name: str, tile: int, array: int, at: Any, stride: int) -> None:
            place = builder.bitcast(writer.pointer(array, at), _PLACE)
            _instruction(builder, name, ir.Constant(_BYTE, tile), place, number(stride))

        _, at, _, group, _ = arguments
        for tile in range(TILES):
            _instruction(builder, "tilezero", ir.Constant(_BYTE, tile))
        for part in range(BITS // _DEEP):
            left = TILES + part % 2
            move("tileloadd64", left, 0, builder.add(at, number(part * SIDE)), BITS)
            for tile in range(TILES):
                right = 6 + tile % 2
                move("tileloadd64", right, 2, builder.add(group, number((part * TILES + tile) * SIDE * SIDE)), 64)
                _instruction(builder, "tdpbsud", *(ir.Constant(_BYTE, one) for one in (tile, left, right)))
        for tile in range(TILES):
            move("tilestored64", tile, 4, number(tile * SIDE), 4 * WIDTH)
        return context.get_dummy_value()

    return types.void(*kinds), generate


@intrinsic
def keep(typingctx, sums, ones, row, count, out, out_at, stride, nearest, second, column):  # type: ignore[no-untyped-def]
    """Write the distances of `count` rows of sums to out[out_at:], and keep each column's two least.

    ones[row:]: int16, the bits set in each row. A distance of 256 counts as FAR.
    """
    kinds = (sums, ones, types.intp, types.intp, out, types.intp, types.intp, nearest, second, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        writer = Writer(context, builder, signature, arguments)
        _, _, row, count, _, out_at, stride, _, _, column = arguments
        whole, half = ir.VectorType(_INT, SIDE), ir.VectorType(_SHORT, 2 * SIDE)
        places = [writer.pointer(7, column), writer.pointer(8, column)]
        pair = [cgutils.alloca_once_value(builder, writer.load(place)) for place in places]

        def packed(name: str, one: Any, other: Any, kind: Any) -> Any:
            function = ir.FunctionType(kind, [one.type] * 2)
            name = f"llvm.x86.avx512.{name}.512"
            return builder.call(cgutils.get_or_insert_function(builder.module, function, name), [one, other])

        with cgutils.for_range(builder, count) as loop:
            start = builder.mul(loop.index, number(WIDTH))
            tiles = [
                writer.load(writer.pointer(0, builder.add(start, number(tile * SIDE))), whole) for tile in range(TILES)
            ]
            own = writer.repeated(builder.load(writer.pointer(1, builder.add(row, loop.index))))
            halves = [builder.add(packed("packssdw", tiles[k], tiles[k + 1], half), own) for k in (0, 2)]
            distances = packed("packuswb", halves[0], halves[1], ir.VectorType(_BYTE, WIDTH))
            writer.store(distances, writer.pointer(4, builder.add(out_at, builder.mul(loop.index, stride))))
            found = writer.two_least(builder.load(pair[0]), builder.load(pair[1]), distances, constant(FAR))
            for least, place in zip(found, pair, strict=True):
                builder.store(least, place)
        for one, place in zip(pair, places, strict=True):
            writer.store(builder.load(one), place)
        return context.get_dummy_value()

    return types.void(*kinds), generate


@kernel
def spread_rows(words, start, count, out):  # type: ignore[no-untyped-def]
    """Lay rows out for `multiply`: the bits of `count` rows of eight uint32, from word `start` on, as bytes 1 and -1.

    Of a word, every eighth bit comes one after another; `spread_columns` does the same.
    """
    for k in range(count * _WORDS):
        word = words[start + k]
        for shift in range(8):
            out[8 * k + shift] = np.uint32(((word >> np.uint32(shift)) & _ONES) * np.uint32(0xFE) + _ONES)


@kernel
def spread_columns(words, start, width, out):  # type: ignore[no-untyped-def]
    """Lay `width` columns, a multiple of WIDTH, out for `multiply`, as bytes 0 and 1.

    The four tiles of a group share its columns out so that packing their sums puts these in order.
    """
    some = np.empty(SIDE, np.uint32)
    for group in range(0, width, WIDTH):
        for tile in range(TILES):
            for w in range(_WORDS):
                for k in range(SIDE):
                    some[k] = words[start + (group + k // 4 * 16 + 4 * tile + k % 4) * _WORDS + w]
                at = group * _SPREAD + ((w // 2 * TILES + tile) * 2 + w % 2) * 8 * SIDE
                for shift in range(8):
                    for k in range(SIDE):
                        out[at + shift * SIDE + k] = (some[k] >> np.uint32(shift)) & _ONES


@kernel
def ready(columns, lane, width, room):  # type: ignore[no-untyped-def]
    """Before a chunk of columns is compared with."""
    configure(room[0])
    spread_columns(columns, lane * _WORDS, width, room[2])


@kernel
def done():  # type: ignore[no-untyped-def]
    """After all chunks."""
    release()


@kernel
def distances(left, a, n, _columns, _lane, width, room, out, nearest, second):  # type: ignore[no-untyped-def]
    """Compare n descriptors with `width` columns, as nearest.distances does."""
    _, words, bits = left
    _, rows, columns, sums = room
    spread_rows(words, a * _WORDS, n, rows)
    nearest[:width] = FAR
    second[:width] = FAR
    for group in range(0, width, WIDTH):
        for i in range(0, n, SIDE):
            multiply(rows, i * _SPREAD, columns, group * _SPREAD, sums)
            keep(sums, bits, a + i, min(SIDE, n - i), out, i * width + group, width, nearest, second, group)
