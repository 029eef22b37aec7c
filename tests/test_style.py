"""Every picture is drawn with all its words, and by shapes alone."""

import re

import numpy as np

from crocs_cli.report import style
from crocs_cli.report.panels import panels, shade_bar, shaded_cells


def drawn(draw):
    with style.styled():
        figure, (axes,) = panels((3,), 2)
        draw(figure, axes)
        return style.svg(figure, "name", "A picture.")


def test_a_title_of_two_lines_is_drawn_whole_and_in_the_one_font():
    svg = drawn(lambda _, axes: axes.set_title("first of two\nlast of two"))
    assert re.findall(r">(\w+) of two<", svg) == ["first", "last"]
    assert svg.count("font-family") == 1


def test_shades_are_shapes_for_the_policy_of_a_page_shows_no_image():
    fractions = np.array([[0.0, 0.25], [0.5, 1.0]])

    def shaded(figure, axes):
        shaded_cells(axes, fractions)
        shade_bar(figure, axes, axes.collections[0], "fraction")
        assert axes.get_ylim() == (1.5, -0.5), "the first row is at the top"

    assert "<image" not in drawn(shaded)
