"""Functions and objects of a notebook that behave as if they were here.

Not the same as here: ``isinstance`` with the notebook's own classes, gradients of gradients, and
the gradient of a change in place (the change itself arrives).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from .budget import Budget
from .changes import apply_changes
from .confined.grammar import HandleValue
from .confined.messages import Backward, Call, Get, Raised, Request, Returned, Target
from .confined.values import Decoder, Encoder
from .confined.wire import WireError
from .conversation import Exchanged
from .errors import WorkerLost, student_error


class Exchange(Protocol):
    """Sends a request and returns its reply; the label says for people what was called."""

    def __call__(
        self, request: Request, tensors: Sequence[Tensor], seconds: float | None, label: str
    ) -> Exchanged:
        """Return the reply; raise WorkerLost if there is none."""


class Remote:
    """Calls, gradients and attributes over one exchange of messages."""

    def __init__(
        self, exchange: Exchange, violation: Callable[[], WorkerLost], budget: Budget
    ) -> None:
        self._exchange = exchange
        self._violation = violation
        # What a reply is made into here costs time, too, and the submission chose the reply.
        self._budget = budget
        self._calls = 0
        self.generation = 0
        self._unneeded: list[int] = []

    def get(self, target: Target) -> Any:
        """Return a name's value or an attribute."""
        with self._budget.spending():
            exchanged = self._exchange(Get(target=target), (), None, _label(target))
            return self._value(self._returned(exchanged), exchanged.tensors)

    def call(
        self, target: Target, label: str, arguments: Sequence[Any], keywords: dict[str, Any]
    ) -> Any:
        """Call a function with gradients, and change the arguments that it changed in place."""
        encoder = Encoder(self._send_object)
        self._calls += 1
        request = Call(
            target=target,
            arguments=[encoder.encode(argument) for argument in arguments],
            keywords=[(name, encoder.encode(value)) for name, value in keywords.items()],
            grad_enabled=torch.is_grad_enabled(),
            seed=self._calls,
            release=self._unneeded,
        )
        self._unneeded = []
        with self._budget.spending():
            exchanged = self._exchange(request, encoder.tensors, None, label)
            try:
                apply_changes(encoder.tensors, exchanged)
            except WireError:
                raise self._violation() from None
            returned = self._returned(exchanged)
            return self._value(returned, self._connected(returned, exchanged, encoder, label))

    def _connected(
        self, returned: Returned, exchanged: Exchanged, sent: Encoder, label: str
    ) -> list[Tensor]:
        """Return the tensors of a reply, with gradients where the worker keeps a graph."""
        if returned.graph is None:
            return exchanged.tensors
        leaves = [tensor for tensor in sent.tensors if tensor.requires_grad]
        graph = _Graph(self, returned.graph, leaves, label)
        return self._attach(graph, returned.outputs, exchanged.tensors, leaves)

    def _attach(
        self, graph: _Graph, places: Sequence[int], tensors: list[Tensor], leaves: list[Tensor]
    ) -> list[Tensor]:
        """Make the tensors at ``places`` outputs of a function whose backward is in the worker."""
        if len(set(places)) != len(places) or any(place >= len(tensors) for place in places):
            raise self._violation()
        outputs = [tensors[place] for place in places]
        if not all(output.is_floating_point() or output.is_complex() for output in outputs):
            raise self._violation()
        # The anchor gives outputs a gradient that depend on a module's parameters alone.
        anchor = torch.zeros((), requires_grad=True)
        attached = list(tensors)
        connected = _RemoteCall.apply(graph, outputs, anchor, *leaves)  # type: ignore[no-untyped-call]
        for place, output in zip(places, connected, strict=True):
            attached[place] = output
        return attached

    def backward(self, graph: _Graph, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
        """Return the gradient of each leaf of an earlier call."""
        self.require(graph.generation)
        encoder = Encoder(self._send_object)
        encoded = [encoder.encode(gradient) for gradient in gradients]
        request = Backward(graph=graph.number, gradients=encoded)
        with self._budget.spending():
            exchanged = self._exchange(request, encoder.tensors, None, graph.label)
            found = self._value(self._returned(exchanged), exchanged.tensors)
        if not isinstance(found, list) or len(found) != len(graph.shapes):
            raise self._violation()
        for gradient, (shape, dtype) in zip(found, graph.shapes, strict=True):
            fits = (
                isinstance(gradient, Tensor) and gradient.shape == shape and gradient.dtype == dtype
            )
            if gradient is not None and not fits:
                raise self._violation()
        return found

    def forget(self, graph: int, generation: int) -> None:
        """Tell the worker, with the next call, that nobody will go backward through ``graph``."""
        if generation == self.generation:
            self._unneeded.append(graph)

    def forget_everything(self) -> None:
        """Know that the worker holds no objects and no graphs yet, and count calls from 1."""
        self.generation += 1
        self._calls = 0
        self._unneeded = []

    def require(self, generation: int) -> None:
        """Raise WorkerLost if what was returned in ``generation`` is gone."""
        if generation != self.generation:
            raise WorkerLost("the object was lost with the process that held it", "crashed")

    def _returned(self, exchanged: Exchanged) -> Returned:
        reply = exchanged.reply
        if isinstance(reply, Returned):
            return reply
        if isinstance(reply, Raised):
            failure = reply.failure
            raise student_error(
                failure.type_name, failure.lineage, failure.message, failure.traceback
            )
        raise self._violation()

    def _value(self, returned: Returned, tensors: Sequence[Tensor]) -> Any:
        try:
            return Decoder(tensors, self._receive_object).decode(returned.value)
        except WireError:
            raise self._violation() from None

    def _send_object(self, value: object) -> HandleValue:
        if isinstance(value, RemoteObject) and value._remote is self:
            number = value._where().handle
            if number is not None:
                return HandleValue(number, "object", False)
        raise TypeError(f"a {type(value).__name__} cannot be passed to a submission")

    def _receive_object(self, handle: HandleValue) -> RemoteObject:
        return RemoteObject(self, Target(handle=handle.number), handle.type_name)


class RemoteCallable:
    """A function of the notebook."""

    def __init__(self, remote: Remote, target: Target, label: str) -> None:
        self._remote = remote
        self._target = target
        self._label = label
        self.__name__ = label

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it. Raises StudentError for what it raises, WorkerLost if it does not come back."""
        return self._remote.call(self._where(), self._label, arguments, keywords)

    def _where(self) -> Target:
        return self._target

    def __repr__(self) -> str:
        return f"<{self._label} of the submission>"


class RemoteObject(RemoteCallable):
    """An object that stays in the worker, such as a module: its calls, attributes and methods.

    It is lost with its worker: from then on all of them raise WorkerLost.
    """

    def __init__(self, remote: Remote, target: Target, label: str) -> None:
        super().__init__(remote, target, label)
        self._generation = remote.generation

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._remote.get(Target(handle=self._where().handle, attribute=name))

    def _where(self) -> Target:
        self._remote.require(self._generation)
        return self._target


class _Graph:
    """One call's graph in the worker, and what its gradients must look like."""

    def __init__(self, remote: Remote, number: int, leaves: Sequence[Tensor], label: str) -> None:
        self.remote = remote
        self.number = number
        self.label = label
        self.generation = remote.generation
        self.shapes = [(leaf.shape, leaf.dtype) for leaf in leaves]
        weakref.finalize(self, remote.forget, number, remote.generation).atexit = False


class _RemoteCall(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, graph: _Graph, outputs: list[Tensor], anchor: Tensor, *leaves: Tensor
    ) -> tuple[Tensor, ...]:
        ctx.graph = graph
        ctx.set_materialize_grads(False)
        return tuple(outputs)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        return (None, None, None, *ctx.graph.remote.backward(ctx.graph, gradients))


def _label(target: Target) -> str:
    return target.attribute or target.name or "an object"
