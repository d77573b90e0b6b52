"""A flow as typed data; ``flow_parsing`` makes it from YAML or JSON. What it means: ``docs/flows.md``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from outdial.domain.spoken import plain
from outdial.language.flow_matching import MEANINGS, phrase_end, pressed_keys
from outdial.language.patterns import Pattern


@dataclass(frozen=True)
class Alternative:
    """One thing the callee may say. ``hears`` are meanings and phrases; the first that fits gives the value."""

    hears: tuple[str, ...] = ()
    regex: Pattern | None = None
    keys: str = ""
    value: str = ""
    say: str = ""
    go: str = ""

    def value_of(self, heard: str) -> str | None:
        """What ``heard`` amounts to, or None when this is not it."""
        found = self._heard(heard)
        return None if found is None else self.value or found

    def _heard(self, heard: str) -> str | None:
        if self.keys and pressed_keys(heard) == self.keys:
            return self.keys
        for hear in self.hears:
            meaning = MEANINGS.get(hear)
            if meaning is not None:
                found = meaning(heard)
                if found is not None:
                    return found
            elif phrase_end(hear, heard) is not None:
                return hear
        return self.regex.value_in(plain(heard)) if self.regex else None


@dataclass(frozen=True)
class Branch:
    """Where to go when every answer in ``when`` is one of the values given."""

    when: Mapping[str, tuple[str, ...]]
    go: str

    def holds(self, answers: Mapping[str, str]) -> bool:
        return all(
            plain(answers.get(name, "")) in [plain(value) for value in values] for name, values in self.when.items()
        )


@dataclass(frozen=True)
class Step:
    """Done in this order: press, say, then one of ask, branch, hang up, go on."""

    name: str
    say: str = ""
    press: str = ""
    ask: str = ""
    save: str = ""
    expect: tuple[Alternative, ...] = ()
    unclear: str = ""
    tries: int = 0
    otherwise: str = ""
    branch: tuple[Branch, ...] = ()
    go: str = ""
    hang_up: bool = False

    def exits(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Every step this one may lead to, with the path of the field that names it."""
        if self.go:
            yield ("go",), self.go
        if self.otherwise:
            yield ("otherwise",), self.otherwise
        for at, alternative in enumerate(self.expect):
            if alternative.go:
                yield ("expect", str(at), "go"), alternative.go
        for at, branch in enumerate(self.branch):
            if branch.go:
                yield ("branch", str(at), "go"), branch.go


@dataclass(frozen=True)
class Flow:
    """``steps`` in the order written: a step that names no next one goes on to the one below it (``after``)."""

    start: str
    steps: Mapping[str, Step]
    after: Mapping[str, str]
    always: tuple[Alternative, ...] = ()
    listen_first: bool = False
    unclear: str = "Sorry, I did not get that."
    give_up: str = "I am sorry, I could not understand you. Goodbye."
    tries: int = 2


@dataclass(frozen=True)
class Reply:
    """What a persona says when it hears one of the phrases."""

    hears: tuple[str, ...]
    say: str = ""
    press: str = ""
    hang_up: bool = False
    once: bool = False


@dataclass(frozen=True)
class Persona:
    """Somebody who answers what is asked, in any order."""

    replies: tuple[Reply, ...]
    otherwise: Reply = field(default_factory=lambda: Reply(hears=()))
    listen_first: bool = False
