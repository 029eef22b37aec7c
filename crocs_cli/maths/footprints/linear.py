"""Products and eigenvectors with the same bits on every processor.

BLAS and LAPACK choose their code by the processor. Their last bits, divided by small eigenvalues, would turn
decisions that rest on them. The matrices here are small: 256 rows take half a second.
"""

from __future__ import annotations

import math

import numpy as np

from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.decisions import first_greatest

#: Jacobi sweeps at most; ten are enough for 512 rows
SWEEPS = 60


def eigen(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the eigenvalues (n,) of a symmetric matrix (n, n), falling, and the eigenvectors as rows (n, n).

    By Jacobi's rotations, which use + - * / and roots in one order only. The largest component of each
    vector is positive. Source: Golub and Van Loan, Matrix Computations, 8.5.
    """
    turned, vectors = np.array(matrix, np.float64), np.eye(len(matrix))
    _diagonalise(turned, vectors)
    values = np.diagonal(turned)
    order = np.argsort(-values, kind="stable")
    vectors = vectors[order]
    largest = first_greatest(np.abs(vectors), axis=1)
    return values[order], vectors * np.sign(vectors[np.arange(len(vectors)), largest])[:, None]


@kernel
def _diagonalise(matrix, vectors):
    """Rotate until nothing is left off the diagonal; the rows of `vectors` are turned along."""
    count = len(matrix)
    scale = 0.0
    for row in range(count):
        for column in range(count):
            scale = max(scale, abs(matrix[row, column]))
    for _ in range(SWEEPS):
        largest = 0.0
        for p in range(count):
            for q in range(p + 1, count):
                off = matrix[p, q]
                largest = max(largest, abs(off))
                if abs(off) > 1e-18 * scale:
                    ratio = (matrix[q, q] - matrix[p, p]) / (2.0 * off)
                    tangent = 1.0 / (abs(ratio) + math.sqrt(ratio * ratio + 1.0))
                    tangent = tangent if ratio >= 0.0 else -tangent
                    cosine = 1.0 / math.sqrt(tangent * tangent + 1.0)
                    _turn(matrix[p], matrix[q], cosine, tangent * cosine)
                    _turn(matrix[:, p], matrix[:, q], cosine, tangent * cosine)
                    _turn(vectors[p], vectors[q], cosine, tangent * cosine)
        if largest <= 1e-15 * scale:
            break


@kernel
def _turn(first, second, cosine, sine):
    """Rotate two rows into each other."""
    for place in range(len(first)):
        one, other = first[place], second[place]
        first[place] = cosine * one - sine * other
        second[place] = sine * one + cosine * other


@kernel
def product(first, second):
    """Return the matrix product of float64 arrays (n, k) and (k, m): sums run along k in order."""
    result = np.zeros((first.shape[0], second.shape[1]))
    for row in range(first.shape[0]):
        mine = result[row]
        for middle in range(first.shape[1]):
            factor = first[row, middle]
            for column in range(len(mine)):
                mine[column] += factor * second[middle, column]
    return result


@kernel
def add_squares(rows, total):
    """Add the products of the columns of rows (n, k) to the upper triangle of `total` (k, k)."""
    for row in range(len(rows)):
        for first in range(rows.shape[1]):
            factor, mine = rows[row, first], total[first]
            for second in range(first, rows.shape[1]):
                mine[second] += factor * rows[row, second]


def symmetric(upper: np.ndarray) -> np.ndarray:
    """Return the symmetric matrix of an upper triangle."""
    return np.triu(upper) + np.triu(upper, 1).T
