"""Ways through a flow: every step named exists, every step can be reached, nothing goes round without a question."""

from __future__ import annotations

from collections.abc import Iterator

from outdial.domain.errors import Fault
from outdial.language.flow_model import Flow, Step


def check_ways(flow: Flow) -> list[Fault]:
    """All faults; unreachable steps and loops only when every name is right."""
    faults = list(_unknown_steps(flow)) + list(_dead_ends(flow))
    return faults or [*_unreachable(flow), *_endless(flow)]


def _unknown_steps(flow: Flow) -> Iterator[Fault]:
    known = f"; the flow has: {', '.join(flow.steps)}"
    if flow.start not in flow.steps:
        yield Fault(("flow", "start"), f"there is no step {flow.start!r}{known}")
    for at, alternative in enumerate(flow.always):
        if alternative.go and alternative.go not in flow.steps:
            yield Fault(("flow", "always", str(at), "go"), f"there is no step {alternative.go!r}{known}")
    for step in flow.steps.values():
        for path, name in step.exits():
            if name not in flow.steps:
                yield Fault(("flow", "steps", step.name, *path), f"there is no step {name!r}{known}")


def _dead_ends(flow: Flow) -> Iterator[Fault]:
    """The last step has nothing below it to go on to."""
    last = list(flow.steps.values())[-1]
    every_answer_goes = bool(last.expect) and all(alternative.go for alternative in last.expect)
    if not (last.hang_up or last.go or every_answer_goes):
        yield Fault(("flow", "steps", last.name), f"step {last.name} is the last: it must hang_up or go to a step")


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
            yield Fault(("flow", "steps", name), f"step {name} cannot be reached: no step goes there")


def _endless(flow: Flow) -> Iterator[Fault]:
    """Steps that come back to themselves without asking anything on the way."""
    for start in flow.steps.values():
        seen: set[str] = set()
        waiting = [start.name]
        while waiting:
            step = flow.steps[waiting.pop()]
            if step.ask or step.hang_up:
                continue
            ways = _ways_on(flow, step)
            if start.name in ways:
                yield Fault(("flow", "steps", start.name), f"step {start.name} comes back to itself without a question")
                break
            waiting += ways - seen
            seen |= ways
