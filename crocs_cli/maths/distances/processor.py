"""Properties of the processor's vectors, and constants that both forms of the kernels share."""

from __future__ import annotations

import platform
from functools import cache
from typing import Any

import numpy as np
from llvmlite import binding
from numba import config

#: how rows of lanes are folded into one
MIN, SUM, MAX = 0, 1, 2
#: a reading that loses every comparison; the squares of a day of them still fit float32
FAR = 1e15
#: queries that share the loads of a target: best of 1, 2, 3 and 4 on AVX-512, AVX2 and SSE2 alike
TOGETHER = 4


def _features() -> list[str]:
    """Return what the processor that numba compiles for can do, in LLVM's names with a + or - before."""
    features = config.CPU_FEATURES  # type: ignore[attr-defined]
    return (binding.get_host_cpu_features().flatten() if features is None else features).split(",")


@cache
def vector_bytes() -> int:
    """Return the size of this machine's widest vectors: 64 (AVX-512), 32 (AVX), 16 (SSE2, arm64)."""
    present = _features()
    return 64 if "+avx512f" in present else 32 if "+avx" in present else 16


@cache
def fuses() -> bool:
    """Return whether this machine multiplies and adds in one step: x86 since 2013, and all others."""
    return "+fma" in _features() or platform.machine() not in ("x86_64", "AMD64")


@cache
def lanes(dtype: Any) -> int:
    """Return the number of values of `dtype` in one vector."""
    return vector_bytes() // np.dtype(dtype).itemsize
