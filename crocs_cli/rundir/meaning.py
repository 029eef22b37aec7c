"""What the columns of profiles mean: the period that a profile is of, the quantity, the unit, the features.

The only place that knows how periods differ. A file of profiles says it in its recipe, under `columns`; one
that says nothing has days of electricity in kWh.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine.files import Recipe
from crocs_cli.machine.settings import Settings
from crocs_cli.rundir.names import slot_columns

MINUTES = {"day": 1440, "week": 10_080, "event": 0}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
OF_EVENTS = {"window": 0, "normalise": "none", "normalise_prototypes": "none"}  # settings of the stages
_ADVERB = {"day": "daily", "week": "weekly", "event": "event"}

Model = TypeVar("Model", bound=Settings)


@dataclass(frozen=True)
class Meaning:
    """Meaning of the columns of profiles.

    period: day, week or event; quantity: electricity, gas, heat or water; unit: of what is used. Of events,
    the columns are `features`, of which a profile has (value - centre) / spread; `amount` is the feature that
    says what an event used, None where none does.
    """

    period: str = "day"
    quantity: str = "electricity"
    unit: str = "kWh"
    features: tuple[str, ...] = ()
    centre: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()
    amount: str | None = None

    @classmethod
    def of(cls, made_by: Recipe) -> Meaning:
        """Return what a recipe says."""
        said: dict[str, Any] = made_by.get("columns", {})
        return cls(**said | {key: tuple(value) for key, value in said.items() if isinstance(value, list)})

    def said(self) -> dict[str, Any]:
        """Return what is added to a recipe: nothing for days of electricity in kWh."""
        if self == Meaning():
            return {}
        own = asdict(self)
        return {
            "columns": {key: list(value) if isinstance(value, tuple) else value for key, value in own.items()}
        }

    @property
    def is_event(self) -> bool:
        """Whether a profile is an event, whose columns are no times."""
        return self.period == "event"

    @property
    def minutes(self) -> int:
        """Length of a profile; 0 for events, whose columns have no order in time."""
        return MINUTES[self.period]

    @property
    def plural(self) -> str:
        """The word for several profiles: days, weeks or events."""
        return f"{self.period}s"

    @property
    def mean_name(self) -> str:
        """Name of a table's column that holds what a consumer uses in the mean, such as mean_daily_kwh.

        Empty where events do not say it.
        """
        return "" if self.is_event and self.amount is None else self.column("mean_daily_kwh")

    def __str__(self) -> str:
        features = f" ({', '.join(self.features)})" if self.is_event else f" in {self.unit}"
        return f"{self.plural} of {self.quantity}{features}"

    def column(self, name: str) -> str:
        """Return what a table's column, named for days in kWh, is called for such profiles."""
        if self == Meaning() or name in self.features:
            return name
        unit = self.unit.lower() if not self.is_event or self.amount else "amount"
        words = {"kwh": unit, "daily": _ADVERB[self.period], "day": self.period, "days": self.plural}
        words |= {
            "energy": "amount",
            "hour": {"week": "week_hour", "event": "feature"}.get(self.period, "hour"),
        }
        if self.is_event and "daily" not in name:
            words["kwh"] = "scaled"  # a feature
        return "_".join(words.get(word, word) for word in name.split("_"))

    def places(self, slots: int) -> list[Any]:
        """Return where each slot begins, in hours from the period's begin; of events, the features."""
        return (
            list(self.features) if self.is_event else [self.minutes / 60 * at / slots for at in range(slots)]
        )

    def slot_names(self, slots: int) -> list[str]:
        """Return the names of the columns in tables: t0030, mon_t0030, or the features."""
        if self.is_event:
            return list(self.features)
        if self.period == "day":
            return slot_columns(slots)
        return [f"{day.lower()}_{name}" for day in WEEKDAYS for name in slot_columns(slots // len(WEEKDAYS))]

    def amounts(self, profiles: np.ndarray) -> np.ndarray:
        """Return what each profile (n, slots) used, (n,) float64; 1 for events that do not say it."""
        if not self.is_event:
            total: np.ndarray = profiles.sum(axis=1, dtype=np.float64)
            return total
        if self.amount is None:
            return np.ones(len(profiles))
        at = self.features.index(self.amount)
        return np.maximum(0.0, profiles[:, at].astype(np.float64) * self.spread[at] + self.centre[at])

    def settled(self, settings: Model, section: str) -> Model:
        """Return the settings of a stage as they suit such profiles: events are compared as they are.

        Raises CallError where the user has said another thing.
        """
        if not self.is_event:
            return settings
        update: dict[str, object] = {}
        for name in type(settings).model_fields:
            value, key = getattr(settings, name), f"{section}.{name}"
            if isinstance(value, Settings):
                update[name] = self.settled(value, key)
            elif name in OF_EVENTS:
                update[name] = OF_EVENTS[name]
                if name in settings.model_fields_set and value != OF_EVENTS[name]:
                    raise CallError(
                        f"{key}: events are compared by their scaled features as they are; "
                        f"leave it out, or set it to {OF_EVENTS[name]}"
                    )
        return settings.model_copy(update=update)

    def check_same(self, other: Meaning, where: object) -> None:
        """Raise CrocsError where the profiles of another run have columns that mean something else."""
        if self == other:
            return
        if self.is_event and self.features == other.features:
            cure = "they are scaled otherwise; ingest them with ingest.events.scale_from"
        else:
            cure = "name a run of the same kind"
        raise CrocsError(f"{where}: {other}, here {self}; {cure}")

    def need_daily_kwh(self, command: str) -> None:
        """Raise CrocsError for a command that makes sense for days of energy only."""
        if (self.period, self.unit) != ("day", "kWh"):
            raise CrocsError(f"{command}: is for days in kWh, and these profiles are {self}; use another run")


DAYS = Meaning()  #: days of electricity in kWh
