"""Eight or sixteen float32 or int32 side by side as one value of compiled code: a processor's vector register.

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
WIDE = 16
_INDEX = ir.IntType(32)
_WORD = ir.IntType(64)


class Lanes(types.Type):
    """The compiler's name for `count` float32 or int32."""

    def __init__(self, element: types.Type, count: int = LANES) -> None:
        super().__init__(name=f"{element}x{count}")
        self.element, self.count = element, count
        self.vector = ir.VectorType(ir.FloatType() if element == types.float32 else ir.IntType(32), count)


def lanes_of(element: types.Type, count: int = LANES) -> Lanes:
    """So many lanes of the type of an array's elements."""
    return Lanes(types.float32 if element == types.float32 else types.int32, count)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, kind.vector)


def address_of(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Where an element of an array is."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def read(builder: Any, address: Any, vector: Any) -> Any:
    """The lanes at an address."""
    value = builder.load(builder.bitcast(address, vector.as_pointer()))
    value.align = 4
    return value


def write(builder: Any, address: Any, value: Any) -> None:
    """Write lanes to an address."""
    builder.store(value, builder.bitcast(address, value.type.as_pointer())).align = 4


def shuffle(builder: Any, a: Any, b: Any, order: list[int]) -> Any:
    """Some lanes of two, those of b numbered on from those of a."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INDEX, len(order)), order))


def _everywhere(builder: Any, value: Any, count: int) -> Any:
    nothing = ir.Constant(ir.VectorType(value.type, count), ir.Undefined)
    return shuffle(builder, builder.insert_element(nothing, value, ir.Constant(_INDEX, 0)), nothing, [0] * count)


def _loading(count: int) -> Any:
    @intrinsic
    def load(typing: Any, array: Any, index: Any) -> Any:
        kind = lanes_of(array.dtype, count)

        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return read(builder, address_of(context, builder, signature.args[0], *values), kind.vector)

        return kind(array, types.intp), build

    return load


# array[index : index + 8], or 16, of a contiguous float32 or int32 array; the caller keeps within bounds.
load, load_wide = _loading(LANES), _loading(WIDE)


@intrinsic
def store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """array[index : index + 8], or 16, = value, within the caller's bounds."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        write(builder, address_of(context, builder, signature.args[0], *values[:2]), values[2])
        return context.get_dummy_value()

    return types.void(array, types.intp, value), build


def _splatting(count: int) -> Any:
    @intrinsic
    def splat(typing: Any, value: Any) -> Any:
        element = types.float32 if isinstance(value, types.Float) else types.int32

        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return _everywhere(builder, values[0], count)

        return lanes_of(element, count)(element), build

    return splat


# Eight times, or 16 times, one float32 or int32.
splat, splat_wide = _splatting(LANES), _splatting(WIDE)


def _spreading(count: int) -> Any:
    @intrinsic
    def spread(typing: Any, array: Any, index: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return _everywhere(builder, builder.load(address_of(context, builder, signature.args[0], *values)), count)

        return lanes_of(array.dtype, count)(array, types.intp), build

    return spread


# Eight times, or 16 times, array[index], within the caller's bounds.
spread, spread_wide = _spreading(LANES), _spreading(WIDE)


def _of_two(instruction: str, of_whole: str = "") -> Any:
    @intrinsic
    def operation(typing: Any, a: Any, b: Any) -> Any:
        chosen = of_whole if a.element == types.int32 else instruction

        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return getattr(builder, chosen)(*values)

        return a(a, a), build

    return operation


add, sub, mul, div = _of_two("fadd", "add"), _of_two("fsub", "sub"), _of_two("fmul", "mul"), _of_two("fdiv")


@intrinsic
def multiply_pairs(typing: Any, a: Any, b: Any) -> Any:
    """In each of eight int32 two int16: the product of the low ones plus the product of the high ones."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        if has_feature("avx2"):
            halves = ir.VectorType(ir.IntType(16), 2 * LANES)
            kind = ir.FunctionType(a.vector, [halves] * 2)
            function = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx2.pmadd.wd")
            return builder.call(function, [builder.bitcast(value, halves) for value in values])
        half = ir.Constant(a.vector, [ir.Constant(_INDEX, 16)] * LANES)
        low = [builder.ashr(builder.shl(value, half), half) for value in values]
        high = [builder.ashr(value, half) for value in values]
        return builder.add(builder.mul(*low), builder.mul(*high))

    return a(a, a), build


@intrinsic
def as_float(typing: Any, a: Any) -> Any:
    """int32 as float32, rounded."""
    kind = lanes_of(types.float32, a.count)

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.sitofp(values[0], kind.vector)

    return kind(a), build


def _fused(first: int, last: int) -> Any:
    """±a·b ± c, rounded once, on every processor."""

    @intrinsic
    def operation(typing: Any, a: Any, b: Any, c: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kind = ir.FunctionType(signature.return_type.vector, [signature.return_type.vector] * 3)
            name = f"llvm.fma.v{signature.return_type.count}f32"
            function = cgutils.get_or_insert_function(builder.module, kind, name)
            a, b, c = values
            return builder.call(function, [a if first > 0 else builder.fneg(a), b, c if last > 0 else builder.fneg(c)])

        return a(a, a, a), build

    return operation


add_product, product_less, less_product = _fused(1, 1), _fused(1, -1), _fused(-1, 1)  # ab + c, ab - c, c - ab


@intrinsic
def root(typing: Any, a: Any) -> Any:
    """The square root of each lane."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(a.vector, [a.vector])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{a.count}f32"), values)

    return a(a), build


@intrinsic
def sum_of_lanes(typing: Any, a: Any) -> Any:
    """All float32 lanes together, in whatever order."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(ir.FloatType(), [ir.FloatType(), a.vector])
        name = f"llvm.vector.reduce.fadd.v{a.count}f32"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(function, [ir.Constant(ir.FloatType(), -0.0), values[0]], fastmath=("reassoc",))

    return types.float32(a), build


@intrinsic
def lanes_above(typing: Any, a: Any, b: Any) -> Any:
    """An int64 whose bit l says whether a > b in lane l."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.zext(builder.bitcast(builder.fcmp_ordered(">", *values), ir.IntType(a.count)), _WORD)

    return types.int64(a, a), build


@intrinsic
def choose(typing: Any, a: Any, b: Any, greater: Any, other: Any) -> Any:
    """Lane by lane `greater` where a > b, else `other`."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *values[:2]), *values[2:])

    return a(a, a, a, a), build
