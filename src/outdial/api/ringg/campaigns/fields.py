"""Reads single fields of campaigns out of forms and bodies, and remembers everything that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import BinaryIO, Final

from outdial.api.json_body import parse_object
from outdial.api.multipart import Form
from outdial.api.ringg import fields, listing
from outdial.api.ringg.calls import validation
from outdial.domain.contacts import region_of
from outdial.domain.errors import Fault, Invalid
from outdial.domain.ids import parse_uuid
from outdial.domain.limits import (
    MAX_CALLER_NUMBERS,
    MAX_MAILS,
    MAX_NAME_LETTERS,
    MAX_URL_LETTERS,
    MAX_VARIABLE_NAME_LETTERS,
)
from outdial.domain.numbers import e164

ONE_SOURCE: Final = "Provide exactly one of from_numbers or number_pool_id"
_NUMBERS: Final = ("from_numbers", "from_number_id", "from_number")
"""All mean the same: numbers, or ids of numbers."""
_POOL: Final = "number_pool_id"
START, END, CONFIG, MAP = "campaign_start_time", "campaign_end_time", "call_config", "variables_map"
_NAME_LETTERS: Final = 255
_VARIABLES: Final = 200
_GRACE: Final = timedelta(minutes=5)
"""How long ago a start may be: filling in a form takes a while."""
_LOCAL: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}),? +([0-9]{1,2}):([0-9]{2})")
_TIME_FORM: Final = "must be DD/MM/YYYY, HH:MM"


class Reading:
    """Reads one field after the other. What a method gives for a faulty field is of no use: ``judge`` comes first.

    ``values``: the fields by name; blank strings are absent.
    """

    def __init__(self, values: Mapping[str, object], now: datetime) -> None:
        self._values = values
        self._now = now
        self._faults: list[Fault] = []

    def judge(self) -> None:
        """
        Raises:
            Invalid: with every fault found, in the order they were found.
        """
        if self._faults:
            raise Invalid(*self._faults)

    def fault(self, name: str, message: str, kind: str = "value_error") -> None:
        self._faults.append(Fault((name,), f"{name} {message}", kind))

    def file(self, form: Form) -> BinaryIO:
        """The one file of the form, wherever its reader stands."""
        try:
            sent = form.files("file")
        except Invalid as wrong:
            self._faults += wrong.faults
            return BytesIO()
        if len(sent) != 1:
            self.fault("file", "must be sent once" if sent else "is required", "missing")
            return BytesIO()
        return sent[0].file

    def text(self, name: str) -> str:
        """A text without outer blanks, which must be there."""
        value = self._values.get(name)
        if fields.is_absent(value):
            self.fault(name, "is required", "missing")
            return ""
        if not isinstance(value, str):
            self.fault(name, "must be a string", "type")
            return ""
        return value.strip()

    def uuid(self, name: str) -> str:
        text = self.text(name)
        known = parse_uuid(text)
        if text and known is None:
            self.fault(name, "must be a UUID", "format")
        return known or ""

    def campaign_name(self) -> str:
        name = self.text("campaign_name")
        if len(name) > _NAME_LETTERS:
            self.fault("campaign_name", f"has at most {_NAME_LETTERS} characters", "too_long")
        return name

    def truth(self, name: str) -> bool:
        try:
            return listing.truth(name, str(self._values.get(name) or ""))
        except Invalid as wrong:
            self._faults += wrong.faults
            return False

    def country_code(self) -> str:
        """``+91``, ``91`` or ``IN``, as it came."""
        code = self.text("country_code")
        try:
            region_of(code or "US")
        except Invalid as wrong:
            self._faults += wrong.faults
        return code

    def mapping(self) -> dict[str, str]:
        """``variables_map`` out of its JSON text: titles of columns by variable."""
        given = self._json_text(MAP)
        if len(given) > _VARIABLES:
            self.fault(MAP, f"has at most {_VARIABLES} variables", "too_long")
            return {}
        mapping = {}
        for variable, title in given.items():
            if not variable.strip() or not isinstance(title, str) or not title.strip():
                path, where = (MAP, variable), f"{MAP}.{variable[:100]}"
                self._faults.append(Fault(path, f"{where} must be the title of a column", "type"))
            elif len(variable) > MAX_VARIABLE_NAME_LETTERS or len(title) > MAX_NAME_LETTERS:
                message = f"{MAP} has names of more than {MAX_VARIABLE_NAME_LETTERS} characters"
                self._faults.append(Fault((MAP, variable), message, "too_long"))
            else:
                mapping[variable.strip()] = title.strip()
        return mapping

    def config_of_text(self) -> Mapping[str, object]:
        """``call_config`` out of its JSON text, judged as that of a call."""
        return self._judged(self._json_text(CONFIG))

    def config(self) -> Mapping[str, object] | None:
        """``call_config`` as an object; None: it was not sent."""
        value = self._values.get(CONFIG)
        return None if value is None else self._judged(value)

    def times(self, zone: str) -> tuple[datetime, datetime]:
        """Start and end, aware UTC; without offset they are read in ``zone``."""
        starts_at, ends_at = self._instant(START, zone), self._instant(END, zone)
        if starts_at and starts_at < self._now - _GRACE:
            self.fault(START, "must lie in the future", "date_time")
        if starts_at and starts_at > self._now + validation.MAX_AHEAD:
            self.fault(START, f"must lie within the next {validation.MAX_AHEAD.days} days", "date_time")
        if starts_at and ends_at and ends_at <= starts_at:
            self.fault(END, f"must be after {START}", "date_time")
        elif ends_at and ends_at <= self._now:
            self.fault(END, "must lie in the future", "date_time")
        return starts_at or self._now, ends_at or self._now

    def sources(self) -> list[str]:
        """Which of the fields for the caller's number say something."""
        return [name for name in (*_NUMBERS, _POOL) if not fields.is_absent(self._values.get(name))]

    def callers(self, usual: str) -> tuple[tuple[str, ...], str]:
        """Numbers and ids of numbers, mixed, each once; or the id of a pool. ``usual``: the field to miss."""
        given = self.sources()
        if len(given) != 1:
            self._faults.append(Fault(((given or [usual])[-1],), ONE_SOURCE, "exclusive" if given else "missing"))
            return (), ""
        (name,) = given
        if name == _POOL:
            pool = self.text(name)
            return (), parse_uuid(pool) or pool
        texts = fields.as_texts(self._values[name])
        if texts is None or not all(parse_uuid(text) or e164(text) for text in texts):
            self.fault(name, "must hold numbers in E.164 format, or ids of numbers", "format")
        elif len(texts) > MAX_CALLER_NUMBERS:
            self.fault(name, f"may hold at most {MAX_CALLER_NUMBERS} members", "too_long")
        return tuple(parse_uuid(text) or text for text in texts or ()), ""

    def callback_url(self) -> str:
        value = self._values.get("callback_url")
        if fields.is_absent(value):
            return ""
        if isinstance(value, str) and len(value) > MAX_URL_LETTERS:
            self.fault("callback_url", f"has at most {MAX_URL_LETTERS} characters", "too_long")
        elif not fields.is_web_address(value):
            self.fault("callback_url", "must be an http or https URL", "url")
        return str(value).strip()

    def mail_to(self) -> tuple[str, ...]:
        """Ids of users."""
        name = "email_completion_user_ids"
        value = self._values.get(name)
        texts = () if fields.is_absent(value) else fields.as_texts(value)
        known = [parse_uuid(text) or "" for text in texts or ()]
        if texts is None or not all(known):
            self.fault(name, "must be a list of UUIDs", "format")
        elif len(known) > MAX_MAILS:
            self.fault(name, f"may hold at most {MAX_MAILS} members", "too_long")
        return tuple(known)

    def share(self) -> int | None:
        """Percent of the workspace's call slots; None: all."""
        name = "concurrency_percentage"
        value = self._values.get(name)
        if fields.is_absent(value):
            return None
        number = fields.as_number(value)
        if number is None or not 0 <= number <= 100:
            self.fault(name, "must be between 0 and 100", "out_of_range")
            return None
        return round(number)

    def _json_text(self, name: str) -> Mapping[str, object]:
        text = self.text(name)
        try:
            found = parse_object(text.encode("utf-8", "surrogatepass"), name) if text else {}
        except Invalid as wrong:
            self._faults += wrong.faults
            return {}
        if found is None:
            self.fault(name, "must be a JSON object as text", "json_invalid")
        return found or {}

    def _judged(self, config: object) -> Mapping[str, object]:
        self._faults += validation.config_faults(config, self._now)
        return fields.as_object(config) or {}

    def _instant(self, name: str, zone: str) -> datetime | None:
        text = self.text(name)
        moment = _local(text) or fields.as_moment(text)
        at = fields.instant(moment, zone) if moment else None
        if text and at is None:
            self.fault(name, _TIME_FORM, "date_time")
        return at.astimezone(UTC) if at else None


def zone_of(config: Mapping[str, object]) -> str:
    """The time zone a ``call_config`` names; empty: none that is known."""
    zone = (fields.as_object(config.get("call_time")) or {}).get("timezone")
    return str(zone).strip() if fields.is_zone(zone) else ""


def _local(text: str) -> datetime | None:
    """``18/03/2026, 09:00``: day first; by the clock on the wall."""
    found = _LOCAL.fullmatch(text)
    if not found:
        return None
    day, month, year, hour, minute = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute)  # noqa: DTZ001
    except ValueError:
        return None
