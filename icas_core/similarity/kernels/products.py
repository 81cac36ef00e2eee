"""Turn the products of centred pictures into the similarities of template matching."""

from __future__ import annotations

import numpy as np

from icas_core.similarity.compiled import kernel

CENTRE = 128  # taken off every pixel, so that float32 holds the sums of 1,024 products without rounding
EXACT = 1024


@kernel
def sums_of_pixels(rows, sums, squares):  # type: ignore[no-untyped-def]
    """Fill the float64 sums of the pixels and of their squares of each row of (n, pixels) uint8."""
    for i in range(rows.shape[0]):
        total, square = np.int64(0), np.int64(0)
        for start in range(0, rows.shape[1], EXACT):
            # Short sums are made of 32-bit numbers, twice as many at once.
            part, energy = np.uint32(0), np.uint32(0)
            for k in range(start, min(start + EXACT, rows.shape[1])):
                pixel = np.uint32(rows[i, k])
                part = np.uint32(part + pixel)
                energy = np.uint32(energy + pixel * pixel)
            total += part
            square += energy
        sums[i], squares[i] = total, square


@kernel
def centre(rows, order, out):  # type: ignore[no-untyped-def]
    """Fill out[i] (float32) with the pixels of row order[i], less CENTRE."""
    for i in range(out.shape[0]):
        row = rows[order[i]]
        for k in range(out.shape[1]):
            out[i, k] = np.float32(row[k]) - np.float32(CENTRE)


@kernel
def add_products(products, total):  # type: ignore[no-untyped-def]
    """Add float32 products to the float64 total, both (n, m)."""
    for i in range(total.shape[0]):
        for j in range(total.shape[1]):
            total[i, j] += products[i, j]


# Without Python's check for a division by zero the loops are made of vector instructions.
@kernel(error_model="numpy")
def _similarities_of_row(products, moved, square, y_moved, y_squares, y_lengths, out):  # type: ignore[no-untyped-def]
    length = np.sqrt(square)
    for j in range(out.shape[0]):
        both = products[j] + (moved + y_moved[j])
        loss = (square + y_squares[j] - 2 * both) / (length * y_lengths[j])
        out[j] = np.float32(max(0.0, min(1.0, 1.0 - loss)))
    if square == 0:
        out[:] = 0
    for j in range(out.shape[0]):
        if y_squares[j] == 0:
            out[j] = square == 0


@kernel
def similarities(products, pixels, x_sums, x_squares, y_sums, y_squares, out):  # type: ignore[no-untyped-def]
    """Fill out[i, j] (float32) with 1 - (a² + b² - 2ab) / (|a| |b|), from 0 to 1.

    products: (n, m) float32 or float64, of the centred pictures; sums of their pixels, and squares: the sums of the
    pictures' squared pixels, float64 of whole numbers. A black picture is 1 to a black one and 0 to others.
    """
    y_lengths, y_moved = np.sqrt(y_squares), CENTRE * y_sums
    for i in range(out.shape[0]):
        moved = CENTRE * x_sums[i] + CENTRE * CENTRE * pixels
        _similarities_of_row(products[i], moved, x_squares[i], y_moved, y_squares, y_lengths, out[i])


@kernel
def similar(products, pixels, x_sums, x_squares, y_sums, y_squares, limit, rows, columns, wanted):  # type: ignore[no-untyped-def]
    """The int64 rows[i] and columns[j], and the float32 similarities, of the wanted pairs at or above the limit.

    wanted: bool, by rows and columns. Everything else is as `similarities` takes it.
    """
    y_lengths, y_moved = np.sqrt(y_squares), CENTRE * y_sums
    n, m = products.shape
    of_row = np.empty(m, np.float32)
    a, b, values = np.empty(2 * m, np.int64), np.empty(2 * m, np.int64), np.empty(2 * m, np.float32)
    size = 0
    for i in range(n):
        moved = CENTRE * x_sums[i] + CENTRE * CENTRE * pixels
        _similarities_of_row(products[i], moved, x_squares[i], y_moved, y_squares, y_lengths, of_row)
        above = 0
        for j in range(m):
            above += of_row[j] >= limit
        if above == 0:
            continue
        if size + m > a.shape[0]:
            a, b = np.concatenate((a, a)), np.concatenate((b, b))
            values = np.concatenate((values, values))
        for j in range(m):
            if of_row[j] >= limit and wanted[rows[i], columns[j]]:
                a[size], b[size], values[size] = rows[i], columns[j], of_row[j]
                size += 1
    return a[:size].copy(), b[:size].copy(), values[:size].copy()


@kernel(error_model="numpy")
def paired_similarities(x, y, out):  # type: ignore[no-untyped-def]
    """Fill out[k] (float32) with the same of row k of x and row k of y, (n, pixels) uint8."""
    for k in range(out.shape[0]):
        x_square, y_square, both = np.int64(0), np.int64(0), np.int64(0)
        for start in range(0, x.shape[1], EXACT):
            # Short sums are made of 32-bit numbers, twice as many at once.
            of_x, of_y, of_both = np.uint32(0), np.uint32(0), np.uint32(0)
            for c in range(start, min(start + EXACT, x.shape[1])):
                one, other = np.uint32(x[k, c]), np.uint32(y[k, c])
                of_x = np.uint32(of_x + one * one)
                of_y = np.uint32(of_y + other * other)
                of_both = np.uint32(of_both + one * other)
            x_square += of_x
            y_square += of_y
            both += of_both
        if x_square == 0 or y_square == 0:
            out[k] = x_square == y_square
            continue
        loss = np.float64(x_square + y_square - 2 * both) / (
            np.sqrt(np.float64(x_square)) * np.sqrt(np.float64(y_square))
        )
        out[k] = np.float32(max(0.0, min(1.0, 1.0 - loss)))
