"""The address of a call's own callback (Ringg §2.10)."""

from __future__ import annotations

from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit

from outdial.domain.request import Callback


def address_of(callback: Callback) -> str:
    """The callback's URL with its parameters; one that the URL already has is replaced.

    A URL that cannot be read stays as it is: its delivery is refused, and says why.
    """
    if not callback.params:
        return callback.url
    try:
        parts = urlsplit(callback.url)
    except ValueError:
        return callback.url
    # What stays keeps its bytes: the receiver may have signed them.
    kept = [part for part in parts.query.split("&") if part and _name_of(part) not in callback.params]
    return urlunsplit(parts._replace(query="&".join([*kept, urlencode(callback.params)])))


def _name_of(part: str) -> str:
    return unquote_plus(part.partition("=")[0])
