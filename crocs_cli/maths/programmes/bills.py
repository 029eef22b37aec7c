"""Bills: what is used of each charge of a tariff in each month, and what it costs, exactly.

Energies are whole millionths of a kWh, prices whole millionths of a currency's unit: sums are exact in any
order, and a bill is rounded once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocs_cli.maths.compiled import kernel, parallel_for

MILLION = 1_000_000
LARGEST = 1 << 60  # amounts of a charge that are added up in int64
PART = 16  # consumers that a thread takes at a time


class Clock(NamedTuple):
    """Which charges apply when, by day class (season and kind of day).

    energy: (classes, slots) int64, the number of the energy charge; demand: (classes, slots, D) bool, whether
    each demand charge applies; shifted: (slots,) bool, the window from which use is moved; percent: how much.
    """

    energy: np.ndarray
    demand: np.ndarray
    shifted: np.ndarray
    percent: int


class Quantities(NamedTuple):
    """Energy of n consumers in M months, in millionths of a kWh, int64.

    energy: (n, M, E) of each energy charge; exported: (n, M); highest: (n, M, D) in the highest slot of each
    demand charge; days: (n, M).
    """

    energy: np.ndarray
    exported: np.ndarray
    highest: np.ndarray
    days: np.ndarray


class Prices(NamedTuple):
    """Prices in millionths of the currency's unit.

    per_day, per_month: int; blocks: for each energy charge a list of (end in millionths of a kWh, price), the
    last end None; demand: (D,) of a kW; export: int, of a kWh.
    """

    per_day: int
    per_month: int
    blocks: list[list[tuple[int | None, int]]]
    demand: list[int]
    export: int


def quantities(
    energy_kwh: np.ndarray,
    offset: np.ndarray,
    days: tuple[np.ndarray, np.ndarray],
    clock: Clock,
    shape: tuple[int, int],
    threads: int = 1,
) -> Quantities:
    """Add up what each consumer uses of each charge in each month.

    energy_kwh: (days, slots) float32, below zero for what is fed in; offset: (n + 1,); days: the month and
    the class of each, (days,) int64; shape: the numbers of months and of energy charges. Each reading is
    rounded to the millionth of a kWh, halves to the even one.
    """
    months, charges = shape
    n = len(offset) - 1
    found = Quantities(
        np.zeros((n, months, charges), dtype=np.int64),
        np.zeros((n, months), dtype=np.int64),
        np.zeros((n, months, clock.demand.shape[2]), dtype=np.int64),
        np.zeros((n, months), dtype=np.int64),
    )

    def part(first: int) -> None:
        last = min(first + PART, n)
        _add_up(first, last, energy_kwh, offset, days, tuple(clock), tuple(found))

    parallel_for(part, range(0, n, PART), threads)
    return found


@kernel
def _moved(micro, shifted, percent):
    """Move a part of what is used inside a window to the other slots of the day, evenly, in place."""
    moved = 0
    outside = 0
    for slot in range(len(micro)):
        if not shifted[slot]:
            outside += 1
        elif micro[slot] > 0:
            part = micro[slot] * percent // 100
            moved += part
            micro[slot] -= part
    if moved == 0:
        return
    each, rest = moved // outside, moved % outside
    for slot in range(len(micro)):
        if not shifted[slot]:
            micro[slot] += each + (1 if rest > 0 else 0)
            rest -= 1


@kernel
def _add_day(micro, charge, applies, energy, highest):
    """Add a day to the energies of charges and to the highest slots; return what was fed in."""
    exported = 0
    for slot in range(len(micro)):
        value = micro[slot]
        if value < 0:
            exported -= value
            continue
        energy[charge[slot]] += value
        for demand in range(len(highest)):
            if applies[slot, demand] and value > highest[demand]:
                highest[demand] = value
    return exported


@kernel
def _add_up(first, last, energy_kwh, offset, days, clock, found):
    """Add up the days of consumers first to last - 1."""
    month, day_class = days
    charge, applies, shifted, percent = clock
    energy, exported, highest, there = found
    micro = np.empty(energy_kwh.shape[1], np.int64)
    moves = shifted.any()
    for consumer in range(first, last):
        for day in range(offset[consumer], offset[consumer + 1]):
            m, c = month[day], day_class[day]
            for slot in range(len(micro)):
                micro[slot] = np.int64(np.rint(np.float64(energy_kwh[day, slot]) * 1e6))
            if moves:
                _moved(micro, shifted, percent)
            there[consumer, m] += 1
            exported[consumer, m] += _add_day(
                micro, charge[c], applies[c], energy[consumer, m], highest[consumer, m]
            )


def bills(used: Quantities, prices: Prices, slots: int, decimals: int) -> np.ndarray:
    """Return each consumer's bill of each month, (n, M) int64, in units of the last decimal place.

    slots: of a day. The exact sum of all charges less the credit is rounded once, half a unit upwards. A
    month without a day of the consumer costs nothing.
    """
    used = _without_overflow(used, prices)
    money = _Money(used.days * prices.per_day + (used.days > 0) * prices.per_month)
    for charge, blocks in enumerate(prices.blocks):
        left, begin = used.energy[:, :, charge], 0
        for end, price in blocks:
            part = left if end is None else np.minimum(left, end - begin)
            money.add(part, price)
            left, begin = left - part, begin if end is None else end
    for charge, price in enumerate(prices.demand):
        money.add(used.highest[:, :, charge] * (slots // 24), price)
    money.add(-used.exported, prices.export)
    return money.rounded(decimals)


def _without_overflow(used: Quantities, prices: Prices) -> Quantities:
    """Return quantities as Python's own numbers, which have no end, where a bill could outgrow int64."""
    dearest = max([prices.per_day, prices.per_month, prices.export, *prices.demand, *_all_prices(prices)])
    most = max(int(np.max(part, initial=0)) for part in used)
    if (most // MILLION + 1) * dearest * 24 < LARGEST:
        return used
    return Quantities(*(part.astype(object) for part in used))


def _all_prices(prices: Prices) -> list[int]:
    return [price for blocks in prices.blocks for _, price in blocks]


class _Money:
    """Amounts in millionths of the currency's unit, with a rest in millionths of these."""

    def __init__(self, micro: np.ndarray) -> None:
        self._micro = micro
        self._rest = np.zeros_like(micro)

    def add(self, quantity: np.ndarray, price: int) -> None:
        """Add a quantity in millionths times a price in millionths."""
        rest = self._rest + quantity % MILLION * price
        self._micro = self._micro + quantity // MILLION * price + rest // MILLION
        self._rest = rest % MILLION

    def rounded(self, decimals: int) -> np.ndarray:
        """Return the amounts in units of a decimal place, half a unit upwards."""
        unit = 10 ** (6 - decimals)
        return np.asarray((self._micro + unit // 2) // unit, dtype=np.int64)
