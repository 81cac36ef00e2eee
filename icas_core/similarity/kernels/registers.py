"""Compare one row of small numbers with hundreds of others at once: a lane of a wide register for each of them.

Numba has no type for a register of bytes, so the instructions are built here. They are LLVM's own, which every
processor has in some form; only the look-up in a table of 16 bytes is x86's. Bits are counted by this table, a nibble
at a time, where numba compiles for AVX2; a byte at a time where the processor counts the bits of bytes (AVX-512 with
BITALG, whose registers are twice as wide), or has neither.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic

from icas_core.similarity.compiled import has_feature

_COUNTS_BYTES = has_feature("avx512bitalg") and has_feature("avx512bw")
BY_TABLE = has_feature("avx2") and not _COUNTS_BYTES
DIGIT = 4 if BY_TABLE else 8  # bits that are counted at once
BYTES = 64 if _COUNTS_BYTES else 32  # of a register
GROUP = 256 // BYTES  # registers that one pass fills: 256 lanes of bytes, 64 of four-byte numbers
# TABLE[16 * q + x]: how many of the four bits of q and of x differ.
TABLE = np.bitwise_count(np.arange(16, dtype=np.uint8)[:, None] ^ np.arange(16, dtype=np.uint8)).ravel()

_BYTE, _SHORT, _INT, _LONG = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_REGISTER = ir.VectorType(_BYTE, BYTES)


def number(value: int) -> Any:
    """A constant."""
    return ir.Constant(_LONG, value)


def constant(value: int, register: Any = _REGISTER) -> Any:
    """The same number in every lane."""
    return ir.Constant(register, [ir.Constant(register.element, value)] * register.count)


def order(lanes: list[int]) -> Any:
    """The lanes that a shuffle takes, in order."""
    return ir.Constant(ir.VectorType(_INT, len(lanes)), [ir.Constant(_INT, lane) for lane in lanes])


class Writer:
    """Writes the instructions of one intrinsic, whose arguments are arrays and whole numbers."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self.context, self.builder, self.types, self.arguments = context, builder, signature.args, arguments

    def pointer(self, array: int, at: Any) -> Any:
        """To element `at`, counted through all dimensions, of the array that is argument number `array`."""
        view = self.context.make_array(self.types[array])(self.context, self.builder, self.arguments[array])
        return self.builder.gep(view.data, [at])

    def load(self, pointer: Any, register: Any = _REGISTER) -> Any:
        """The register at a pointer."""
        return self.builder.load(self.builder.bitcast(pointer, ir.PointerType(register)), align=1)

    def store(self, register: Any, pointer: Any) -> None:
        """Write a register to a pointer."""
        self.builder.store(register, self.builder.bitcast(pointer, ir.PointerType(register.type)), align=1)

    def on(self, name: str, *operands: Any) -> Any:
        """One of LLVM's own functions of registers of bytes."""
        kind = ir.FunctionType(_REGISTER, [_REGISTER] * len(operands))
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), operands)

    def two_least(self, nearest: Any, second: Any, other: Any, then: Any) -> tuple[Any, Any]:
        """The two smallest of two such pairs, lane by lane."""
        farther = self.on(f"llvm.umax.v{BYTES}i8", nearest, other)
        then = self.on(f"llvm.umin.v{BYTES}i8", second, then)
        return self.on(f"llvm.umin.v{BYTES}i8", nearest, other), self.on(f"llvm.umin.v{BYTES}i8", farther, then)

    def repeated(self, part: Any) -> Any:
        """A number, or the bytes of a short register, over and over in a register."""
        if not isinstance(part.type, ir.VectorType):
            single = ir.VectorType(part.type, 1)
            part = self.builder.insert_element(ir.Constant(single, ir.Undefined), part, ir.Constant(_INT, 0))
        width = part.type.count
        lanes = BYTES * 8 // part.type.element.width
        return self.builder.shuffle_vector(
            part, ir.Constant(part.type, ir.Undefined), order([lane % width for lane in range(lanes)])
        )

    def variables(self, start: Any, count: int) -> list[Any]:
        """Places for registers, which LLVM keeps in registers."""
        places = [cgutils.alloca_once(self.builder, start.type) for _ in range(count)]
        for place in places:
            self.builder.store(start, place)
        return places


def differing_bits(writer: Writer, digit: Any) -> Any:
    """Adds to each lane how many bits of its digit differ from this one, which as a nibble is given times 16."""
    builder = writer.builder
    if BY_TABLE:
        row = writer.pointer(4, builder.zext(digit, _LONG))
        table = writer.repeated(writer.load(row, ir.VectorType(_BYTE, 16)))
        return lambda total, other: builder.add(total, writer.on("llvm.x86.avx2.pshuf.b", table, other))
    own = writer.repeated(digit)
    count = f"llvm.ctpop.v{BYTES}i8"
    return lambda total, other: builder.add(total, writer.on(count, builder.xor(own, other)))


def equal(writer: Writer, one: Any) -> Any:
    """Adds 1 to each lane whose number is this one."""
    builder = writer.builder
    own = writer.repeated(one)
    if _COUNTS_BYTES:
        # These compare into a mask, by which the sum is made.
        one_more = constant(1, own.type)
        return lambda total, other: builder.select(
            builder.icmp_unsigned("==", own, other), builder.add(total, one_more), total
        )
    # A true comparison is -1 when all its bits are set.
    return lambda total, other: builder.sub(total, builder.sext(builder.icmp_unsigned("==", own, other), total.type))


def sums(writer: Writer, compare: Any, rows: Any, lane: Any) -> list[Any]:
    """GROUP registers: compare() of the query (argument 0 from argument 1 on) with each of the planes (2, 3), added."""
    builder, arguments = writer.builder, writer.arguments
    register = ir.VectorType(lane, BYTES * 8 // lane.width)
    totals = writer.variables(constant(0, register), GROUP)
    with cgutils.for_range(builder, rows) as loop:
        step = compare(writer, builder.load(writer.pointer(0, builder.add(arguments[1], loop.index))))
        row = builder.add(arguments[3], builder.mul(loop.index, number(GROUP * register.count)))
        for part, total in enumerate(totals):
            other = writer.load(writer.pointer(2, builder.add(row, number(part * register.count))), register)
            builder.store(step(builder.load(total), other), total)
    return [builder.load(total) for total in totals]


def _adding(compare: Any, lane: Any, wide: Any) -> Any:
    @intrinsic
    def adding(typingctx, query, at, planes, group, table, rows, out, out_at):  # type: ignore[no-untyped-def]
        kinds = (query, types.intp, planes, types.intp, table, types.intp, out, types.intp)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            writer = Writer(context, builder, signature, arguments)
            for part, total in enumerate(sums(writer, compare, arguments[5], lane)):
                register = ir.VectorType(wide, total.type.count)
                found = builder.zext(total, register) if lane.width < wide.width else total
                place = writer.pointer(6, builder.add(arguments[7], number(part * total.type.count)))
                writer.store(builder.add(writer.load(place, register), found), place)
            return context.get_dummy_value()

        return types.void(*kinds), generate

    return adding


# Each adds to out[out_at:], for every lane of a group, what a run of rows gives: query[at:] is compared with as many
# rows of planes[group:]. A lane of a byte holds runs of 252 bits, or 255 equal bytes.
add_differing_bits = _adding(differing_bits, _BYTE, _SHORT)  # uint8, to uint16
add_equal_bytes = _adding(equal, _BYTE, _SHORT)  # uint8, to uint16
add_equal_numbers = _adding(equal, _INT, _INT)  # uint32, to uint32


@intrinsic
def extremes(typingctx, counts, at):  # type: ignore[no-untyped-def]
    """The least of BYTES * GROUP uint16 of an array from element `at` on, plus 65,536 times the largest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        writer = Writer(context, builder, signature, arguments)
        register = ir.VectorType(_SHORT, BYTES // 2)
        found = number(0)
        for name, shift in (("umin", 0), ("umax", 16)):
            kind = ir.FunctionType(register, [register, register])
            better = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{BYTES // 2}i16")
            best = writer.load(writer.pointer(0, arguments[1]), register)
            for part in range(1, 2 * GROUP):
                place = builder.add(arguments[1], number(part * register.count))
                other = writer.load(writer.pointer(0, place), register)
                best = builder.call(better, [best, other])
            kind = ir.FunctionType(_SHORT, [register])
            reduce = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.{name}.v{BYTES // 2}i16")
            one = builder.zext(builder.call(reduce, [best]), _LONG)
            found = builder.or_(found, builder.shl(one, number(shift)))
        return found

    return types.intp(counts, types.intp), generate
