"""Which test proves what: of those that passed and saw a thing, the one that says most of it.

A field is proven by a test in which it was sent or answered and which compares with the documentation's example that
holds it, or names the field itself. Only seeing it proves nothing: but where an operation was seen to answer with it,
the test of another operation that shows the same model holds for it too.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from proofs.documented import EXAMPLES, Field, Operation, pattern
from proofs.recorder import members
from proofs.tests_named import Test, all_tests

COMPARES: Final = frozenset({"ordered_keys", "without", "wanted"})
_SWEEP: Final = "tests/api/test_every_refusal.py"
"""Asks every operation for every refusal: named where no test of its own says more."""


@dataclass
class Seen:
    """What one operation was asked and answered in one test, at one status."""

    test: str
    status: int
    parts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Members by where they stood: query, header, body, answer."""


class Evidence:
    """What a recorded run saw, by operation."""

    def __init__(self, file: Path, operations: Iterable[Operation]) -> None:
        self._routes = sorted(operations, key=lambda one: one.path.count("{"))
        self.examples: dict[str, set[str]] = defaultdict(set)
        """The tests that took each example of the documentation, by ``dialect/name``."""
        self.taken: dict[str, set[str]] = defaultdict(set)
        """The examples that each test took."""
        self.told: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        """Members of webhooks by test, each by what made them and the event's name."""
        self.width: dict[str, set[str]] = defaultdict(set)
        """The operations a test asks: the fewer, the more it is about one of them."""
        self._asked: dict[tuple[str, str, int], Seen] = {}
        for line in file.read_text("utf-8").splitlines():
            record = json.loads(line)
            if record["test"] in all_tests():
                for one in record["seen"]:
                    self._take(record["test"], one)
        self.asked: dict[str, list[Seen]] = defaultdict(list)
        for (operation, _, _), seen in sorted(self._asked.items()):
            self.asked[operation].append(seen)

    def _take(self, test: str, seen: list[Any]) -> None:
        match seen:
            case ["example", name]:
                self.examples[name].add(test)
                self.taken[test].add(name)
            case ["told", maker, names, event]:
                self.told[test][f"{maker} {event}"] |= set(names)
            case ["asked", method, path, status, parts]:
                operation = self._operation(method, path)
                if operation is None:
                    return
                self.width[test].add(str(operation))
                known = self._asked.setdefault((str(operation), test, status), Seen(test, status))
                for where, names in parts.items():
                    known.parts[where] |= set(names)

    def _operation(self, method: str, path: str) -> Operation | None:
        return next(
            (one for one, route in self._matchers if one.method == method and route.fullmatch(path)),
            None,
        )

    @cached_property
    def _matchers(self) -> list[tuple[Operation, re.Pattern[str]]]:
        return [
            (one, re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(one.door + one.path)))) for one in self._routes
        ]

    def golden(self, test: str, operation: Operation) -> list[str]:
        """The examples of this operation that it compares with."""
        if not all_tests()[test].near & COMPARES:
            return []
        return [name for name in self.taken[test] if self.is_of(name, operation)]

    def is_of(self, example: str, operation: Operation) -> bool:
        asked = example_of(example)
        return self._operation(asked["method"], asked["path"].partition("?")[0].rstrip("/")) == operation


@cache
def example_of(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return loaded


@cache
def _shown(example: str, where: str) -> frozenset[str]:
    """The members that an example has there: in its answer, its query or its body."""
    exchange = example_of(example)
    asked, answered = exchange.get("request", {}), exchange.get("response", {}).get("body")
    parts = {"answer": answered, "query": asked.get("query"), "body": asked.get("body") or asked.get("form")}
    return frozenset(members(parts.get(where)))


def of_field(evidence: Evidence, operation: Operation, wanted: Field) -> str:
    """The test that proves a field of an operation; empty where none does."""
    name = re.sub(r"\[\]|\.\*", "", wanted.path).rpartition(".")[2]
    candidates: dict[str, tuple[object, ...]] = {}
    for seen in _seen(evidence, operation, wanted):
        good = 200 <= seen.status < 300
        test = all_tests()[seen.test]
        examples = evidence.golden(seen.test, operation) if good else []
        golden = any(_holds(_shown(one, wanted.where), wanted) for one in examples)
        # That a file was answered is all there is to say of its type.
        if golden or name in test.near or "/" in name:
            rank = (not golden, not good, name not in test.own, *_distance(evidence, seen.test, operation))
            candidates[seen.test] = min(rank, candidates.get(seen.test, rank))
    return min(candidates, key=lambda one: (candidates[one], one), default="")


def is_seen(evidence: Evidence, operation: Operation, wanted: Field) -> bool:
    """Whether a test sent it with success, or was answered with it."""
    return any(200 <= seen.status < 300 for seen in _seen(evidence, operation, wanted))


def _seen(evidence: Evidence, operation: Operation, wanted: Field) -> Iterator[Seen]:
    for seen in evidence.asked[str(operation)]:
        if (wanted.where != "answer" or 200 <= seen.status < 300) and _holds(seen.parts[wanted.where], wanted):
            yield seen


def _holds(names: Collection[str], wanted: Field) -> bool:
    path = wanted.path.lower() if wanted.where == "header" else wanted.path
    return path in names or ("*" in path and any(pattern(path).fullmatch(one) for one in names))


def of_status(evidence: Evidence, operation: Operation, status: int) -> str:
    """The test in which an operation answers with a refusal; empty where none does."""
    tests = {seen.test for seen in evidence.asked[str(operation)] if seen.status == status}
    ranked = {
        test: (
            test.startswith(_SWEEP),
            not evidence.golden(test, operation),
            str(status) not in test,
            *_distance(evidence, test, operation),
        )
        for test in tests
    }
    return min(ranked, key=lambda one: (ranked[one], one), default="")


def of_refusal(evidence: Evidence, operations: Iterable[Operation], wanted: Field) -> str:
    """The test that proves a member of a door's refusals."""
    name = wanted.path.rpartition(".")[2]
    tests = {}
    for operation in operations:
        for seen in evidence.asked[str(operation)]:
            if seen.status >= 400 and wanted.path in seen.parts["answer"]:
                test: Test = all_tests()[seen.test]
                golden = evidence.golden(seen.test, operation)
                if golden or name in test.near:
                    tests[seen.test] = (not golden, name not in test.own, len(evidence.width[seen.test]))
    return min(tests, key=lambda one: (tests[one], one), default="")


def of_webhook(evidence: Evidence, example: str, wanted: Field) -> str:
    """The test that compares a webhook with the example that holds this member."""
    return _best_of_example(evidence, example, {wanted.path})


def of_example(evidence: Evidence, example: str, operations: Iterable[Operation]) -> str:
    """The test that replays an example and compares all of it."""
    shown = example_of(example)
    if "payload" in shown:
        return _best_of_example(evidence, example, set(members(shown["payload"])))
    wanted, status = set(members(shown["response"].get("body"))), shown["response"]["status"]
    ranked = {}
    for operation in operations:
        if not evidence.is_of(example, operation):
            continue
        for seen in evidence.asked[str(operation)]:
            if seen.test in evidence.examples[example] and seen.status == status and wanted <= seen.parts["answer"]:
                test = all_tests()[seen.test]
                ranked[seen.test] = (not test.own & COMPARES, not test.near & COMPARES, len(evidence.width[seen.test]))
    return min(ranked, key=lambda one: (ranked[one], one), default="")


def _best_of_example(evidence: Evidence, example: str, wanted: set[str]) -> str:
    ranked = {
        test: (_area(test, "webhooks"), len(evidence.told[test]))
        for test in evidence.examples[example]
        if any(wanted <= names for names in evidence.told[test].values())
    }
    return min(ranked, key=lambda one: (ranked[one], one), default="")


def _distance(evidence: Evidence, test: str, operation: Operation) -> tuple[int, int]:
    """How far a test is from being about this operation alone."""
    return _area(test, operation.path), len(evidence.width[test])


def _area(test: str, path: str) -> int:
    """Words that a path shares with the name of the test's file, counted down from none."""
    file = Path(test.partition("::")[0]).stem.split("_")
    words = re.findall(r"[a-z]{3,}", path)
    return -sum(any(word[:4] == part[:4] for part in file) for word in words)
