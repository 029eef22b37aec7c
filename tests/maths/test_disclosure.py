"""Disclosure control: nothing of fewer consumers than the rule allows follows from all that is shown."""

import numpy as np
import pytest

from crocs_cli.maths.segments.disclosure import allows, safe_behaviours, safe_coverage, safe_groups, weaker
from crocs_cli.maths.segments.rules import Rule, rule_of

CASES = 10_000
RULES = ("minimum:3", "minimum:8", "4/40", "6/30", "10/20", "15/15")


def case(seed):
    """Return a random rule, what each consumer used, and groupings of the consumers into rising numbers.

    Half are nested, as Ward's cut gives; in the others some consumers change segments too. Use is
    heavy-tailed, and some consumers feed in.
    """
    random = np.random.default_rng(seed)
    rule = rule_of(str(random.choice(RULES)))
    count = int(random.integers(rule.minimum, 8 * rule.minimum))
    used = random.lognormal(2.0, random.choice([0.2, 0.8, 1.6]), count).round(3)
    used *= np.where(random.random(count) < random.choice([0, 0.1]), -1, 1)
    label = np.zeros(count, dtype=int)
    labels = []
    for _ in range(int(random.integers(1, 6))):
        for _ in range(int(random.integers(1, 3))):
            split = random.choice(np.unique(label))
            label = np.where(
                (label == split) & (random.random(count) < random.random()), label.max() + 1, label
            )
        if random.random() < 0.5:
            moved = random.random(count) < random.choice([0.01, 0.1])
            label = np.where(moved, random.permutation(label), label)
        label = by_size(label)
        labels.append(label)
    order = random.permutation(len(labels))  # users pass on what they like first
    return rule, used, [labels[at] for at in order]


def by_size(label):
    _, place, sizes = np.unique(label, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), dtype=int)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return rank[place]


def passed_on(rule, used, labels, joint=True):
    """Return the groupings that are shown, one after the other; joint: each knows those before."""
    known = []
    for label in labels:
        groups = safe_groups(label, used, rule, known if joint else ())
        if groups is not None:
            place = np.empty(label.max() + 1, dtype=int)
            for number, group in enumerate(groups):
                place[list(group)] = number
            known.append(place[label])
    return known


def recovered(rule, used, shown, labels):
    """Return the sets of consumers that the rule does not allow and whose sum follows from all sums shown.

    The attacker knows who is in which segment of every number, shown or not, and all sums of the groups that
    are shown. It solves for every single consumer, every segment, every two of them together, what is in one
    and not in the other, and what they share.
    """
    if not shown:
        return []
    rows = np.concatenate([[group == number for number in np.unique(group)] for group in shown]).astype(float)
    sums = rows @ used
    segments = np.concatenate([[label == number for number in np.unique(label)] for label in labels])
    both = segments[:, None] & segments
    differ = segments[:, None] & ~segments
    sets = np.concatenate(
        [np.eye(len(used), dtype=bool), segments, *both, *differ, *(segments[:, None] | segments)]
    )
    forbidden = sets[too_few(rule, used, sets)]
    weights = forbidden @ np.linalg.pinv(rows)
    follows = np.abs(weights @ rows - forbidden).max(axis=1, initial=0) < 1e-6
    guessed = weights[follows] @ sums
    assert guessed == pytest.approx(forbidden[follows] @ used, abs=1e-5)
    return list(forbidden[follows])


def sparse(rule, used, shown):
    """Return combinations of the sums shown, by elimination, of consumers that the rule does not allow."""
    rows = np.concatenate([[group == number for number in np.unique(group)] for group in shown]).astype(float)
    at = 0
    for column in range(rows.shape[1]):
        pivot = at + int(np.abs(rows[at:, column]).argmax()) if at < len(rows) else at
        if at == len(rows) or abs(rows[pivot, column]) < 1e-9:
            continue
        rows[[at, pivot]] = rows[[pivot, at]]
        rows[at] /= rows[at, column]
        others = np.arange(len(rows)) != at
        rows[others] -= np.outer(rows[others, column], rows[at])
        at += 1
    held = np.abs(rows[:at]) > 1e-9
    return list(held[too_few(rule, used, held)])


def too_few(rule, used, sets):
    """Return which sets (s, n) the rule does not allow: (s,) bool; an empty one is no figure."""
    count, part = sets.sum(axis=1), sets * np.abs(used)
    large = part.max(axis=1) > rule.percent / 100 * part.sum(axis=1) * (1 + 1e-9)
    return (count > 0) & ((count < rule.minimum) | (large & (rule.percent < 100)))


def test_no_figure_of_too_few_follows_from_all_that_is_shown():
    shown_apart = 0
    for seed in range(CASES):
        rule, used, labels = case(seed)
        shown = passed_on(rule, used, labels)
        assert not recovered(rule, used, shown, labels), seed
        assert not shown or not sparse(rule, used, shown), seed
        shown_apart += sum(len(np.unique(group)) for group in shown)
    assert shown_apart > 2 * CASES, "hiding all would be safe, and no use"


def test_the_attack_finds_what_is_shown_without_care():
    """Without looking at what was passed on before, or without hiding a second segment, figures follow."""
    careless = hidden_alone = 0
    for seed in range(300):
        rule, used, labels = case(seed)
        careless += bool(recovered(rule, used, passed_on(rule, used, labels, joint=False), labels))
        label = labels[0]
        may = [number for number in np.unique(label) if allows(rule, used[label == number])]
        shown = [np.zeros(len(label), dtype=int), *((label == number).astype(int) for number in may)]
        hidden_alone += bool(allows(rule, used) and recovered(rule, used, shown, labels[:1]))
    assert careless > 50
    assert hidden_alone > 50


def days_of(seed):
    """Return a rule, how many days each consumer has, and how many of them show each behaviour."""
    random = np.random.default_rng(seed)
    rule = rule_of(str(random.choice(RULES)))
    count, kinds = int(random.integers(rule.minimum, 8 * rule.minimum)), int(random.integers(1, 8))
    own = random.integers(1, 90, count)
    habit = random.dirichlet(np.full(kinds + 1, random.choice([0.05, 0.3, 2.0])), count)
    return rule, own, np.array([random.multinomial(n, p) for n, p in zip(own, habit, strict=True)])[:, :kinds]


def test_no_behaviour_of_too_few_follows_from_the_others():
    shown_all = 0
    for seed in range(CASES):
        rule, own, days = days_of(seed)
        shown = safe_behaviours(days, own, rule)
        for held in days[:, shown].T:
            assert allows(rule, held[held > 0]), seed
        rest = own - days[:, shown].sum(axis=1)
        assert not len(shown) or not rest.any() or allows(rule, rest[rest > 0]), seed
        lacking = np.round((1 - safe_coverage(days[:, shown], rule)) * len(own))
        assert not ((lacking > 0) & (lacking < rule.minimum)).any(), seed
        shown_all += len(shown)
    assert shown_all > CASES


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("15/15", Rule("15/15", 15, 15)),
        ("100/10", Rule("100/10", 100, 10)),
        ("minimum:4", Rule("minimum:4", 4, 100)),
        ("cpuc", Rule("cpuc", 100, 15)),
        ("none", None),
    ],
)
def test_rules_by_name(name, rule):
    assert rule_of(name) == rule


@pytest.mark.parametrize(
    "name", ["", "15", "minimum:1", "15/0", "15/101", "1/15", "CPUC", "minimum:", "15/15 "]
)
def test_names_of_no_rule(name):
    with pytest.raises(ValueError, match="no such rule; write none, 15/15|a rule has at least 2 consumers"):
        rule_of(name)


@pytest.mark.parametrize(
    ("used", "name"),
    [
        ([[1.0] * 20, [1.0] * 9], "9/15"),
        ([[1.0] * 20, [3.0, 1.0, 1.0, 1.0]], "4/50"),
        ([[1.0] * 20, [5.0, 0.0, 0.0]], "minimum:3"),
        ([[1.0] * 20, [7.0]], None),
        ([[0.0] * 20], "15/15"),
    ],
)
def test_the_strictest_rule_that_would_show_each(used, name):
    found = weaker(rule_of("15/15"), [np.array(part) for part in used])
    assert (found and found.name) == name
    assert found is None or all(allows(found, np.array(part)) for part in used)


def test_what_was_passed_on_shapes_what_comes_next():
    label = np.repeat([0, 1], [30, 20])
    later = np.where(np.arange(50) == 49, 0, label)  # one consumer changes segments
    used, rule = np.ones(50), rule_of("15/15")
    assert safe_groups(later, used, rule) == [(0,), (1,)]
    assert safe_groups(later, used, rule, [label]) == [(0, 1)], "else the difference is one consumer"
    finer = np.where((label == 0) & (np.arange(50) < 15), 2, label)
    assert safe_groups(finer, used, rule, [label]) == [(0,), (1,), (2,)], "halves of 15 may be shown"
    assert safe_groups(label, used, rule, [label]) == [(0,), (1,)], "the same again"
