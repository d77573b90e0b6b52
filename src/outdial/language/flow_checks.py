"""Ways through a flow: every step named exists, every step can be reached, nothing goes round without a question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from outdial.domain.errors import Fault, cut
from outdial.language.flow_model import Flow, Step

_NAMES_SHOWN: Final = 20


def check_ways(flow: Flow) -> list[Fault]:
    """All faults; unreachable steps and loops only when every name is right."""
    faults = list(_unknown_steps(flow)) + list(_dead_ends(flow))
    return faults or [*_unreachable(flow), *_endless(flow)]


def _unknown_steps(flow: Flow) -> Iterator[Fault]:
    known = f"; the flow has: {_names(flow)}"
    if flow.start not in flow.steps:
        yield Fault(("flow", "start"), f"there is no step {cut(flow.start)!r}{known}")
    for at, alternative in enumerate(flow.always):
        if alternative.go and alternative.go not in flow.steps:
            yield Fault(("flow", "always", str(at), "go"), f"there is no step {cut(alternative.go)!r}{known}")
    for step in flow.steps.values():
        for path, name in step.exits():
            if name not in flow.steps:
                yield Fault(("flow", "steps", step.name, *path), f"there is no step {cut(name)!r}{known}")


def _names(flow: Flow) -> str:
    """Its steps, the first of many."""
    names = [*flow.steps]
    shown = cut(", ".join(names[:_NAMES_SHOWN]), 300)
    return shown if len(names) <= _NAMES_SHOWN else f"{shown} and {len(names) - _NAMES_SHOWN} more"


def _dead_ends(flow: Flow) -> Iterator[Fault]:
    """The last step has nothing below it to go on to."""
    last = list(flow.steps.values())[-1]
    every_answer_goes = bool(last.expect) and all(alternative.go for alternative in last.expect)
    if not (last.hang_up or last.go or every_answer_goes):
        yield Fault(("flow", "steps", last.name), f"step {cut(last.name)} is the last: it must hang_up or go to a step")


def _ways_on(flow: Flow, step: Step) -> set[str]:
    ways = {name for _, name in step.exits()}
    if not (step.hang_up or step.go) and step.name in flow.after:
        ways.add(flow.after[step.name])
    return ways


def _unreachable(flow: Flow) -> Iterator[Fault]:
    reached: set[str] = set()
    waiting = [flow.start, *(alternative.go for alternative in flow.always if alternative.go)]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _ways_on(flow, flow.steps[name])
    for name in flow.steps:
        if name not in reached:
            yield Fault(("flow", "steps", name), f"step {cut(name)} cannot be reached: no step goes there")


def _endless(flow: Flow) -> Iterator[Fault]:
    """Steps that come back to themselves without asking anything on the way."""
    silent = {name: step for name, step in flow.steps.items() if not (step.ask or step.hang_up)}
    ways = {name: _ways_on(flow, step) & silent.keys() for name, step in silent.items()}
    again = {name for group in _circles(ways) for name in group if len(group) > 1 or name in ways[name]}
    for name in flow.steps:
        if name in again:
            yield Fault(("flow", "steps", name), f"step {cut(name)} comes back to itself without a question")


def _circles(ways: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Steps from each of which each other one of its group can be reached (Kosaraju), in time linear in the ways."""
    backwards: dict[str, list[str]] = {name: [] for name in ways}
    for name, following in ways.items():
        for one in following:
            backwards[one].append(name)
    seen: set[str] = set()
    left = [name for start in ways for name in _left_in_order(start, ways, seen)]
    grouped: set[str] = set()
    for start in reversed(left):
        if group := _left_in_order(start, backwards, grouped):
            yield group


def _left_in_order(start: str, ways: Mapping[str, Iterable[str]], seen: set[str]) -> list[str]:
    """What is reached from ``start`` and was not ``seen``, each after everything that is reached from it."""
    if start in seen:
        return []
    seen.add(start)
    left: list[str] = []
    waiting = [(start, iter(ways[start]))]
    while waiting:
        name, following = waiting[-1]
        unseen = next((one for one in following if one not in seen), None)
        if unseen is None:
            left.append(name)
            waiting.pop()
        else:
            seen.add(unseen)
            waiting.append((unseen, iter(ways[unseen])))
    return left
