"""The grammar of what may cross: typed data, in which every length is bounded."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from .tensors import MAX_TENSORS, DtypeName

MAX_INTEGER_DIGITS = 4096
Hexadecimal = Annotated[str, Meta(max_length=MAX_INTEGER_DIGITS, pattern="^-?0x[0-9a-f]+$")]
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

    items: list[Value]


class TupleValue(_Tagged, tag="tuple", frozen=True):
    """A tuple."""

    items: list[Value]


class SizeValue(_Tagged, tag="size", frozen=True):
    """A ``torch.Size``."""

    sizes: Annotated[list[Annotated[int, Meta(ge=0)]], Meta(max_length=64)]


class DictValue(_Tagged, tag="dict", frozen=True):
    """A dictionary, in order."""

    items: list[tuple[Value, Value]]


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
