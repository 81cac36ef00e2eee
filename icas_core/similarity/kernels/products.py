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


# Without Python's check for a division by zero the loop is made of vector instructions.
@kernel(error_model="numpy")
def similarities(products, pixels, x_sums, x_squares, y_sums, y_squares, out):  # type: ignore[no-untyped-def]
    """Fill out[i, j] (float32) with 1 - (a² + b² - 2ab) / (|a| |b|), from 0 to 1.

    products: (n, m) float32 or float64, of the centred pictures; sums of their pixels, and squares: the sums of the
    pictures' squared pixels, float64 of whole numbers. A black picture is 1 to a black one and 0 to others.
    """
    y_lengths = np.sqrt(y_squares)
    y_moved = CENTRE * y_sums
    for i in range(out.shape[0]):
        x_length = np.sqrt(x_squares[i])
        moved = CENTRE * x_sums[i] + CENTRE * CENTRE * pixels
        for j in range(out.shape[1]):
            both = products[i, j] + (moved + y_moved[j])
            loss = (x_squares[i] + y_squares[j] - 2 * both) / (x_length * y_lengths[j])
            out[i, j] = np.float32(max(0.0, min(1.0, 1.0 - loss)))
        if x_squares[i] == 0:
            out[i, :] = 0
    for j in range(out.shape[1]):
        if y_squares[j] == 0:
            for i in range(out.shape[0]):
                out[i, j] = x_squares[i] == 0


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
