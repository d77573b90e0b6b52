"""The tests as they are written: which there are, and which words each of them names. Nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Test:
    """One test as it is written."""

    def __init__(self, node: _Function, module: _Module) -> None:
        self._node = node
        self._module = module

    @cached_property
    def own(self) -> frozenset[str]:
        """Texts, names of arguments and names that stand in it."""
        return _words(self._node)

    @cached_property
    def near(self) -> frozenset[str]:
        """The same with what it uses of its file and of the builders."""
        return self.own.union(*self._module.reached(self.own))


def name_of(test: str) -> str:
    """``test_x::TestY::test_z`` of ``tests/api/test_x.py::TestY::test_z``."""
    return Path(test.partition("::")[0]).stem + "::" + test.partition("::")[2]


@cache
def all_tests() -> Mapping[str, Test]:
    """Every test by its name in pytest, parameters left out."""
    return {name: test for file in sorted(TESTS.rglob("test_*.py")) for name, test in _of_file(file)}


def _of_file(file: Path) -> Iterator[tuple[str, Test]]:
    module = _module(file)
    place = file.relative_to(TESTS.parent).as_posix()
    for node in module.tree.body:
        scope = f"{place}::{node.name}" if isinstance(node, ast.ClassDef) else place
        for one in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(one, _Function) and one.name.startswith("test_"):
                yield f"{scope}::{one.name}", Test(one, module)


class _Module:
    """The definitions of one file and what they use of others."""

    def __init__(self, file: Path) -> None:
        self.tree = ast.parse(file.read_text("utf-8"))
        self._defined: dict[str, ast.stmt] = {}
        self._imported: dict[str, str] = {}
        for node in self.tree.body:
            if isinstance(node, _Function | ast.ClassDef) and not node.name.startswith(("test_", "Test")):
                self._defined[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(target, ast.Name):
                        self._defined[target.id] = node
            elif isinstance(node, ast.ImportFrom) and node.module:
                self._imported |= {name.asname or name.name: node.module for name in node.names}

    def reached(self, words: frozenset[str]) -> Iterator[frozenset[str]]:
        """The words of all that ``words`` lead to, here and in the builders."""
        todo, seen = set(words), set[str]()
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self._defined:
                yield (found := _words(self._defined[name]))
                todo |= found
            elif (file := TESTS / f"{self._imported.get(name, '-')}.py").exists():
                yield from _module(file).reached(frozenset({name}))


@cache
def _module(file: Path) -> _Module:
    return _Module(file)


@cache
def _words(node: ast.AST) -> frozenset[str]:
    found = set()
    for one in ast.walk(node):
        match one:
            case ast.Constant(value=str(text)):
                found |= {text, *text.replace("[]", "").split(".")}
            case ast.keyword(arg=str(name)) | ast.arg(arg=name) | ast.Name(id=name) | ast.Attribute(attr=name):
                found.add(name)
    return frozenset(found)
