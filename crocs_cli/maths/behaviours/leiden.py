"""The Leiden algorithm for the constant Potts model, on graphs that hold little more than their edges.

Maximises the sum over pairs inside communities of weight - resolution * size * size, over the sum of both
directions of each edge. It needs 24 bytes for an edge where igraph needs about 190, so that a graph may have
eight times the edges. Source: Traag, Waltman & van Eck 2019, with the greedy merge in the refinement that
leidenalg has too; tests hold it to leidenalg's quality.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocs_cli.maths.compiled import kernel

#: gains below this share of the mean edge's weight are rounding, and could go on for ever
LEAST_GAIN = 1e-6


class Adjacency(NamedTuple):
    """An undirected graph: the neighbours of vertex v are neighbour[offset[v]:offset[v + 1]].

    offset: (n + 1,) int64; neighbour: (edge ends,) int32; weight: (edge ends,) float32; size: (n,) float64.
    """

    offset: np.ndarray
    neighbour: np.ndarray
    weight: np.ndarray
    size: np.ndarray


def adjacency(target: np.ndarray, weight: np.ndarray, atom: np.ndarray, days: np.ndarray) -> Adjacency:
    """Add up both directions of directed edges between atoms.

    target: (P, T) int32, weight: (P, T) float32; atom: (P,) int32, the vertex that each row belongs to, with
    days (P,). Left out are edges inside an atom, which are inside its community whatever that is, and edges
    of no weight, from prototypes infinitely far apart: a community that was met is known by its weight.
    """
    size = np.bincount(atom, days)
    offset = np.zeros(len(size) + 1, np.int64)
    _count_ends(target, weight, atom, offset)
    offset = np.cumsum(offset)
    neighbour, both = np.empty(offset[-1], np.int32), np.empty(offset[-1], np.float32)
    _put_ends(target, weight, atom, offset.copy(), neighbour, both)
    return Adjacency(offset, neighbour, both, size)


def leiden(graph: Adjacency, resolution: float, seed: list[int], rounds: int) -> np.ndarray:
    """Return a community for each vertex: (n,) int32. Each round starts from what the one before found."""
    random = np.random.default_rng(seed)
    community = np.arange(len(graph.size), dtype=np.int32)
    least = LEAST_GAIN * float(graph.weight.mean(dtype=np.float64)) if len(graph.weight) else 0.0
    for _ in range(rounds):
        found = _round(graph, community, resolution, least, random)
        if (found == community).all():
            break
        community = found
    return community


def _round(
    graph: Adjacency, community: np.ndarray, resolution: float, least: float, random: np.random.Generator
) -> np.ndarray:
    """Move vertices, then refined parts of communities, then parts of those, until nothing is gained."""
    level, part = graph, np.arange(len(graph.size), dtype=np.int32)
    community = community.copy()
    while True:
        number = len(level.size)
        _move(level, community, resolution, least, random.permutation(number).astype(np.int32))
        community, held = _compact(community)
        if held == number:
            break
        refined = np.arange(number, dtype=np.int32)
        _refine(level, community, refined, resolution, random.permutation(number).astype(np.int32))
        refined, parts = _compact(refined)
        if parts == number:
            break
        level = _aggregate(level, refined, parts)
        part, community = refined[part], _of_parts(refined, community, parts)
    return community[part]


def _compact(labels: np.ndarray) -> tuple[np.ndarray, int]:
    """Number labels from 0 without gaps; return them and how many there are."""
    used = np.zeros(len(labels), dtype=bool)
    used[labels] = True
    return (np.cumsum(used, dtype=np.int32) - 1)[labels], int(used.sum())


def _of_parts(refined: np.ndarray, community: np.ndarray, parts: int) -> np.ndarray:
    """Return the community that each refined part lies in."""
    of_parts = np.empty(parts, dtype=np.int32)
    of_parts[refined] = community
    return of_parts


def _aggregate(graph: Adjacency, part: np.ndarray, parts: int) -> Adjacency:
    """Return the graph between parts."""
    vertices = np.argsort(part, kind="stable")
    start = np.searchsorted(part[vertices], np.arange(parts + 1))
    size = np.bincount(part, graph.size, parts)
    offset, neighbour, weight = _edges_between(graph, part, vertices, start)
    return Adjacency(offset, neighbour, weight, size)


@kernel
def _count_ends(target, weight, atom, ends):
    for row in range(target.shape[0]):
        for column in range(target.shape[1]):
            a, b = atom[row], atom[target[row, column]]
            if a != b and weight[row, column] > 0.0:
                ends[a + 1] += 1
                ends[b + 1] += 1


@kernel
def _put_ends(target, weight, atom, place, neighbour, both):
    for row in range(target.shape[0]):
        for column in range(target.shape[1]):
            a, b = atom[row], atom[target[row, column]]
            if a != b and weight[row, column] > 0.0:
                neighbour[place[a]], both[place[a]] = b, weight[row, column]
                neighbour[place[b]], both[place[b]] = a, weight[row, column]
                place[a] += 1
                place[b] += 1


@kernel
def _move(graph, community, resolution, least, queue):
    """Move vertices to the community of most gain, the neighbours of moved ones again, until none is left."""
    number = len(graph.size)
    held, members = _totals(graph.size, community)
    empty = np.flatnonzero(members == 0)
    empties = len(empty)
    empty = np.append(empty, np.empty(number - empties, empty.dtype))
    waits = np.ones(number, np.bool_)
    inside, touched = np.zeros(number), np.empty(number, np.int32)
    first, waiting = 0, number
    while waiting:
        v = queue[first]
        first, waiting = (first + 1) % number, waiting - 1
        waits[v] = False
        own = community[v]
        held[own] -= graph.size[v]
        members[own] -= 1
        seen = _add_up(graph, v, community, inside, touched)
        best = _best(own, touched[:seen], inside, held, resolution * graph.size[v], least)
        _forget(touched[:seen], inside)
        if best != own and members[own] == 0:
            empty[empties] = own
            empties += 1
        if best < 0:  # better alone, and there is an empty community, since it shared its own
            empties -= 1
            best = empty[empties]
        held[best] += graph.size[v]
        members[best] += 1
        community[v] = best
        if best != own:
            waiting = _wake(graph, v, community, waits, queue, (first, waiting))


@kernel
def _totals(size, community):
    """Return the size and the number of members of each community."""
    held, members = np.zeros(len(size)), np.zeros(len(size), np.int32)
    for v in range(len(size)):
        held[community[v]] += size[v]
        members[community[v]] += 1
    return held, members


@kernel
def _add_up(graph, v, community, inside, touched):
    """Add up the weights from a vertex to each community; return how many communities there are."""
    seen = 0
    for e in range(graph.offset[v], graph.offset[v + 1]):
        c = community[graph.neighbour[e]]
        if inside[c] == 0.0:
            touched[seen] = c
            seen += 1
        inside[c] += graph.weight[e]
    return seen


@kernel
def _forget(touched, inside):
    """Reset the accumulator."""
    for c in touched:
        inside[c] = 0.0


@kernel
def _best(own, candidates, inside, held, cost, least):
    """Return the community that a vertex gains most by being in, or -1 where it is better alone."""
    best, gain = own, inside[own] - cost * held[own]
    for c in candidates:
        other = inside[c] - cost * held[c]
        if other > gain + least:
            best, gain = c, other
    return -1 if gain < -least else best


@kernel
def _wake(graph, v, community, waits, queue, waiting):
    """Queue the neighbours of a moved vertex that are not where it is now; return how many wait."""
    first, number = waiting
    for e in range(graph.offset[v], graph.offset[v + 1]):
        u = graph.neighbour[e]
        if not waits[u] and community[u] != community[v]:
            queue[(first + number) % len(queue)] = u
            number += 1
            waits[u] = True
    return number


@kernel
def _refine(graph, community, refined, resolution, order):
    """Merge single vertices into parts of their community that are well connected to the rest of it."""
    number = len(graph.size)
    total = _totals(graph.size, community)[0]
    held, members = graph.size.copy(), np.ones(number, np.int32)  # of parts, numbered by a vertex of theirs
    outward = _weight_inside(graph, community)  # from a part to the rest of its community
    inside, touched = np.zeros(number), np.empty(number, np.int32)
    for v in order:
        size, room = graph.size[v], total[community[v]]
        if members[v] != 1 or refined[v] != v or outward[v] < resolution * size * (room - size):
            continue
        seen = _add_up(graph, v, refined, inside, touched)
        best, gain = v, 0.0
        for part in touched[:seen]:
            if community[part] == community[v]:
                other = inside[part] - resolution * size * held[part]
                if other > gain and outward[part] >= resolution * held[part] * (room - held[part]):
                    best, gain = part, other
        if best != v:
            refined[v] = best
            outward[best] += outward[v] - 2.0 * inside[best]
            held[best] += size
            members[best] += 1
        _forget(touched[:seen], inside)


@kernel
def _weight_inside(graph, community):
    """Return the weight from each vertex to its own community."""
    weight = np.zeros(len(graph.size))
    for v in range(len(graph.size)):
        for e in range(graph.offset[v], graph.offset[v + 1]):
            if community[graph.neighbour[e]] == community[v]:
                weight[v] += graph.weight[e]
    return weight


@kernel
def _edges_between(graph, part, vertices, start):
    """Return offset, neighbour and weight of the graph between parts: part p is vertices[start[p]:...]."""
    parts = len(start) - 1
    inside, touched = np.zeros(parts), np.empty(parts, np.int32)
    offset = np.zeros(parts + 1, np.int64)
    for p in range(parts):
        own = vertices[start[p] : start[p + 1]]
        seen = _add_up_all(graph, own, part, inside, touched)
        offset[p + 1] = offset[p] + seen
        _forget(touched[:seen], inside)
    neighbour, weight = np.empty(offset[-1], np.int32), np.empty(offset[-1], np.float32)
    for p in range(parts):
        own = vertices[start[p] : start[p + 1]]
        seen = _add_up_all(graph, own, part, inside, touched)
        for i in range(seen):
            neighbour[offset[p] + i], weight[offset[p] + i] = touched[i], inside[touched[i]]
        _forget(touched[:seen], inside)
    return offset, neighbour, weight


@kernel
def _add_up_all(graph, own, part, inside, touched):
    """Add up the weights from the vertices of one part to each other part; return how many there are."""
    seen = 0
    for v in own:
        for e in range(graph.offset[v], graph.offset[v + 1]):
            q = part[graph.neighbour[e]]
            if q != part[v]:
                if inside[q] == 0.0:
                    touched[seen] = q
                    seen += 1
                inside[q] += graph.weight[e]
    return seen
