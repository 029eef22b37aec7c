"""`Crocs`: the two-stage clustering of arrays in memory, as an estimator of scikit-learn's kind."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from crocs_cli.errors import CallError
from crocs_cli.machine.memory import Needs, require
from crocs_cli.machine.settings import Settings
from crocs_cli.machine.threads import available_threads
from crocs_cli.maths.clustering import assignment
from crocs_cli.maths.clustering.partition import Clustering, around_medoids, with_tree
from crocs_cli.maths.distances import condensed as pairs
from crocs_cli.maths.distances.comparison import Comparison
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.rundir import memory
from crocs_cli.rundir.ingest_settings import IngestSettings
from crocs_cli.rundir.meaning import Meaning
from crocs_cli.rundir.run import comparison_of
from crocs_cli.rundir.settings import RunSettings, Stage1Settings, Stage2Settings
from crocs_cli.stages import stage1

_ONE, _TWO = Stage1Settings(), Stage2Settings()
_TOGETHER: int = IngestSettings.model_fields["shard_size"].default  # consumers of a file of profiles
_DAYS = Meaning()
Model = TypeVar("Model", bound=Settings)


class Crocs(BaseEstimator):
    """Cluster consumers by how they use energy.

    The days of each consumer become a representative load set: a few prototypes, each with the number of days
    that it stands for. Consumers are then clustered by the distances between their load sets. On the same
    days in the same order the results are those of ``crocs stage1`` and ``crocs stage2``, bit for bit; with
    ``day_algorithm`` other than ward, for files of as many consumers as ``crocs ingest`` writes by default.

    Parameters
    ----------
    prototypes
        Prototypes of each consumer, or ``"auto"`` to choose by silhouette.
    clusters
        Number of segments.
    window
        Half-width of the DTW band, in minutes.
    normalise
        Normalisation of each day: ``"minmax"``, ``"zscore"``, ``"unit"`` or ``"none"``.
    distance
        Distance of two load sets: ``"wsmd"``, ``"smd"``, ``"hd"`` or another of stage 2; not footprint.
    day_algorithm
        How the days of a consumer are clustered: ``"ward"``, ``"kmedoids"`` or ``"kmeans"``.
    algorithm
        How the consumers are clustered: ``"ward"`` or ``"kmedoids"``.
    refine
        ``"exchange"`` to move consumers between the segments that Ward's tree gives while that lowers Ward's
        loss; ``"none"`` to keep the tree's segments, as the paper does.
    random_state
        Seed of everything random, a whole number. The default is that of the commands.

    Attributes
    ----------
    consumers_ : numpy.ndarray, shape (m,)
        The consumers, in the order in which they first appear in `owner`.
    labels_ : numpy.ndarray of int32, shape (m,)
        The segment of each consumer; 0 is the largest (``crocs`` calls it segment 1).
    load_sets_ : LoadSets
        ``prototypes`` (P, slots) float32, ``days`` (P,) and ``offset`` (m + 1,): the prototypes of consumer i
        are rows ``offset[i]:offset[i + 1]``, those that stand for the most days first.
    medoid_rows_ : numpy.ndarray of int64, shape (P,)
        Which row of `days` each prototype is.
    day_labels_ : numpy.ndarray of int32, shape (n_days,)
        Which of its consumer's prototypes stands for each row of `days`.
    merges_ : numpy.ndarray of float64, shape (m - 1, 4), or None
        Ward's hierarchy as scipy has it; None with k-medoids.
    n_features_in_ : int
        Slots of a day.

    Examples
    --------
    >>> import numpy as np
    >>> import crocs_cli as crocs
    >>> random = np.random.default_rng(0)
    >>> evening = np.array([0, 1]).repeat(10)  # of 20 consumers with 30 days each: when they use most
    >>> owner = np.arange(20).repeat(30)
    >>> days = random.random((600, 24))
    >>> days[np.arange(600), np.where(evening[owner], 19, 7)] += 3
    >>> model = crocs.Crocs(prototypes=5, clusters=2).fit(days, owner)
    >>> model.labels_.tolist() == evening.tolist()
    True
    >>> model.predict(days[:30], owner[:30]).tolist()
    [0]
    """

    def __init__(  # noqa: PLR0913 - each parameter by name, as scikit-learn has it
        self,
        prototypes: int | str = _ONE.prototypes,
        clusters: int = _TWO.clusters[0],
        window: int = _TWO.window,
        normalise: str = _ONE.normalise,
        distance: str = _TWO.distance,
        day_algorithm: str = _ONE.algorithm,
        algorithm: str = _TWO.algorithm,
        refine: str = _TWO.refine,
        random_state: int = RunSettings().seed,
    ) -> None:
        self.prototypes = prototypes
        self.clusters = clusters
        self.window = window
        self.normalise = normalise
        self.distance = distance
        self.day_algorithm = day_algorithm
        self.algorithm = algorithm
        self.refine = refine
        self.random_state = random_state

    def fit(self, days: Any, owner: Any) -> Crocs:
        """Cluster consumers by their days.

        Parameters
        ----------
        days : array of float, shape (n_days, slots)
            Daily load profiles, such as kWh; any order. They are used as float32, as run directories hold
            them. Of equal days of one consumer the first row counts.
        owner : array, shape (n_days,)
            Whose each day is: numbers or texts.

        Returns
        -------
        Crocs
            The estimator itself.

        Raises
        ------
        CrocsError
            Where the arrays do not fit together, a value is not finite, a parameter is not possible, or the
            memory does not suffice.
        """
        of_days, compared, seed = self._settings()
        energy, whose = _checked(days, owner)
        self.consumers_, offset, order = _grouped(whose)
        m = len(self.consumers_)
        if self.clusters > m:
            raise CallError(f"Crocs: {self.clusters} clusters of {m} consumers; ask for fewer")
        parts = _representations(energy[order], offset, order, of_days, seed)
        joined = {name: np.concatenate([part[name] for part in parts]) for name in _JOINED}
        comparison = comparison_of(compared, energy.shape[1], _DAYS)
        raw = [LoadSets(part["medoid"], part["days"], part["prototype_offset"]) for part in parts]
        sets = comparison.prepared(LoadSets.concatenate(raw))
        self.load_sets_, self.medoid_rows_ = sets, joined["medoid_date"]
        self.day_labels_ = np.empty(len(order), np.int32)
        self.day_labels_[order] = joined["day_prototype"]
        self.labels_, self.merges_ = _clustered(sets, comparison, compared, seed)
        self.n_features_in_ = energy.shape[1]
        return self

    def fit_predict(self, days: Any, owner: Any) -> np.ndarray:
        """Cluster consumers by their days, and return `labels_`. See `fit`."""
        return self.fit(days, owner).labels_

    def transform(self, days: Any, owner: Any) -> np.ndarray:
        """Return how far consumers lie from the centre of each segment.

        Parameters
        ----------
        days : array of float, shape (n_days, slots)
            Daily load profiles of any consumers, in the unit of those that were clustered.
        owner : array, shape (n_days,)
            Whose each day is.

        Returns
        -------
        numpy.ndarray of float64, shape (consumers, clusters)
            Distances as ``crocs assign`` has them; consumers in the order in which they first appear.

        Raises
        ------
        CrocsError
            Where the arrays do not fit together, or the days have other slots than those of `fit`.
        sklearn.exceptions.NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        of_days, compared, seed = self._settings()
        energy, whose = _checked(days, owner)
        if energy.shape[1] != self.n_features_in_:
            raise CallError(
                f"days: {energy.shape[1]} slots, fit had {self.n_features_in_}; bring them to one interval"
            )
        _, offset, order = _grouped(whose)
        parts = _representations(energy[order], offset, order, of_days, seed)
        comparison = comparison_of(compared, energy.shape[1], _DAYS)
        drawn = assignment.draw(self.labels_, seed)
        references = self.load_sets_.take(drawn.references)
        segments = assignment.describe(references, drawn.offset, comparison)
        new = LoadSets.concatenate([comparison.sets_of(part) for part in parts])
        return segments.distances(comparison.between(new, references).astype(np.float64) ** 2)

    def predict(self, days: Any, owner: Any) -> np.ndarray:
        """Return the nearest segment of consumers, as ``crocs assign`` finds it: (consumers,) int32, 0-based.

        The consumers come in the order in which they first appear in `owner`. See `transform`.
        """
        distance = self.transform(days, owner)
        return assignment.nearest(distance, np.full(distance.shape, np.inf)).label

    def _settings(self) -> tuple[Stage1Settings, Stage2Settings, int]:
        """Return the parameters as the settings of the commands, and the seed."""
        one = _valid(
            Stage1Settings,
            algorithm=self.day_algorithm,
            prototypes=self.prototypes,
            window=self.window,
            normalise=self.normalise,
        )
        two = _valid(
            Stage2Settings,
            algorithm=self.algorithm,
            clusters=(self.clusters,),
            window=self.window,
            distance=self.distance,
            refine=self.refine,
        )
        if two.distance == "footprint":
            raise CallError("Crocs: footprint needs a run directory; use `crocs stage2 --distance footprint`")
        return one, two, _valid(RunSettings, seed=self.random_state).seed


_NAMES = {"seed": "random_state"}
_JOINED = ("medoid_date", "day_prototype")


def _valid(model: type[Model], **given: Any) -> Model:
    try:
        return model(**given)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = str(fault["loc"][0]) if fault["loc"] else ""
        raise CallError(
            f"Crocs: {_NAMES.get(name, name)}: {fault['msg'].lower()} (got {fault['input']!r})"
        ) from error


def _checked(days: Any, owner: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the days as float32 (n, slots), and whose they are (n,)."""
    try:
        energy, whose = np.asarray(days, dtype=np.float32), np.asarray(owner)
    except (TypeError, ValueError) as error:
        raise CallError("days: not an array of numbers; give one row a day, one column a slot") from error
    if energy.ndim != 2 or not energy.size:
        raise CallError(f"days: of shape {energy.shape}; give one row a day, one column a slot")
    if whose.shape != energy.shape[:1]:
        raise CallError(f"owner: of shape {whose.shape} for {len(energy)} days; name whose each day is")
    return energy, whose


def _grouped(owner: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the consumers as they first appear, their (m + 1,) offsets, and the rows grouped by them."""
    names, first, number = np.unique(owner, return_index=True, return_inverse=True)
    appearing = first.argsort()
    place = appearing.argsort()[number]
    counts = np.bincount(place, minlength=len(names))
    return names[appearing], np.concatenate([[0], np.cumsum(counts)]), place.argsort(kind="stable")


def _representations(
    energy: np.ndarray, offset: np.ndarray, rows: np.ndarray, settings: Stage1Settings, seed: int
) -> list[dict[str, np.ndarray]]:
    """Return the load sets of some consumers at a time, as files of a run have them; rows stand for dates."""
    threads, parts = available_threads(), []
    for number, first in enumerate(range(0, len(offset) - 1, _TOGETHER)):
        own = offset[first : first + _TOGETHER + 1]
        here = slice(own[0], own[-1])
        read = {
            "consumer_id": np.arange(first, first + len(own) - 1),
            "day_offset": own - own[0],
            "date": rows[here],
            "energy_kwh": energy[here],
        }
        parts.append(stage1.load_sets(read, settings, [seed, number], threads, _DAYS))
    return parts


def _clustered(
    sets: LoadSets, comparison: Comparison, settings: Stage2Settings, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the segment of each consumer (m,), and Ward's merges where there are any."""
    m = len(sets)
    size = memory.partition(m, settings.algorithm, memory.load_sets(*sets.prototypes.shape))
    require(Needs(size, "use a run directory and `crocs stage2 --sample`"), "Crocs")
    distances = np.empty(pairs.length(m), dtype=np.float32)
    step = memory.block(m)
    for first in range(0, m, step):
        rows = sets.select(slice(first, first + step))
        for column in range(first, m, step):
            columns = rows if column == first else sets.select(slice(column, column + step))
            pairs.put_tile(distances, m, first, column, comparison.between(rows, columns))
    how = Clustering(
        settings.algorithm, settings.clusters, seed, settings.tried, comparison.threads, settings.exchanges
    )
    if settings.algorithm == "kmedoids":
        return around_medoids(distances, m, how)[0], None
    labels, merges = with_tree(distances, m, how)
    return labels[0], merges
