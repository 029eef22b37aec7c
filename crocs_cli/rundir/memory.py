"""Memory needs of each stage: the peak of a process, with its libraries and what it works on.

Every stage says so before it starts, and `crocs plan` before anything is there; the torture `memory` of tests
holds these figures against what processes really take. All results are bytes; `prototypes` are those of all
consumers together, `profiles` the bytes of the largest file of profiles.
"""

from __future__ import annotations

from crocs_cli.machine.spool import MEMORY_BYTES
from crocs_cli.maths.behaviours.graph import AFFORDABLE_EDGES, first_targets, sampled_targets
from crocs_cli.maths.clustering.exchange_rows import HELD_BYTES, SAMPLE
from crocs_cli.maths.clustering.partition import LARGEST_FOR_FASTCLUSTER, LARGEST_FOR_SQUARE
from crocs_cli.maths.distances import condensed
from crocs_cli.maths.readings.rows import BIN_METERS, RECORD
from crocs_cli.maths.ward.ranks import BATCH_BYTES
from crocs_cli.maths.ward.rounds import BLOCK_PAIRS

MIB = 1 << 20
#: Python with the libraries and the compiled kernels that a stage loads
SYNTH, INGEST, STAGE1, STAGE2, RRLS, ASSIGN = (size * MIB for size in (188, 268, 184, 238, 226, 229))
#: the same of programmes while they work on profiles, and when they make their tables
PEAK, BILLS, TARGET = (size * MIB for size in (178, 223, 202))
PEAK_TABLES, BILLS_TABLES, TARGET_TABLES, IMPACT_TABLES = (size * MIB for size in (215, 262, 261, 343))
SCREEN_FIT, SCREEN_RANK = 342 * MIB, 273 * MIB
KMEDOIDS = 108 * MIB  # the library of that name, and those that it loads
#: what is written is held as a file in memory; as arrays what it is made of, or what is made meanwhile
WRITTEN = 2
#: of a pair of the rows that a round of Ward's method makes beside the matrix, with the columns that it reads
ROUND = 5.6
#: of an edge of the prototype graph: there and back, and while they are made
EDGE = 27
#: of a reading that is being read, and of one that is set aside; how many of each are in memory at the most
READ, AT_ONCE, SET_ASIDE, KEPT = 112, 5 << 18, 12, 2 * MEMORY_BYTES // RECORD.itemsize
CELL = 42  # of an interval of a day that is assembled, with its reading
#: of an installation: its features, its changes; of one of its days while they are looked at
FEATURES, CHANGES, FIT_DAY, RANK_DAY, SCREEN_SHARD = 2000, 4000, 13, 15, 2500
ASKED = 50  # of a day of a consumer who may be asked
BILLED = 5400  # of a consumer: its months under three tariffs, in tables and as text
MOST_DAYS = 1_000_000  # to which footprints are fitted
SEGMENTS = 60  # of all partitions that are made together, more or less
SMALLEST_BLOCK, LARGEST_BLOCK, BLOCKS = 64, 4096, 8


def profiles(consumers: int, days: int, slots: int) -> int:
    """Return the size of a file of profiles: float32 energies, int32 dates."""
    return consumers * days * (4 * slots + 4)


def load_sets(prototypes: int, slots: int) -> int:
    """Return the size of load sets in memory: float32 prototypes, int32 days."""
    return prototypes * (4 * slots + 4)


def block(consumers: int) -> int:
    """Return the number of consumers on a side of a tile: about eight tiles a side, if they stay small."""
    return min(LARGEST_BLOCK, max(SMALLEST_BLOCK, -(-consumers // BLOCKS)))


def synth(profiles: int) -> int:
    """Return the peak of `synth`."""
    return SYNTH + WRITTEN * profiles


def stage1(profiles: int) -> int:
    """Return the peak of `stage1`: profiles as read, normalised in float64, medoids and means."""
    return STAGE1 + 38 * profiles // 10


def distances(consumers: int, prototypes: int, slots: int) -> int:
    """Return the peak of the distances of `stage2`: joining the shards, or a tile and a file of one."""
    sets, side = load_sets(prototypes, slots), min(block(consumers), consumers)
    laid_out = 3 * sets * side // consumers
    return STAGE2 + max(2 * sets, sets + laid_out + WRITTEN * 4 * side**2)


def partition(consumers: int, algorithm: str, sets: int = 0) -> int:
    """Return the peak of the partition of `stage2`, which holds the load sets beside the matrix."""
    matrix = 4 * condensed.length(consumers)
    tile = 4 * block(consumers) ** 2
    if algorithm == "ward" and consumers <= LARGEST_FOR_FASTCLUSTER:
        beside = 3 * matrix  # the library's copies in float32 and float64
    elif algorithm == "ward":
        beside = max(exchange(consumers), int(ROUND * min(BLOCK_PAIRS, condensed.length(consumers) // 2)))
    else:
        beside = 2 * matrix if consumers <= LARGEST_FOR_SQUARE else 0
    libraries = STAGE2 + (KMEDOIDS if algorithm == "kmedoids" else 0)
    return libraries + sets + matrix + max(tile, beside)


def exchange(consumers: int) -> int:
    """Return what the exchange holds beside the matrix: that of a sample, and sums for each segment."""
    sample = min(consumers, SAMPLE)
    return 3 * 4 * sample**2 + min(HELD_BYTES, 16 * SEGMENTS * consumers)


def partition_of_rank(consumers: int, ranks: int, sets: int = 0) -> int:
    """Return the peak of each rank that makes Ward's partition together with others."""
    rows = 4 * consumers * -(-consumers // ranks)
    return STAGE2 + sets + rows + max(2 * BATCH_BYTES, exchange(consumers))


def stability(consumers: int, profiles: int) -> int:
    """Return the peak of `stability`: four square matrices of the consumers, one of them halved again."""
    return STAGE2 + 6 * profiles + 5 * 4 * consumers**2


def footprint(profiles: int, total: int) -> int:
    """Return the peak of the vectors of `stage2`; profiles: bytes of the largest file; total: of all."""
    return STAGE2 + 4 * profiles + min(total, 200 * MOST_DAYS)


def footprint_segments(consumers: int, components: int) -> int:
    """Return the peak of the partitions of footprints: the vectors three times, and a matrix of a sample."""
    return STAGE2 + 28 * consumers * components + 40 * consumers + 3 * 4 * min(consumers, SAMPLE) ** 2


def rrls(members: int, prototypes: int, slots: int, targets: int | str = "auto") -> int:
    """Return the peak of `rrls` for a cluster: its load sets, and the graph in both directions."""
    edges = prototypes * most_targets(members, prototypes, targets)
    return RRLS + 2 * load_sets(prototypes, slots) + EDGE * edges


def most_targets(members: int, prototypes: int, targets: int | str) -> int:
    """Return with how many others a prototype is compared at the most; `auto` doubles while affordable."""
    most = first_targets(members, prototypes, targets)
    while targets == "auto" and most < members - 1 and 2 * most * prototypes <= AFFORDABLE_EDGES:
        most = sampled_targets(members, 2 * most)
    return most


def assign(prototypes: int, slots: int, profiles: int) -> int:
    """Return the peak of `assign`: the model's load sets while they are joined, or its profiles as read."""
    sets = load_sets(prototypes, slots)
    return ASSIGN + sets + max(sets, profiles)


def target(profiles: int, days: int = 0) -> int:
    """Return the peak of `target`: profiles as read, or the days of all who may be asked."""
    return max(TARGET + profiles, TARGET_TABLES + ASKED * days)


def impact(profiles: int, days: int, slots: int) -> int:
    """Return the peak of `impact`: that of `stage1`, or the days of all who are compared, in float64."""
    return max(stage1(profiles), IMPACT_TABLES + 9 * (slots + 2) * days)


def peak(profiles: int) -> int:
    """Return the peak of `peak`: profiles as read, their sums by date in float64, and what is written."""
    return max(PEAK + 315 * profiles // 100, PEAK_TABLES)


def bills(profiles: int, consumers: int) -> int:
    """Return the peak of `bills`: profiles as read; the bills of all consumers and their tables."""
    return max(BILLS + 4 * profiles // 3, BILLS_TABLES + BILLED * consumers)


def ingest(readings: int = KEPT, profiles: int = 0, cells: int = 0) -> int:
    """Return the peak of `ingest`: readings that are read and set aside, or a file assembled of them.

    cells: the intervals of all days that are assembled at once.
    """
    kept = min(readings, KEPT)
    reading = READ * min(readings, AT_ONCE) + SET_ASIDE * kept
    return INGEST + max(reading, RECORD.itemsize * kept + CELL * cells + WRITTEN * profiles)


def events(rows: int, features: int) -> int:
    """Return the peak of `ingest` of events, which are all in memory: as read, in order, used and scaled."""
    return INGEST + 4 * rows * 8 * (features + 4)


def cells(consumers: int, days: int, intervals: int, threads: int) -> int:
    """Return how many intervals are assembled at once for a file of so many consumers: a bin a thread."""
    return min(consumers, threads * BIN_METERS) * days * intervals


def screen_fit(installations: int, days: int, shard: int = SCREEN_SHARD) -> int:
    """Return the peak of `screen fit`: the features of all, and the days of one file."""
    return SCREEN_FIT + FEATURES * installations + FIT_DAY * min(shard, installations) * days


def screen_rank(installations: int, days: int, shard: int = SCREEN_SHARD) -> int:
    """Return the peak of `screen rank`: the changes and weeks of all, and the days of one file."""
    weeks = 4 * days // 7
    return SCREEN_RANK + (CHANGES + 2 * weeks) * installations + RANK_DAY * min(shard, installations) * days
