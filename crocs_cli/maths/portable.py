"""Logarithm, exponential and matrix product with the same bits on every processor.

numpy, the C library and BLAS choose their code by the processor: their results differ in the last bits, and
each threshold, order or class further on could turn. The functions here use + - * / in one order only, which
every processor rounds alike. numpy's own + - * / sqrt, sums, means and quantiles do so too.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from crocs_cli.maths.compiled import parallel_kernel

LN_10 = 2.302585092994046
LN_0_9, LN_0_8 = -0.1053605156578263, -0.22314355131420976
LN_2_HIGH, LN_2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # sum: ln 2; n x high is exact
ROOT_HALF = 0.7071067811865476
LARGEST, LEAST = 709.782712893384, -745.2  # exp is infinite above, 0 below
LOG_TERMS = 12
EXP_TERMS = tuple(1 / math.factorial(k) for k in range(14, -1, -1))


def log(values: np.ndarray | float) -> np.ndarray:
    """Return the natural logarithm, float64; -inf for 0, NaN for a negative value. Errors under 3e-16."""
    given = np.asarray(values, np.float64)
    return _logs(given.ravel()).reshape(given.shape)


def exp(values: np.ndarray) -> np.ndarray:
    """Return the exponential, float64; relative errors under 5e-16."""
    given = np.asarray(values, np.float64)
    return _exps(given.ravel()).reshape(given.shape)


@parallel_kernel
def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the matrix product of two float64 arrays, (n, k) and (k, m); sums run along k in order."""
    result = np.zeros((a.shape[0], b.shape[1]))
    for i in prange(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                result[i, j] += a[i, k] * b[k, j]
    return result


@parallel_kernel
def _logs(values: np.ndarray) -> np.ndarray:
    """Write x as m 2^e and sum ln m = 2 artanh((m - 1) / (m + 1)) as a power series."""
    result = np.empty(values.size)
    for i in prange(values.size):
        x = values[i]
        if not 0 < x < np.inf:
            result[i] = -np.inf if x == 0 else (x if x > 0 else np.nan)
            continue
        m, e = math.frexp(x)
        if m < ROOT_HALF:
            m, e = 2 * m, e - 1
        s = (m - 1) / (m + 1)
        square, series = s * s, 0.0
        for k in range(LOG_TERMS - 1, 0, -1):
            series = square * (1 / (2 * k + 1) + series)
        result[i] = e * LN_2_HIGH + (2 * s + (2 * s * series + e * LN_2_LOW))
    return result


@parallel_kernel
def _exps(values: np.ndarray) -> np.ndarray:
    """Write x as n ln 2 + r and sum e^r as a power series."""
    result = np.empty(values.size)
    for i in prange(values.size):
        x = values[i]
        if not LEAST <= x <= LARGEST:
            result[i] = np.nan if np.isnan(x) else (np.inf if x > 0 else 0.0)
            continue
        n = np.floor(x / LN_2_HIGH + 0.5)
        r = (x - n * LN_2_HIGH) - n * LN_2_LOW
        series = 0.0
        for term in EXP_TERMS:
            series = series * r + term
        half = int(n) // 2  # in two steps: 2^1024 is no number
        result[i] = math.ldexp(math.ldexp(series, half), int(n) - half)
    return result
