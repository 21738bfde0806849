"""Parameters that a request does not give take their defaults at once.

FastAPI asks of every parameter of every dependency, at every request, what kind of annotation it
has, and copies its default: 5 to 11 µs each, given or not. A list has twelve, of which most requests
give none or two.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import params
from fastapi._compat import ModelField, field_annotation_is_sequence
from fastapi.dependencies import utils

Answer = tuple[dict[str, Any], list[Any]]


@dataclass(frozen=True, slots=True)
class _One:
    """A parameter; `name` is what a request calls it, empty where FastAPI has to look itself."""

    field: ModelField
    name: str
    place: tuple[str, str]
    is_list: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """The parameters of one dependency, and the constants for those that a request may leave out.

    The fields are held, so that no other list ever comes to stand at their address.
    """

    fields: Sequence[ModelField]
    parameters: tuple[_One, ...]
    defaults: Mapping[str, Any]


_KNOWN: Final[dict[int, _Known]] = {}
_original: Final = utils.request_params_to_args


def _is_plain(field: ModelField) -> bool:
    """Whether FastAPI would give a constant where nothing was given, and look under one name."""
    info = field.field_info
    return (
        isinstance(info, params.Query | params.Header)
        and not info.is_required()
        and info.default_factory is None
        and not info.validate_default
        and copy.deepcopy(info.default) is info.default
        and not utils._is_json_field(field)  # noqa: SLF001 - FastAPI's own questions.
        and utils._get_param_model(field) is None  # noqa: SLF001
        and len(utils._get_param_aliases(field)) == 1  # noqa: SLF001
    )


def _look(fields: Sequence[ModelField]) -> _Known:
    parameters, defaults = [], {}
    for field in fields:
        name, info = "", field.field_info
        if _is_plain(field):
            name = utils._get_param_aliases(field)[0][1]  # noqa: SLF001 - as above.
            defaults[field.name] = info.default
        place = (getattr(info, "in_", params.ParamTypes.query).value, name)
        is_list = field_annotation_is_sequence(info.annotation)
        parameters.append(_One(field, name, place, is_list))
    known = _KNOWN[id(fields)] = _Known(fields, tuple(parameters), defaults)
    return known


def quick_params_to_args(
    fields: Sequence[ModelField], received_params: Mapping[str, Any]
) -> Answer:
    """As FastAPI's `request_params_to_args`, without a question about what was not given."""
    if not fields:
        return {}, []
    known = _KNOWN.get(id(fields)) or _look(fields)
    values, errors = dict(known.defaults), list[Any]()
    if not received_params and len(known.defaults) == len(fields):
        return values, errors
    for one in known.parameters:
        if one.name and one.name not in received_params:
            continue
        values.pop(one.field.name, None)
        if one.name:
            given = _given(one, received_params)
            value, found = one.field.validate(given, values, loc=one.place)
            values.update({} if found else {one.field.name: value})
        else:
            read, found = _original([one.field], received_params)
            values.update(read)
        errors.extend(found)
    return values, errors


def _given(one: _One, received_params: Any) -> Any:
    return received_params.getlist(one.name) if one.is_list else received_params[one.name]


def ask_only_what_is_given() -> None:
    """Let FastAPI read parameters in this way, in the whole process."""
    utils.request_params_to_args = quick_params_to_args
