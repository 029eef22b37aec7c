"""The same bits on every processor: what decisions of the screening are made of."""

import ast
import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crocs_cli.maths import portable
from crocs_cli.screen.patterns import som, typical
from crocs_cli.screen.patterns.som import Lattice
from crocs_cli.screen.patterns.typical import MapPlan
from tests.conftest import ROOT

SCREEN = ROOT / "crocs_cli" / "screen"
BY_PROCESSOR = {
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "power", "float_power", "sin", "cos", "tan"),
    *("dot", "vdot", "inner", "matmul", "tensordot", "einsum", "linalg", "geomspace", "logspace"),
}
#: uses that decide nothing: colours of a picture; results that are rounded to where processors agree
HARMLESS = {
    ("figures/patterns.py", "**"),
    ("simulated/population.py", "exp"),
    ("simulated/population.py", "log"),
    ("simulated/population.py", "cos"),
    ("truth/metrics.py", "geomspace"),
    ("truth/calibration.py", "@"),  # factors are rounded to 3 digits
    ("ranking/scoring.py", "**"),  # to the power of 0 or 1
}


def used(path):
    """Functions, products and powers whose last bits a processor decides."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in ("np", "math"):
            yield from {node.attr} & BY_PROCESSOR
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield "@"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and ast.unparse(node.right) != "2":
            yield "**"


def test_no_module_of_the_screening_uses_what_the_processor_decides():
    found = {
        (path.relative_to(SCREEN).as_posix(), name) for path in SCREEN.rglob("*.py") for name in used(path)
    }
    assert found == HARMLESS


def points(rows, components):
    """Data of a pattern and without chance, made by + - * / alone."""
    grid = np.arange(rows)[:, None] * (np.arange(components) + 3) * 7919 % 1009
    return grid / 1009 + np.arange(rows)[:, None] % 4


def digest(*arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()[:16]


def test_logarithms_exponentials_and_products_have_the_recorded_bits():
    values = np.linspace(1e-3, 50, 100_000)
    assert digest(portable.log(values)) == "e42ec3150ed97b7b"
    assert digest(portable.exp(values - 25)) == "ee62c8102d7a1a90"
    data = points(300, 12)
    assert digest(portable.product(data.T.copy(), data)) == "b5a3e6a3b4e8489a"


def test_a_map_and_its_classes_have_the_recorded_bits():
    plan = MapPlan("week", 4, Lattice(5, 5), epochs=10)
    found = typical.fit(points(400, 7), plan)
    assert digest(found.nodes, found.prototypes, found.spread, found.elbow[:, :2]) == "5ca666b762e0728c"
    assert digest(found.node_class, found.hits, found.sizes) == "a4128cf20b0081d4"


@given(st.floats(1e-300, 1e300))
def test_the_logarithm_is_numpys_but_for_the_last_bits(value):
    assert portable.log(np.array([value]))[0] == pytest.approx(np.log(value), rel=1e-15, abs=4e-16)


@given(st.floats(-700, 700))
def test_the_exponential_is_numpys_but_for_the_last_bits(value):
    assert portable.exp(np.array([value]))[0] == pytest.approx(np.exp(value), rel=1e-15)


def test_the_ends_of_logarithm_and_exponential_are_numpys():
    values = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, 1.7e308])
    with np.errstate(divide="ignore", invalid="ignore"):
        np.testing.assert_array_max_ulp(portable.log(values), np.log(values), 1)
    ends = np.array([0.0, np.inf, -np.inf, np.nan, 709.7, 709.8, -745.0, -746.0, -740.0])
    with np.errstate(over="ignore", under="ignore"):
        np.testing.assert_array_max_ulp(portable.exp(ends), np.exp(ends), 2)
    assert portable.log(1.0) == 0
    assert portable.exp(np.zeros((2, 3))).shape == (2, 3)


def test_a_product_is_that_of_matrices():
    a, b = points(20, 5), points(5, 9)
    np.testing.assert_allclose(portable.product(a, b), a @ b, rtol=1e-13)


def test_principal_axes_are_the_first_eigenvectors():
    data = np.random.default_rng(3).normal(size=(500, 6)) * [5, 3, 1, 0.5, 0.3, 0.1]
    centred = data - data.mean(axis=0)
    variance, vectors = np.linalg.eigh(centred.T @ centred / len(data))
    axes = som.principal_axes(centred, 2)
    for axis, expected, size in zip(axes, vectors.T[::-1], variance[::-1], strict=False):
        assert np.linalg.norm(axis) == pytest.approx(np.sqrt(size))
        assert abs(axis @ expected) == pytest.approx(np.sqrt(size))
        assert axis[np.abs(axis).argmax()] > 0
    assert not som.principal_axes(np.zeros((4, 3)), 2).any()


def test_a_knee_among_equals_is_the_first():
    line = np.linspace(10, 1, 7)
    for wobble in (1e-15, -1e-15):
        assert typical.suggested_classes(line + wobble * np.arange(7) % 3) == 1
