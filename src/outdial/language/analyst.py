"""A language model that says what a finished talk told; its answer is taken only in the shape it was asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

import httpx2
import openai

from outdial.analysis.rules import RuleAnalyst
from outdial.domain.agent import AnalysisPlan
from outdial.domain.analysis import SENTIMENTS, Analysis, PlatformAnalysis, Talked, fits
from outdial.domain.errors import Unreachable
from outdial.language.analyst_prompt import questions, response_format
from outdial.language.chat_client import ChatClient, ChatSettings
from outdial.language.chat_errors import unreachable
from outdial.language.chat_prompt import ToolMode
from outdial.language.chat_text import without_thoughts
from outdial.language.lenient_json import object_in

_MAX_LETTERS: Final = 256 * 1024
"""Of an answer with its thoughts; what follows is not read."""
_MOST_ITEMS: Final = 50
_MOST_TEXT: Final = 4_000
_MOST_LABEL: Final = 100
_LARGEST: Final = 2**53
"""Beyond it JSON readers disagree."""
_MOST_NUMBER: Final = 1e300
"""More is mostly infinity."""
_MAY_QUOTE: Final = frozenset({400, 413, 422})
"""Servers that refuse a request may say so by repeating it, and with it the talk."""


class ModelAnalyst:
    """``Analyst`` over one OpenAI-compatible endpoint. Close it when nobody asks any more.

    Asked is ``always``, else the agent's model, else that of the settings; with none of them the rules answer.
    """

    most_s = 60.0

    def __init__(self, settings: ChatSettings, always: str = "") -> None:
        self._settings = settings
        self._always = always
        self._rules = RuleAnalyst()
        self._client = ChatClient(settings)

    async def analyse(self, talked: Talked, plan: AnalysisPlan, model: str = "") -> Analysis:
        """As ``Analyst``.

        Raises:
            Unreachable: the endpoint failed, refused or took too long, or its answer has another shape.
        """
        chosen = self._always or model or self._settings.model
        if not chosen:
            return await self._rules.analyse(talked, plan)
        said = await self._answer(talked, plan, chosen)
        platform, client = read(said, talked, plan, f"the answer of the model {chosen}")
        return Analysis(platform, client, f"model:{chosen}")

    async def close(self) -> None:
        await self._client.close()

    async def _answer(self, talked: Talked, plan: AnalysisPlan, model: str) -> str:
        where, limit_s = self._settings.base_url, self._settings.total_s
        prompt_only = self._settings.tool_mode is ToolMode.NONE
        try:
            async with asyncio.timeout(limit_s):
                form = openai.omit if prompt_only else response_format(plan)
                answer = await self._client.whole(model, questions(talked, plan), form)
        except TimeoutError as late:
            raise Unreachable(f"the model endpoint {where} (model {model}) did not answer in {limit_s:g} s") from late
        except openai.APIStatusError as error:
            if error.status_code in _MAY_QUOTE:
                raise Unreachable(
                    f"the model endpoint {where} (model {model}) did not accept the request (status "
                    f"{error.status_code}): with OUTDIAL_CHAT_TOOL_MODE=none it is asked without a JSON schema"
                ) from None
            raise unreachable(error, where, model) from None
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError, ValueError) as error:
            raise unreachable(error, where, model) from None
        if answer is None:
            _misshapen(f"the answer of the model {model}", "it has no text")
        return answer


def read(
    said: str, talked: Talked, plan: AnalysisPlan, whose: str
) -> tuple[PlatformAnalysis, Mapping[str, Any] | None]:
    """Both parts of an answer; ``client`` None when nothing was asked.

    Raises:
        Unreachable: something asked for is missing or of another type; says where, and quotes nothing of it.
    """
    answer = _answer_in(said[:_MAX_LETTERS])
    if answer is None:
        _misshapen(whose, "it is not JSON")
    reader = _Reader(whose)
    parts = reader.members("", answer, ["platform", "client"] if plan.keys else ["platform"])
    client = None
    if plan.keys:
        found = reader.members("client", parts["client"], [*plan.keys])
        client = {name: reader.value(f"client.{name}", found[name], kind) for name, kind in plan.keys.items()}
    return _platform(reader, parts["platform"], talked, plan), client


def _answer_in(said: str) -> Any:
    """The JSON in what a model said, whatever stands around it; None: there is none."""
    text = without_thoughts(said).strip()
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return object_in(text, fits=lambda found: "platform" in found)


def _platform(reader: _Reader, answer: Any, talked: Talked, plan: AnalysisPlan) -> PlatformAnalysis:
    names = [*PlatformAnalysis.__dataclass_fields__]
    found = {name: (f"platform.{name}", value) for name, value in reader.members("platform", answer, names).items()}
    requested = reader.flag(*found["callback_requested"])
    at = reader.moment(*found["callback_requested_time"], talked.began_at)
    return PlatformAnalysis(
        summary=reader.text(*found["summary"]),
        key_points=reader.texts(*found["key_points"]),
        action_items=reader.texts(*found["action_items"]),
        classification=reader.label(*found["classification"], [*plan.labels]),
        callback_requested=requested,
        callback_requested_time=at if requested else "",
        sentiment=reader.one_of(*found["sentiment"], SENTIMENTS),
    )


class _Reader:
    """Checks one answer member by member."""

    def __init__(self, whose: str) -> None:
        self._whose = whose
        self._kinds: Final[Mapping[str, Callable[[str, Any], Any]]] = {
            "string": self.text,
            "integer": self._integer,
            "number": self._number,
            "boolean": self.flag,
            "array": lambda path, value: list(self.texts(path, value)),
            "date": self._iso,
            "datetime": self._iso,
        }

    def members(self, path: str, value: Any, names: list[str]) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self._wrong(path or "it", "an object")
        for name in names:
            if name not in value:
                self._wrong(f"{path}.{name}".lstrip("."), "there")
        return value

    def value(self, path: str, value: Any, kind: str) -> Any:
        if value is None:
            return None
        read = self._kinds[kind](path, value)
        if not fits(read, kind):
            self._wrong(path, f"of the type {kind}")
        return read

    def text(self, path: str, value: Any) -> str:
        if not isinstance(value, str):
            self._wrong(path, "a string")
        return value.replace("\0", "").encode("utf-8", "replace").decode()[:_MOST_TEXT]

    def texts(self, path: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            self._wrong(path, "a list of strings")
        return tuple(self.text(path, member) for member in value)[:_MOST_ITEMS]

    def flag(self, path: str, value: Any) -> bool:
        if not isinstance(value, bool):
            self._wrong(path, "true or false")
        return value

    def label(self, path: str, value: Any, labels: list[str]) -> str:
        return self.one_of(path, value, labels) if labels else self.text(path, value)[:_MOST_LABEL]

    def one_of(self, path: str, value: Any, allowed: list[str] | tuple[str, ...]) -> str:
        if value != "" and value not in allowed:
            self._wrong(path, "one of the values it may have")
        return str(value)

    def moment(self, path: str, value: Any, began_at: str) -> str:
        """One that had passed before the talk began was named by nobody: it is taken for none."""
        if value == "":
            return ""
        try:
            at = datetime.fromisoformat(value)
            is_ahead = at > datetime.fromisoformat(began_at)
        except (TypeError, ValueError):
            self._wrong(path, "ISO 8601 with an offset")
        return at.isoformat() if is_ahead else ""

    def _iso(self, path: str, value: Any) -> str:
        return self.text(path, value).strip()

    def _integer(self, path: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
            self._wrong(path, "an integer")
        return value

    def _number(self, path: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MOST_NUMBER:
            self._wrong(path, "a number")
        return value

    def _wrong(self, path: str, what: str) -> NoReturn:
        _misshapen(self._whose, f"{path} is not {what}")


def _misshapen(whose: str, what: str) -> NoReturn:
    raise Unreachable(f"{whose} is not in the shape it was asked for: {what}")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
