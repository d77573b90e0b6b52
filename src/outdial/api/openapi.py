"""An OpenAPI document that tells the truth: bodies we read ourselves are in it, answers we never give are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

_SCHEMAS = "#/components/schemas/"
_FRAMEWORKS = "HTTPValidationError"


class Door(FastAPI):
    """One mounted door with a document of its own at ``openapi.json``; no redirects, no pages from a CDN.

    ``bodies`` are models that routes read and refuse with without FastAPI's help (``body_of``, ``refusals``).
    """

    def __init__(self, *, title: str, bodies: tuple[type[BaseModel], ...] = ()) -> None:
        super().__init__(title=title, docs_url=None, redoc_url=None, redirect_slashes=False)
        self._bodies = list(bodies)

    def document(self, body: type[BaseModel]) -> None:
        """One more body that a route reads by itself."""
        if body not in self._bodies:
            self._bodies.append(body)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is not None:
            return self.openapi_schema
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for body in self._bodies:
            schema = body.model_json_schema(ref_template=_SCHEMAS + "{model}")
            schemas.update(schema.pop("$defs", {}))
            schemas[body.__name__] = schema
        for operations in document["paths"].values():
            for operation in operations.values():
                # No parameter here is refused by the framework: what is wrong gets the dialect's own answer.
                if _FRAMEWORKS in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]
        schemas.pop(_FRAMEWORKS, None)
        schemas.pop("ValidationError", None)
        return document


def body_of(model: type[BaseModel], *parameters: Mapping[str, Any], required: bool = True) -> dict[str, Any]:
    """``openapi_extra`` of a route whose JSON body is a ``model``, and which reads ``parameters`` itself."""
    content = {"application/json": {"schema": {"$ref": _SCHEMAS + model.__name__}}}
    extra: dict[str, Any] = {"requestBody": {"required": required, "content": content}}
    return extra | ({"parameters": [dict(each) for each in parameters]} if parameters else {})


def multipart_of(model: type[BaseModel]) -> dict[str, Any]:
    """``openapi_extra`` of a route that reads a multipart form with the fields of ``model``."""
    content = {"multipart/form-data": {"schema": {"$ref": _SCHEMAS + model.__name__}}}
    return {"requestBody": {"required": True, "content": content}}


def refusals(model: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """``responses`` of a route: which statuses it may also answer with, all in the shape of ``model``.

    The door knows ``model`` as one of its ``bodies``: nothing is made of it for each route and status anew.
    """
    content = {"application/json": {"schema": {"$ref": _SCHEMAS + model.__name__}}}
    said: dict[int | str, dict[str, Any]] = {status: {"content": dict(content)} for status in statuses}
    if 429 in said:
        after = {"description": "Whole seconds to wait", "required": True, "schema": {"type": "integer"}}
        said[429]["headers"] = {"Retry-After": after}
    return said
