"""What numba is to make of functions that it cannot compile: LLVM's words, or a choice of type.

Imported with numba, when something has to be compiled: see engine/lowered.py.
"""

import functools
import sys
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import lower_builtin, overload, type_callable

from arzip import readings
from arzip.models.network import networks, recurrent, transformer
from arzip.models.numbers.intrinsics import (
    BYTE_GROUP,
    LANES,
    ROWS,
    SHORTS,
    VECTORS,
    WORDS,
    adjust,
    copy_line,
    inner,
    leading_zeros,
    multiply_block,
    multiply_bytes,
    prefetch,
    seek,
    shortest,
    weigh,
)
from arzip.readings.reading import BROAD

__all__: list[str] = []

BYTE, SHORT, WORD, LONG = (ir.IntType(bits) for bits in (8, 16, 32, 64))


def _constant(values: Any) -> Any:
    return ir.Constant(ir.VectorType(WORD, len(values)), [ir.Constant(WORD, v) for v in values])


def _add_neighbours(builder: Any, values: Any) -> Any:
    """Return elements 0 + 1, 2 + 3, .. of a vector."""
    nothing = ir.Constant(values.type, ir.Undefined)
    even = builder.shuffle_vector(values, nothing, _constant(range(0, values.type.count, 2)))
    odd = builder.shuffle_vector(values, nothing, _constant(range(1, values.type.count, 2)))
    return builder.add(even, odd)


def _at(builder: Any, data: Any, index: Any, kind: Any) -> Any:
    """Return the place of data[index], as that of a vector."""
    return builder.bitcast(builder.gep(data, [index]), kind.as_pointer())


@lower_builtin(multiply_block, types.Array, types.int64, types.Array, types.Array, types.int64)
def _generate_block(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    matrix, vector, products = (
        context.make_array(signature.args[k])(context, builder, arguments[k]) for k in (0, 2, 3)
    )
    start, row = arguments[1], arguments[4]
    weights, wide = ir.VectorType(BYTE, 2 * LANES), ir.VectorType(WORD, 2 * LANES)
    pair, sums = ir.VectorType(SHORT, 2), ir.VectorType(WORD, LANES)
    with builder.goto_entry_block():  # once, however often the loop around comes by
        totals = [builder.alloca(sums) for _ in range(VECTORS)]
    for total in totals:
        builder.store(ir.Constant(sums, None), total)
    size = builder.extract_value(vector.shape, 0)
    pairs = builder.lshr(size, ir.Constant(LONG, 1))
    with cgutils.for_range(builder, pairs) as loop:
        place = _at(builder, vector.data, builder.shl(loop.index, ir.Constant(LONG, 1)), pair)
        columns = builder.shuffle_vector(
            builder.load(place, align=2),
            ir.Constant(pair, ir.Undefined),
            _constant([0, 1] * LANES),
        )
        columns = builder.sext(columns, wide)
        first = builder.add(start, builder.mul(loop.index, ir.Constant(LONG, 2 * ROWS)))
        for k, total in enumerate(totals):
            index = builder.add(first, ir.Constant(LONG, 2 * LANES * k))
            values = builder.load(_at(builder, matrix.data, index, weights), align=1)
            product = builder.mul(builder.sext(values, wide), columns)
            both = _add_neighbours(builder, product)
            builder.store(builder.add(builder.load(total), both), total)
    for k, total in enumerate(totals):
        place = _at(builder, products.data, builder.add(row, ir.Constant(LONG, LANES * k)), sums)
        builder.store(builder.load(total), place, align=4)
    return context.get_dummy_value()


def _in_any_words(builder: Any, weights: Any, numbers: Any) -> Any:
    """Return each row's sum of products of its four weights and numbers."""
    wide = ir.VectorType(SHORT, weights.type.count)
    products = builder.mul(builder.sext(weights, wide), builder.zext(numbers, wide))
    pairs = _add_neighbours(builder, products)
    return _add_neighbours(builder, builder.sext(pairs, ir.VectorType(WORD, pairs.type.count)))


def _in_words_of_avx2(builder: Any, weights: Any, numbers: Any) -> Any:
    """Return the same for eight rows: LLVM knows not that two products fit 16 bits."""
    shorts, words = ir.VectorType(SHORT, 16), ir.VectorType(WORD, 8)
    pairs = _call(builder, "llvm.x86.avx2.pmadd.ub.sw", shorts, [numbers, weights])
    ones = ir.Constant(shorts, [ir.Constant(SHORT, 1)] * shorts.count)
    return _call(builder, "llvm.x86.avx2.pmadd.wd", words, [pairs, ones])


def _call(builder: Any, name: str, returned: Any, arguments: list[Any]) -> Any:
    """Call one of LLVM's own functions."""
    function = builder.module.globals.get(name)
    if function is None:
        kind = ir.FunctionType(returned, [argument.type for argument in arguments])
        function = ir.Function(builder.module, kind, name)
    return builder.call(function, arguments)


@lower_builtin(multiply_bytes, types.Array, types.int64, types.Array, types.Array, types.int64)
def _generate_bytes(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    matrix, vector, products = (
        context.make_array(signature.args[k])(context, builder, arguments[k]) for k in (0, 2, 3)
    )
    start, row = arguments[1], arguments[4]
    features = getattr(context.codegen(), "_tm_features", "")  # numba does not promise it
    avx2 = "+avx2" in features.split(",")
    multiply, lanes = (_in_words_of_avx2, 8) if avx2 else (_in_any_words, LANES)
    weights, sums = ir.VectorType(BYTE, BYTE_GROUP * lanes), ir.VectorType(WORD, lanes)
    with builder.goto_entry_block():  # once, however often the loop around comes by
        totals = [builder.alloca(sums) for _ in range(ROWS // lanes)]
    for total in totals:
        builder.store(ir.Constant(sums, None), total)
    size = builder.extract_value(vector.shape, 0)
    with cgutils.for_range(builder, builder.lshr(size, ir.Constant(LONG, 2))) as loop:
        index = builder.mul(loop.index, ir.Constant(LONG, BYTE_GROUP))
        group = builder.load(_at(builder, vector.data, index, WORD), align=1)
        one = builder.insert_element(ir.Constant(sums, ir.Undefined), group, ir.Constant(WORD, 0))
        all_rows = builder.shuffle_vector(one, one, _constant([0] * lanes))
        numbers = builder.bitcast(all_rows, weights)
        first = builder.add(start, builder.mul(index, ir.Constant(LONG, ROWS)))
        for k, total in enumerate(totals):
            index = builder.add(first, ir.Constant(LONG, BYTE_GROUP * lanes * k))
            values = builder.load(_at(builder, matrix.data, index, weights), align=1)
            added = multiply(builder, values, numbers)
            builder.store(builder.add(builder.load(total), added), total)
    for k, total in enumerate(totals):
        place = _at(builder, products.data, builder.add(row, ir.Constant(LONG, lanes * k)), sums)
        builder.store(builder.load(total), place, align=4)
    return context.get_dummy_value()


@lower_builtin(inner, types.Array, types.Array)
def _generate_inner(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    a, b = (
        context.make_array(kind)(context, builder, array)
        for kind, array in zip(signature.args, arguments, strict=True)
    )
    shorts, wide = ir.VectorType(SHORT, SHORTS), ir.VectorType(WORD, SHORTS)
    sums = ir.VectorType(WORD, SHORTS // 2)
    with builder.goto_entry_block():  # once, however often the loop around comes by
        totals = [builder.alloca(sums) for _ in range(VECTORS)]  # each waits for itself alone
    for total in totals:
        builder.store(ir.Constant(sums, None), total)

    def add(total: Any, index: Any) -> None:
        left, right = (
            builder.sext(builder.load(_at(builder, array.data, index, shorts), align=2), wide)
            for array in (a, b)
        )
        both = _add_neighbours(builder, builder.mul(left, right))
        builder.store(builder.add(builder.load(total), both), total)

    size, step = builder.extract_value(a.shape, 0), ir.Constant(LONG, VECTORS * SHORTS)
    with cgutils.for_range(builder, builder.udiv(size, step)) as loop:
        first = builder.mul(loop.index, step)
        for k, total in enumerate(totals):
            add(total, builder.add(first, ir.Constant(LONG, SHORTS * k)))
    left_over = builder.urem(size, step)
    first = builder.sub(size, left_over)
    with cgutils.for_range(builder, builder.udiv(left_over, ir.Constant(LONG, SHORTS))) as loop:
        place = builder.mul(loop.index, ir.Constant(LONG, SHORTS))
        add(totals[0], builder.add(first, place))
    all_sums = ir.VectorType(LONG, SHORTS // 2)
    parts = [builder.sext(builder.load(total), all_sums) for total in totals]
    joined = functools.reduce(builder.add, parts)
    return _call(builder, "llvm.vector.reduce.add.v8i64", LONG, [joined])


def _shorts(context: Any, builder: Any, kind: Any, array: Any, row: Any) -> Any:
    """Return the place of an array's row of SHORTS numbers of 16 bits, and these in 32."""
    data = context.make_array(kind)(context, builder, array).data
    index = builder.mul(row, ir.Constant(LONG, SHORTS))
    place = _at(builder, data, index, ir.VectorType(SHORT, SHORTS))
    return place, builder.sext(builder.load(place, align=2), ir.VectorType(WORD, SHORTS))


@lower_builtin(weigh, types.Array, types.uint64, types.Array, types.uint64)
def _generate_weigh(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    _, weights = _shorts(context, builder, signature.args[0], *arguments[:2])
    _, inputs = _shorts(context, builder, signature.args[2], *arguments[2:])
    products = builder.mul(weights, inputs)
    return _call(builder, "llvm.vector.reduce.add.v16i32", WORD, [products])


@lower_builtin(adjust, types.Array, types.uint64, types.Array, types.uint64, types.int32)
def _generate_adjust(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    place, weights = _shorts(context, builder, signature.args[0], *arguments[:2])
    _, inputs = _shorts(context, builder, signature.args[2], *arguments[2:4])
    wide = inputs.type
    one = builder.insert_element(
        ir.Constant(wide, ir.Undefined), arguments[4], ir.Constant(WORD, 0)
    )
    products = builder.mul(inputs, builder.shuffle_vector(one, one, _constant([0] * SHORTS)))
    half = ir.Constant(wide, [ir.Constant(WORD, 1 << 14)] * SHORTS)
    places = ir.Constant(wide, [ir.Constant(WORD, 15)] * SHORTS)
    moved = builder.add(weights, builder.ashr(builder.add(products, half), places))
    for name, end in (("llvm.smax.v16i32", -32768), ("llvm.smin.v16i32", 32767)):
        bound = ir.Constant(wide, [ir.Constant(WORD, end)] * SHORTS)
        moved = _call(builder, name, wide, [moved, bound])
    builder.store(builder.trunc(moved, ir.VectorType(SHORT, SHORTS)), place, align=2)
    return context.get_dummy_value()


@lower_builtin(copy_line, types.Array, types.uint64, types.Array, types.uint64)
def _generate_copy(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    line = ir.VectorType(WORD, WORDS)
    target, source = (
        _at(
            builder,
            context.make_array(signature.args[k])(context, builder, arguments[k]).data,
            arguments[k + 1],
            line,
        )
        for k in (0, 2)
    )
    builder.store(builder.load(source, align=4), target, align=4)
    return context.get_dummy_value()


def _words(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Return a vector of WORDS numbers of an array."""
    data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
    place = _at(builder, data, arguments[1], ir.VectorType(WORD, WORDS))
    return builder.load(place, align=4)


def _all(builder: Any, value: Any) -> Any:
    """Return a vector of WORDS times the same number."""
    kind = ir.VectorType(WORD, WORDS)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(WORD, 0))
    return builder.shuffle_vector(one, one, _constant([0] * WORDS))


@lower_builtin(seek, types.Array, types.uint64, types.uint32)
def _generate_seek(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    words = _words(context, builder, signature, arguments)
    nothing = ir.Constant(words.type, None)
    unlike = builder.and_(
        builder.xor(words, _all(builder, arguments[2])), _constant([0xFFFFF000] * WORDS)
    )
    count = builder.and_(words, _constant([0xFF] * WORDS))
    found = builder.and_(
        builder.icmp_unsigned("==", unlike, nothing), builder.icmp_unsigned("!=", count, nothing)
    )
    bits = builder.bitcast(found, ir.IntType(WORDS))
    if sys.byteorder == "big":  # where the first element becomes the highest bit
        bits = builder.bitreverse(bits)
    # One more bit, so that there is a first one.
    bits = builder.or_(builder.zext(bits, LONG), ir.Constant(LONG, 1 << WORDS))
    return builder.cttz(bits, ir.Constant(ir.IntType(1), 1))


@lower_builtin(shortest, types.Array, types.uint64)
def _generate_shortest(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    words = _words(context, builder, signature, arguments)
    counts = builder.and_(words, _constant([0xFF] * WORDS))
    numbered = builder.or_(builder.shl(counts, _constant([8] * WORDS)), _constant(range(WORDS)))
    least = _call(builder, f"llvm.vector.reduce.umin.v{WORDS}i32", WORD, [numbered])
    return builder.zext(builder.and_(least, ir.Constant(WORD, 0xFF)), LONG)


@type_callable(seek)
def _type_seek(context: Any) -> Any:
    return lambda table, place, tag: types.uint64(table, types.uint64, types.uint32)


@type_callable(shortest)
def _type_shortest(context: Any) -> Any:
    return lambda table, place: types.uint64(table, types.uint64)


@type_callable(inner)
def _type_inner(context: Any) -> Any:
    return lambda a, b: types.int64(a, b)


@type_callable(copy_line)
def _type_copy(context: Any) -> Any:
    return lambda target, place, source, start: types.void(
        target, types.uint64, source, types.uint64
    )


@type_callable(weigh)
def _type_weigh(context: Any) -> Any:
    return lambda weights, row, inputs, place: types.int32(
        weights, types.uint64, inputs, types.uint64
    )


@type_callable(adjust)
def _type_adjust(context: Any) -> Any:
    return lambda weights, row, inputs, place, pull: types.void(
        weights, types.uint64, inputs, types.uint64, types.int32
    )


@type_callable(multiply_bytes)
@type_callable(multiply_block)
def _type_block(context: Any) -> Any:
    def typer(matrix: Any, start: Any, vector: Any, products: Any, row: Any) -> Any:
        return types.void(matrix, types.int64, vector, products, types.int64)

    return typer


@type_callable(leading_zeros)
def _type_zeros(context: Any) -> Any:
    return lambda n: types.uint64(types.uint64)


@lower_builtin(leading_zeros, types.uint64)
def _generate_zeros(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))


@type_callable(prefetch)
def _type_prefetch(context: Any) -> Any:
    return lambda array, index: types.void(array, types.uint64)


@lower_builtin(prefetch, types.Array, types.uint64)
def _generate_prefetch(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    values = context.make_array(signature.args[0])(context, builder, arguments[0])
    place = builder.gep(values.data, [arguments[1]])
    address = builder.bitcast(place, cgutils.voidptr_t)
    read, keep, data_cache = (ir.Constant(WORD, value) for value in (0, 3, 1))
    _call(builder, "llvm.prefetch.p0", ir.VoidType(), [address, read, keep, data_cache])
    return context.get_dummy_value()


@overload(readings.by_breadth, strict=False)
def _compiled_by_breadth(state: Any, lean: Any, usual: Any, broad: Any, *given: Any) -> Any:
    """Choose by the type of the state."""
    breadth = state.fields["breadth"].type.shape[0] - 1
    chosen = (lean, usual, broad)[breadth].dispatcher
    return lambda state, lean, usual, broad, *given: chosen(state, *given)


@overload(readings.if_broad, strict=False)
def _compiled_if_broad(state: Any, function: Any, *given: Any) -> Any:
    """Leave the function out where the type of the state says that it is never called."""
    if state.fields["breadth"].type.shape[0] - 1 < BROAD:
        return lambda state, function, *given: None
    chosen = function.dispatcher

    def call(state: Any, function: Any, *given: Any) -> None:
        if state.more:
            chosen(state, *given)

    return call


@overload(networks.step, strict=False)  # whose annotations numba would have in both signatures
def _compiled_step(weights: Any, activations: Any, byte: Any) -> Any:
    """Choose the network by the type of its weights."""
    if weights.instance_class is transformer.Weights:
        return lambda weights, activations, byte: transformer.step(weights, activations, byte)
    return lambda weights, activations, byte: recurrent.step(weights, activations, byte)
