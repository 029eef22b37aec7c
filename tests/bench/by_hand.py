"""The Python API against the same work put together by hand from other packages."""

import numpy as np

from crocs_cli.estimator import Crocs
from crocs_cli.maths.clustering.cuts import canonical
from tests.bench import data
from tests.bench.measure import in_turns, ours
from tests.bench.table import line


def python_api(peers):
    """Fit `Crocs` to 200 consumers of 90 days, beside aeon, scipy and numpy put together by hand."""
    days, owner = data.profiles(200, 90), np.arange(200).repeat(90)
    consumers = days.astype(np.float64).reshape(200, 90, 48)
    file = peers.data("whole", consumers=consumers, prototypes=15, clusters=5)
    models = {refine: Crocs(clusters=5, refine=refine) for refine in ("none", "exchange")}
    jobs = {name: ours(lambda model=model: model.fit(days, owner)) for name, model in models.items()}
    taken = in_turns(jobs | {"theirs": peers.job("whole", file)}, rounds=3)
    theirs = canonical(peers.call("whole", file)[1]["labels"])
    equal = int((models["none"].labels_ == theirs).sum())
    return [
        line(
            f"Crocs(refine={name!r}).fit, 200 consumers of 90 days",
            "aeon + scipy by hand",
            taken["theirs"] / taken[name],
            ">= 40",
            seconds=taken[name],
            theirs_seconds=taken["theirs"],
            **({"equal_labels_of_200": equal} if name == "none" else {}),
        )
        for name in models
    ]
