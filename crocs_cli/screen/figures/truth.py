"""Figure 24: the ranking against the truth of a simulation."""

from __future__ import annotations

import numpy as np

from crocs_cli.machine.shards import listed
from crocs_cli.report import style
from crocs_cli.report.panels import panels
from crocs_cli.screen.daily.series import together
from crocs_cli.screen.figures.scene import Drawing, Figures, Scene
from crocs_cli.screen.layouts import TRUTH
from crocs_cli.screen.settings import ValidateSettings
from crocs_cli.screen.truth import labels, metrics


def against_truth(scene: Scene) -> Drawing | None:
    """Draw precision over recall, and recall over false positives, of the whole ranking.

    The thieves are those that `screen validate` counts by default; installations without a rank come last.
    """
    folder, verdict = scene.run / "screen" / "truth", scene.ranking.actual
    if not listed(folder):
        return None
    truth = together(folder, TRUTH)
    if not np.array_equal(truth["installation_id"], verdict.columns["installation_id"]):
        return None  # of an earlier simulation
    known = labels.of_truth(truth, ValidateSettings().with_types)
    final = verdict.score.final
    score = np.where(verdict.ranked, final, final.min() - 1)[known.known]
    positive = known.positive[known.known]
    curve = metrics.curve(score, positive)
    if not len(curve["k"]):
        return None
    precision, area = metrics.average_precision(score, positive), metrics.roc_auc(score, positive)
    figure, (left, right) = panels((4, 4), 3.2)
    for axes, across, up, chance in (
        (left, "recall", "precision", [positive.mean()] * 2),
        (right, "false_positive_rate", "recall", [0, 1]),
    ):
        axes.plot(curve[across], curve[up], color=style.ACCENT, label="the list")
        axes.plot([0, 1], chance, color=style.MUTED, ls=(0, (4, 2)), lw=1, label="by chance")
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
    left.set(
        title=f"Average precision {precision:.2f}", xlabel="thieves found", ylabel="thieves among the listed"
    )
    right.set(title=f"Area under the curve {area:.2f}", xlabel="honest listed", ylabel="thieves found")
    right.legend(loc="lower right")
    alt = (
        f"{positive.sum():,} thieves among {len(positive):,} installations: average precision "
        f"{precision:.2f}, area under the ROC curve {area:.2f}."
    )
    return Drawing(figure, alt, dict(curve))


FIGURES: Figures = {"24-against-truth": ("Against the truth of the simulation", against_truth)}
