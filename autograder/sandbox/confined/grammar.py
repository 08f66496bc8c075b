"""The grammar of what may cross: typed data, in which every length is bounded."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from .tensors import MAX_TENSORS, DtypeName
from .wire import WireError

# Python writes out no integer of more than 4300 decimal digits; this many are 4215.
MAX_INTEGER_DIGITS = 3500
# All values of one message, containers included.
MAX_VALUES = 4096
# Keys with one hash cost the square of their number.
MAX_DICT_ITEMS = 256
Hexadecimal = Annotated[str, Meta(max_length=MAX_INTEGER_DIGITS + 3, pattern=r"\A-?0x[0-9a-f]+\Z")]
ShortText = Annotated[str, Meta(max_length=200)]


class _Tagged(msgspec.Struct, tag_field="is", forbid_unknown_fields=True, frozen=True):
    pass


class TensorValue(_Tagged, tag="tensor", frozen=True):
    """The tensor at ``index`` of the message's table."""

    index: Annotated[int, Meta(ge=0, lt=MAX_TENSORS)]


class ParameterValue(_Tagged, tag="parameter", frozen=True):
    """A parameter of a module, with its gradient where it has one."""

    index: Annotated[int, Meta(ge=0, lt=MAX_TENSORS)]
    grad: TensorValue | None


class BigInteger(_Tagged, tag="integer", frozen=True):
    """An integer of more than 63 bits."""

    digits: Hexadecimal


class ListValue(_Tagged, tag="list", frozen=True):
    """A list."""

    items: Annotated[list[Value], Meta(max_length=MAX_VALUES)]


class TupleValue(_Tagged, tag="tuple", frozen=True):
    """A tuple."""

    items: Annotated[list[Value], Meta(max_length=MAX_VALUES)]


class SizeValue(_Tagged, tag="size", frozen=True):
    """A ``torch.Size``. torch cannot even print one with a size of more than 63 bits."""

    sizes: Annotated[list[Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]], Meta(max_length=64)]


class DictValue(_Tagged, tag="dict", frozen=True):
    """A dictionary, in order."""

    items: Annotated[list[tuple[Value, Value]], Meta(max_length=MAX_DICT_ITEMS)]


class DtypeValue(_Tagged, tag="dtype", frozen=True):
    """A torch dtype."""

    name: DtypeName


class DeviceValue(_Tagged, tag="device", frozen=True):
    """The CPU: the only device there is."""


class HandleValue(_Tagged, tag="handle", frozen=True):
    """An object that stays in the worker; ``type_name`` is for people."""

    number: Annotated[int, Meta(ge=0, lt=1 << 20)]
    type_name: ShortText
    is_module: bool


Value: TypeAlias = (
    bool | int | float | str | TensorValue | ParameterValue | BigInteger | ListValue | TupleValue
    | SizeValue | DictValue | DtypeValue | DeviceValue | HandleValue | None
)  # fmt: skip


def named_tensors(value: Value) -> list[int]:
    """Return the index of every tensor in ``value``, as often as it is named.

    Raises:
        WireError: If it holds more than ``MAX_VALUES`` values.
    """
    indices: list[int] = []
    pending, values = [value], 0
    while pending:
        values += 1
        if values + len(pending) > MAX_VALUES + 1:
            raise WireError("more values than allowed")
        match pending.pop():
            case TensorValue(index):
                indices.append(index)
            case ParameterValue(index, grad):
                indices += [index] if grad is None else [index, grad.index]
            case ListValue(items) | TupleValue(items):
                pending += items
            case DictValue(items=pairs):
                pending += [part for pair in pairs for part in pair]
    return indices
