"""Eight float32, or eight int32, side by side as one value of compiled code: a processor's vector register.

Left to itself the compiler vectorises along one picture's columns; eight pictures side by side need no shuffling at
all. Processors with shorter registers get the same results from several instructions.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from icas_core.similarity.compiled import has_feature

LANES = 8
_INDEX = ir.IntType(32)
_WORD = ir.IntType(64)
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_WHOLE = ir.VectorType(ir.IntType(32), LANES)


class Lanes(types.Type):
    """The compiler's name for eight float32 or int32."""

    def __init__(self, element: types.Type) -> None:
        super().__init__(name=f"{element}x{LANES}")
        self.vector = _VECTOR if element == types.float32 else _WHOLE


_lanes = Lanes(types.float32)
_whole_lanes = Lanes(types.int32)


def _of(element: types.Type) -> Lanes:
    return _lanes if element == types.float32 else _whole_lanes


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, kind.vector)


def _address(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def _read(builder: Any, address: Any, vector: Any = _VECTOR) -> Any:
    value = builder.load(builder.bitcast(address, vector.as_pointer()))
    value.align = 4
    return value


def _write(builder: Any, address: Any, value: Any) -> None:
    builder.store(value, builder.bitcast(address, value.type.as_pointer())).align = 4


def _shuffle(builder: Any, a: Any, b: Any, order: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INDEX, LANES), order))


def _everywhere(builder: Any, value: Any) -> Any:
    nothing = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
    return _shuffle(builder, builder.insert_element(nothing, value, ir.Constant(_INDEX, 0)), nothing, [0] * LANES)


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """array[index : index + 8] of a contiguous float32 or int32 array; the caller keeps within bounds."""
    kind = _of(array.dtype)

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _read(builder, _address(context, builder, signature.args[0], *values), kind.vector)

    return kind(array, types.intp), build


@intrinsic
def store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """array[index : index + 8] = value, within the caller's bounds."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        _write(builder, _address(context, builder, signature.args[0], *values[:2]), values[2])
        return context.get_dummy_value()

    return types.void(array, types.intp, _of(array.dtype)), build


@intrinsic
def splat(typing: Any, value: Any) -> Any:
    """Eight times one float32 or int32."""
    element = types.float32 if isinstance(value, types.Float) else types.int32

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _everywhere(builder, values[0])

    return _of(element)(element), build


@intrinsic
def spread(typing: Any, array: Any, index: Any) -> Any:
    """Eight times array[index], within the caller's bounds."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _everywhere(builder, builder.load(_address(context, builder, signature.args[0], *values)))

    return _of(array.dtype)(array, types.intp), build


def _of_two(instruction: str, of_whole: str = "") -> Any:
    @intrinsic
    def operation(typing: Any, a: Any, b: Any) -> Any:
        chosen = of_whole if a == _whole_lanes else instruction

        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return getattr(builder, chosen)(*values)

        return a(a, a), build

    return operation


add, sub, mul, div = _of_two("fadd", "add"), _of_two("fsub", "sub"), _of_two("fmul", "mul"), _of_two("fdiv")


@intrinsic
def multiply_pairs(typing: Any, a: Any, b: Any) -> Any:
    """In each int32 lane two int16: the product of the low ones plus the product of the high ones."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        if has_feature("avx2"):
            halves = ir.VectorType(ir.IntType(16), 2 * LANES)
            kind = ir.FunctionType(_WHOLE, [halves] * 2)
            function = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx2.pmadd.wd")
            return builder.call(function, [builder.bitcast(value, halves) for value in values])
        half = ir.Constant(_WHOLE, [ir.Constant(_INDEX, 16)] * LANES)
        low = [builder.ashr(builder.shl(value, half), half) for value in values]
        high = [builder.ashr(value, half) for value in values]
        return builder.add(builder.mul(*low), builder.mul(*high))

    return _whole_lanes(_whole_lanes, _whole_lanes), build


@intrinsic
def as_float(typing: Any, a: Any) -> Any:
    """Eight int32 as float32, rounded."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.sitofp(values[0], _VECTOR)

    return _lanes(_whole_lanes), build


def _fused(first: int, last: int) -> Any:
    """±a·b ± c, rounded once, on every processor."""

    @intrinsic
    def operation(typing: Any, a: Any, b: Any, c: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
            function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f32")
            a, b, c = values
            return builder.call(function, [a if first > 0 else builder.fneg(a), b, c if last > 0 else builder.fneg(c)])

        return _lanes(_lanes, _lanes, _lanes), build

    return operation


add_product, product_less, less_product = _fused(1, 1), _fused(1, -1), _fused(-1, 1)  # ab + c, ab - c, c - ab


@intrinsic
def root(typing: Any, a: Any) -> Any:
    """The square root of each lane."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{LANES}f32"), values)

    return _lanes(_lanes), build


@intrinsic
def lanes_above(typing: Any, a: Any, b: Any) -> Any:
    """An int64 whose bit l says whether a > b in lane l."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.zext(builder.bitcast(builder.fcmp_ordered(">", *values), ir.IntType(LANES)), _WORD)

    return types.int64(_lanes, _lanes), build


@intrinsic
def choose(typing: Any, a: Any, b: Any, greater: Any, other: Any) -> Any:
    """Lane by lane `greater` where a > b, else `other`."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *values[:2]), *values[2:])

    return _lanes(_lanes, _lanes, _lanes, _lanes), build


@intrinsic
def transpose(typing: Any, array: Any, starts: Any, column: Any, out: Any) -> Any:
    """out[8 (column + k) + l] = array[starts[l] + column + k] for k, l in 0..7, within the caller's bounds.

    starts: eight int64.
    """

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        of_array, of_starts, _, of_out = signature.args
        array, starts, column, out = values
        rows = []
        for lane in range(LANES):
            start = builder.load(_address(context, builder, of_starts, starts, ir.Constant(_WORD, lane)))
            address = _address(context, builder, of_array, array, builder.add(start, column))
            rows.append(_read(builder, address, _of(of_array.dtype).vector))
        for k, value in enumerate(_transposed(builder, rows)):
            at = builder.add(builder.mul(column, ir.Constant(_WORD, LANES)), ir.Constant(_WORD, k * LANES))
            _write(builder, _address(context, builder, of_out, out, at), value)
        return context.get_dummy_value()

    return types.void(array, starts, types.intp, out), build


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """Pairs, then fours, then halves change places."""
    ones = [
        _shuffle(builder, rows[i], rows[i + 1], order)
        for i in range(0, LANES, 2)
        for order in ([0, 8, 1, 9, 4, 12, 5, 13], [2, 10, 3, 11, 6, 14, 7, 15])
    ]
    twos = [
        _shuffle(builder, ones[i], ones[i + 2], order)
        for i in (0, 1, 4, 5)
        for order in ([0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15])
    ]
    return [
        _shuffle(builder, twos[i], twos[i + 4], order)
        for order in ([0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15])
        for i in range(4)
    ]
