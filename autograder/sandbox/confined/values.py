"""Python values to typed data and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from types import GeneratorType
from typing import Any

import torch
from torch import Tensor

from .grammar import (
    MAX_DICT_ITEMS,
    MAX_INTEGER_DIGITS,
    MAX_VALUES,
    BigInteger,
    DeviceValue,
    DictValue,
    DtypeValue,
    HandleValue,
    ListValue,
    ParameterValue,
    SizeValue,
    TensorValue,
    TupleValue,
    Value,
)
from .tensors import DTYPE_NAMES, DTYPES, MAX_TENSORS
from .wire import TooLarge, WireError

MAX_DEPTH = 16


class Encoder:
    """Turns values into typed data and collects their tensors.

    Args:
        opaque: Called with an object that is not data; returns what stands for it, or raises
        TypeError. keep_parameters: Whether a parameter crosses with its gradient, rather than as
        any other tensor.
    """

    def __init__(
        self, opaque: Callable[[object], HandleValue], *, keep_parameters: bool = False
    ) -> None:
        self.tensors: list[Tensor] = []
        self._values = 0
        self._opaque = opaque
        self._keep_parameters = keep_parameters

    def encode(self, value: Any, depth: int = 0) -> Value:
        """Return ``value`` as typed data.

        Raises:
            TypeError: If the value cannot cross.
            TooLarge: If it is nested deeper than ``MAX_DEPTH`` or holds too much.
        """
        self._values += 1
        if self._values > MAX_VALUES:
            raise TooLarge(
                f"more than {MAX_VALUES} values cannot be sent at once: use a tensor, or fewer"
            )
        if depth > MAX_DEPTH:
            raise TooLarge(f"values may be nested at most {MAX_DEPTH} deep")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, (int, float, str)):
            return _scalar(value)
        if isinstance(value, torch.Size):
            return SizeValue([int(size) for size in value])
        if isinstance(value, (torch.dtype, torch.device)):
            return self._setting(value)
        return self._container(value, depth + 1)

    def _container(self, value: Any, depth: int) -> Value:
        if isinstance(value, tuple):
            return TupleValue([self.encode(item, depth) for item in value])
        if isinstance(value, (list, GeneratorType)):
            return ListValue([self.encode(item, depth) for item in value])
        if isinstance(value, dict):
            return self._dictionary(value, depth)
        return self._opaque(value)

    def _dictionary(self, value: dict[Any, Any], depth: int) -> DictValue:
        # A subclass may have more items than it says, or no end of them.
        items = list(islice(value.items(), MAX_DICT_ITEMS + 1))
        if len(items) > MAX_DICT_ITEMS:
            raise TooLarge(f"a dictionary of more than {MAX_DICT_ITEMS} items cannot be sent")
        return DictValue(
            [(self.encode(key, depth), self.encode(item, depth)) for key, item in items]
        )

    def _tensor(self, tensor: Tensor) -> TensorValue | ParameterValue:
        index = self._add(tensor)
        if not (self._keep_parameters and isinstance(tensor, torch.nn.Parameter)):
            return TensorValue(index)
        return ParameterValue(
            index, None if tensor.grad is None else TensorValue(self._add(tensor.grad))
        )

    def _add(self, tensor: Tensor) -> int:
        if len(self.tensors) >= MAX_TENSORS:
            raise TooLarge(f"a message holds at most {MAX_TENSORS} tensors")
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def _setting(self, value: torch.dtype | torch.device) -> Value:
        if isinstance(value, torch.device) and value.type == "cpu":
            return DeviceValue()
        if isinstance(value, torch.dtype) and value in DTYPE_NAMES:
            return DtypeValue(DTYPE_NAMES[value])
        raise TypeError(f"{value} cannot be passed")


class Decoder:
    """Turns typed data back into values.

    Args:
        tensors: The tensors of the message.
        handle: Returns what stands for an object of the worker.
    """

    def __init__(self, tensors: Sequence[Tensor], handle: Callable[[HandleValue], object]) -> None:
        self._tensors = tensors
        self._handle = handle

    def decode(self, value: Value, depth: int = 0) -> Any:
        """Return the value that ``value`` describes.

        Raises:
            WireError: If it is nested too deep, names a tensor that is not there, or cannot be
            built.
        """
        if depth > MAX_DEPTH + 1:
            raise WireError("nested too deep")
        match value:
            case TensorValue():
                return self._tensor(value.index)
            case ParameterValue():
                return self._parameter(value)
            case ListValue():
                return [self.decode(item, depth + 1) for item in value.items]
            case TupleValue():
                return tuple(self.decode(item, depth + 1) for item in value.items)
            case DictValue():
                return self._dictionary(value, depth + 1)
            case HandleValue():
                return self._handle(value)
            case _:
                return _decode_atom(value)

    def decode_all(self, values: Sequence[Value]) -> list[Any]:
        """Return the values that ``values`` describe."""
        return [self.decode(value) for value in values]

    def _tensor(self, index: int) -> Tensor:
        if index >= len(self._tensors):
            raise WireError("no such tensor")
        return self._tensors[index]

    def _parameter(self, value: ParameterValue) -> Tensor:
        parameter = self._tensor(value.index).detach()
        if parameter.is_floating_point() or parameter.is_complex():
            parameter.requires_grad_()
        if value.grad is not None:
            grad = self._tensor(value.grad.index)
            if (
                not parameter.requires_grad
                or grad.shape != parameter.shape
                or grad.dtype != parameter.dtype
            ):
                raise WireError("gradient does not fit its parameter")
            parameter.grad = grad.detach()
        return parameter

    def _dictionary(self, value: DictValue, depth: int) -> dict[Any, Any]:
        decoded = {}
        for key, item in value.items:
            if isinstance(key, (TensorValue, ParameterValue, HandleValue)):
                raise WireError("key of a dictionary")
            try:
                decoded[self.decode(key, depth)] = self.decode(item, depth)
            except TypeError:
                raise WireError("key of a dictionary") from None
        return decoded


def _scalar(value: int | float | str) -> Value:
    # A subclass (an enum, numpy's float64) crosses as the plain value that it holds.
    if isinstance(value, str):
        return str.__str__(value).encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float):
        return float.__float__(value)
    if -(1 << 63) <= value < 1 << 63:
        return int.__int__(value)
    if value.bit_length() > 4 * MAX_INTEGER_DIGITS:
        raise TooLarge(
            f"an integer of more than {MAX_INTEGER_DIGITS} hexadecimal digits cannot be sent"
        )
    return BigInteger(hex(value))


def _decode_atom(value: Value) -> Any:
    match value:
        case BigInteger():
            return int(value.digits, 16)
        case SizeValue():
            try:
                return torch.Size(value.sizes)
            except (RuntimeError, OverflowError, TypeError):
                raise WireError("size") from None
        case DtypeValue():
            return DTYPES[value.name]
        case DeviceValue():
            return torch.device("cpu")
        case _:
            return value
