"""The distances of one 256-bit descriptor to many, and the two least of them, a byte each."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic

from icas_core.similarity.compiled import kernel
from icas_core.similarity.kernels.layout import digits, planes, zeros
from icas_core.similarity.kernels.registers import (
    BYTES,
    DIGIT,
    GROUP,
    TABLE,
    Writer,
    constant,
    differing_bits,
    number,
    order,
    sums,
)

DIGITS = 256 // DIGIT  # of a descriptor
WIDTH = BYTES * GROUP  # descriptors compared in one pass
FAR = 255  # a distance in a byte that may have been 256

_BYTE, _INT, _LONG = (ir.IntType(bits) for bits in (8, 32, 64))


@intrinsic
def group_distances(typingctx, query, at, planes, group, table, out, out_at, nearest, second, columns_at):  # type: ignore[no-untyped-def]
    """Write the distances of one descriptor to WIDTH others to out[out_at:], and keep each column's two least.

    query[at:]: uint8, the digits (see layout). planes[group:]: uint8, row by row one digit of each of the others.
    nearest[columns_at:], second[columns_at:]: uint8, the columns' two least so far. A distance of 256 counts as 255.
    """
    kinds = (query, types.intp, planes, types.intp, table, out, types.intp, nearest, second, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        writer = Writer(context, builder, signature, arguments)
        # Without the last digit they add up to 252 at most; only that can pass 255.
        before = sums(writer, differing_bits, number(DIGITS - 1), _BYTE)
        last = builder.load(writer.pointer(0, builder.add(arguments[1], number(DIGITS - 1))))
        bits_of = differing_bits(writer, last)
        row = builder.add(arguments[3], number((DIGITS - 1) * WIDTH))
        for part, total in enumerate(before):
            offset = number(part * BYTES)
            bits = bits_of(constant(0), writer.load(writer.pointer(2, builder.add(row, offset))))
            _keep(writer, writer.on(f"llvm.uadd.sat.v{BYTES}i8", total, bits), offset)
        return context.get_dummy_value()

    return types.void(*kinds), generate


def _keep(writer: Writer, distances: Any, offset: Any) -> None:
    builder, arguments = writer.builder, writer.arguments
    writer.store(distances, writer.pointer(5, builder.add(arguments[6], offset)))
    column = builder.add(arguments[9], offset)
    places = [writer.pointer(7, column), writer.pointer(8, column)]
    nearest, second = (writer.load(place) for place in places)
    pair = writer.two_least(nearest, second, distances, constant(255))
    for least, place in zip(pair, places, strict=True):
        writer.store(least, place)


@intrinsic
def two_least(typingctx, distances, at, count):  # type: ignore[no-untyped-def]
    """The least of distances[at : at + count] (uint8) plus 256 times the second least; 255 where there is none.

    Up to BYTES - 1 elements behind are read, and left out.
    """
    kinds = (distances, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        writer = Writer(context, builder, signature, arguments)
        pair = writer.variables(constant(255), 2)
        _, at, count = arguments
        whole = builder.udiv(count, number(BYTES))
        with cgutils.for_range(builder, whole) as loop:
            found = writer.load(writer.pointer(0, builder.add(at, builder.mul(loop.index, number(BYTES)))))
            _merge(writer, pair, found, constant(255))
        rest = builder.urem(count, number(BYTES))
        with builder.if_then(builder.icmp_unsigned("!=", rest, number(0))):
            found = writer.load(writer.pointer(0, builder.add(at, builder.mul(whole, number(BYTES)))))
            lane = ir.Constant(found.type, [ir.Constant(_BYTE, one) for one in range(BYTES)])
            inside = builder.icmp_unsigned("<", lane, writer.repeated(builder.trunc(rest, _BYTE)))
            _merge(writer, pair, builder.select(inside, found, constant(255)), constant(255))
        for apart in (32, 16, 8, 4, 2, 1):
            if apart == BYTES:
                continue
            turn = order([(lane + apart) % BYTES for lane in range(BYTES)])
            _merge(writer, pair, *(builder.shuffle_vector(builder.load(one), constant(0), turn) for one in pair))
        least, then = (
            builder.zext(builder.extract_element(builder.load(one), ir.Constant(_INT, 0)), _LONG) for one in pair
        )
        return builder.or_(least, builder.shl(then, number(8)))

    return types.intp(*kinds), generate


def _merge(writer: Writer, pair: list[Any], other: Any, then: Any) -> None:
    nearest, second = (writer.builder.load(place) for place in pair)
    merged = writer.two_least(nearest, second, other, then)
    for least, place in zip(merged, pair, strict=True):
        writer.builder.store(least, place)


def columns(descriptors: np.ndarray) -> np.ndarray:
    """(lanes, 32) uint8 descriptors as `distances` takes those to compare with."""
    return planes(digits(descriptors, 256)[1], WIDTH).ravel()


def room(most: int, widest: int) -> tuple[np.ndarray, ...]:
    """Space for `ready` and `distances`, which these need none of."""
    return (zeros(1, np.uint8),)


@kernel
def ready(_columns, _lane, _width, _room):  # type: ignore[no-untyped-def]
    """Nothing is to be done before a chunk of columns is compared with,"""


@kernel
def done():  # type: ignore[no-untyped-def]
    """nor after all of them."""


@kernel
def distances(left, a, n, columns, lane, width, _room, out, nearest, second):  # type: ignore[no-untyped-def]
    """Compare n descriptors with `width` columns: fill out (uint8), row after row, and each column's two least.

    left: the rows, their columns and their bits, see descriptors. A distance of 256 counts as FAR.
    """
    rows, _, _ = left
    nearest[:width] = FAR
    second[:width] = FAR
    for group in range(0, width, WIDTH):
        start = (lane + group) * DIGITS
        for i in range(n):
            at = i * width + group
            group_distances(rows, (a + i) * DIGITS, columns, start, TABLE, out, at, nearest, second, group)
