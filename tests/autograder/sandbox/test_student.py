"""A submission's functions behave as if they were here."""

import math
from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn

from autograder.sandbox import Lane, MissingName, Student, StudentError, WorkerLost
from autograder.sandbox.confined.tensors import DTYPES

CELLS = [
    "import math, torch\nfrom torch import Tensor, nn\nimport torch.nn.functional as F",
    """
scale = 0.5
calls = 0
def identity(x): return x
def attend(q, k, v=None):
    weights = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1)
    return weights if v is None else weights @ v
def layout(x): return x.stride(), x.is_contiguous(), x.requires_grad, x.is_leaf, x.dtype
def view(x): return x.view(-1)
def add_one(x): x += 1
def add_one_and_fail(x): x += 1; raise ValueError("late")
def add_one_quietly(x): x.data.add_(1)
def share_memory(x, y): return x.data_ptr() == y.data_ptr()
def overwrite_first(x, y): x.zero_()
def two(x): return x.sin(), {"double": 2 * x, "plain": x.detach(), "list": [None, 1, "é", 2.5]}
def noise(): return torch.rand(3)
def grad_mode(): return torch.is_grad_enabled()
def count():
    global calls
    calls += 1
    return calls
def generate(): yield 1; yield 2
""",
    """
def fail(kind, message="because"): raise kinds[kind](message)
class Custom(KeyError): pass
class Own(Exception): pass
kinds = {e.__name__: e for e in (ValueError, TypeError, RuntimeError, IndexError,
    NotImplementedError, OSError, AssertionError,
    ZeroDivisionError, AttributeError, Custom, Own, StopIteration, ImportError)}
def deep():
    def inner(): return torch.ones(2) @ torch.ones(3)
    return inner()
def loop():
    while True: pass
""",
    """
class Block(nn.Module):
    def __init__(self, width=3):
        super().__init__()
        self.linear, self.dropout, self.width = nn.Linear(width, 2), nn.Dropout(0.5), width
    def forward(self, x, *, times=1): return self.dropout(self.linear(x)) * times
    def describe(self): return f"width {self.width}"
def make(width=3): return Block(width)
def run(module, x): return module(x)
def make_function(): return lambda x: x + 1
""",
]


@pytest.fixture
def student(lane: Lane) -> Student:
    with lane.open(CELLS) as opened:
        assert opened.cell_errors == []
        yield opened


def test_public_names_are_listed_and_modules_are_not(student: Student) -> None:
    assert {"identity", "scale", "Block"} <= student.names
    assert not {"torch", "math", "F", "get_ipython"} & student.names
    assert student.scale == 0.5


def test_a_name_that_is_not_defined_says_so(student: Student) -> None:
    with pytest.raises(MissingName, match="does not define causal_mask"):
        student.causal_mask  # noqa: B018
    with pytest.raises(AttributeError):
        student.causal_mask  # noqa: B018


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -(1 << 62), 1 << 70, -(1 << 70), 2.5, math.inf, "text é \N{SNOWMAN}",
        (), (1, (2.0, None)), [1, [2]],
        {"a": [1], 2: (3,)}, torch.Size([2, 3]), torch.float16, torch.device("cpu"),
    ],
    ids=repr,
)  # fmt: skip
def test_plain_values_come_back_as_they_went(student: Student, value: object) -> None:
    returned = student.identity(value)
    assert returned == value
    assert type(returned) is type(value)


def test_nan_comes_back_as_nan(student: Student) -> None:
    assert math.isnan(student.identity(math.nan))


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=str)
def test_tensors_of_every_dtype_come_back_bit_by_bit(student: Student, dtype: torch.dtype) -> None:
    bits = torch.arange(48, dtype=torch.uint8)
    bits = bits % 2 if dtype is torch.bool else bits
    tensor = bits.view(dtype)
    returned = student.identity(tensor)
    assert returned.dtype == dtype
    assert torch.equal(returned.view(torch.uint8), bits)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.randn(3, 5).t(), torch.randn(6, 7)[1:5:2, ::3], torch.randn(2, 1, 5).expand(2, 3, 5),
        torch.tensor(2.5), torch.randn(0, 4), torch.randn(11)[3:], torch.randn(4, 4).diagonal(),
        torch.randn(2, 3, 5, 7).permute(2, 0, 3, 1),
    ],
    ids=["transposed", "sliced", "expanded", "scalar", "empty", "offset", "diagonal", "permuted"],
)  # fmt: skip
def test_strides_and_values_survive_the_way_there_and_back(
    student: Student, tensor: Tensor
) -> None:
    stride, contiguous, *_ = student.layout(tensor)
    returned = student.identity(tensor)
    assert (stride, contiguous) == (tensor.stride(), tensor.is_contiguous())
    assert returned.stride() == tensor.stride()
    assert torch.equal(returned, tensor)


def test_a_view_of_a_tensor_that_is_not_contiguous_fails_as_it_does_here(student: Student) -> None:
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        student.view(torch.randn(3, 5).t())


def test_arguments_that_share_memory_still_share_it(student: Student) -> None:
    x = torch.randn(5)
    assert student.share_memory(x, x[:])
    assert not student.share_memory(x, x.clone())


@pytest.mark.parametrize("name", ["add_one", "add_one_quietly"])
@pytest.mark.parametrize("shape", ["plain", "sliced", "nested"])
def test_a_change_in_place_reaches_the_caller(student: Student, name: str, shape: str) -> None:
    whole = torch.zeros(4, 6)
    argument = whole if shape == "plain" else whole[::2, 1::2].t()
    getattr(student, name)(argument)
    assert torch.equal(argument, torch.ones_like(argument))
    assert whole.sum() == argument.numel()


def test_a_change_in_place_reaches_every_argument_that_shares_the_memory(student: Student) -> None:
    x = torch.ones(6)
    y = x.view(2, 3)
    student.overwrite_first(x, y)
    assert not y.any()


def test_a_change_in_place_before_an_error_reaches_the_caller(student: Student) -> None:
    x = torch.zeros(3)
    with pytest.raises(ValueError, match="late"):
        student.add_one_and_fail(x)
    assert torch.equal(x, torch.ones(3))


def test_arguments_that_are_left_alone_stay_as_they_are(student: Student) -> None:
    x = torch.randn(5)
    version = x._version
    student.identity(x)
    assert x._version == version


@pytest.mark.parametrize("leaf", [True, False])
def test_gradients_equal_those_of_the_same_code_here(student: Student, *, leaf: bool) -> None:
    def here(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1) @ v

    def gradients(attend: object) -> list[Tensor]:
        generator = torch.Generator().manual_seed(7)
        draw = [torch.randn(2, 3, 5, dtype=torch.float64, generator=generator) for _ in range(3)]
        inputs = [tensor.requires_grad_() for tensor in draw]
        q, k, v = inputs if leaf else [tensor * 2 for tensor in inputs]
        (attend(q, k.transpose(0, 0), v=v) ** 2).sum().backward()  # type: ignore[operator]
        return [tensor.grad for tensor in inputs]

    for remote, local in zip(gradients(student.attend), gradients(here), strict=True):
        torch.testing.assert_close(remote, local, rtol=1e-12, atol=1e-12)


def test_autograd_grad_works_and_repeats(student: Student) -> None:
    x = torch.randn(4, requires_grad=True)
    sine, rest = student.two(x)
    assert not rest["plain"].requires_grad
    [first] = torch.autograd.grad(sine.sum() + rest["double"].sum(), [x], retain_graph=True)
    [second] = torch.autograd.grad(rest["double"].sum(), [x])
    torch.testing.assert_close(first, x.cos() + 2)
    torch.testing.assert_close(second, torch.full((4,), 2.0))


def test_one_tensor_passed_three_times_gets_the_sum_of_its_gradients(student: Student) -> None:
    x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: student.attend(t, t, t), [x])


def test_a_leaf_that_needs_a_gradient_may_not_be_changed_in_place(student: Student) -> None:
    with pytest.raises(RuntimeError, match="leaf Variable"):
        student.add_one(torch.zeros(3, requires_grad=True))
    student.add_one(torch.zeros(3, requires_grad=True) * 1)


def test_no_grad_here_is_no_grad_there(student: Student) -> None:
    assert student.grad_mode() is True
    with torch.no_grad():
        assert student.grad_mode() is False
        assert not student.attend(
            torch.ones(2, 2, requires_grad=True), torch.ones(2, 2)
        ).requires_grad


def test_random_numbers_differ_between_calls_and_agree_between_runs(lane: Lane) -> None:
    drawn = []
    for _ in range(2):
        with lane.open(CELLS) as student:
            drawn.append([student.noise(), student.noise()])
    assert torch.equal(drawn[0][0], drawn[1][0])
    assert not torch.equal(drawn[0][0], drawn[0][1])


def test_globals_live_from_call_to_call(student: Student) -> None:
    assert [student.count(), student.count()] == [1, 2]


def test_a_generator_arrives_as_a_list(student: Student) -> None:
    assert student.generate() == [1, 2]


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        *((kind.__name__, kind) for kind in (ValueError, TypeError, RuntimeError, IndexError)),
        *((kind.__name__, kind) for kind in (NotImplementedError, OSError, AssertionError)),
        *((kind.__name__, kind) for kind in (ZeroDivisionError, AttributeError, StopIteration)),
        ("ImportError", ImportError),
        ("Custom", KeyError),
        ("Own", StudentError),
    ],
)  # fmt: skip
def test_an_exception_is_one_of_the_same_builtin_type(
    student: Student, kind: str, builtin: type[Exception]
) -> None:
    with pytest.raises(builtin) as caught:
        student.fail(kind)
    error = caught.value
    assert isinstance(error, StudentError)
    assert error.kind == kind
    assert "because" in error.message
    assert str(error).startswith(kind)


def test_a_traceback_shows_the_notebook_and_nothing_else(student: Student) -> None:
    with pytest.raises(RuntimeError) as caught:
        student.deep()
    traceback = caught.value.traceback
    assert "<cell 3>" in traceback
    assert "return torch.ones(2) @ torch.ones(3)" in traceback
    assert "confined" not in traceback
    assert "/" not in traceback.replace("File", "")


def test_what_cannot_be_passed_is_refused_here(student: Student) -> None:
    with pytest.raises(TypeError, match="function cannot be passed"):
        student.identity(lambda: None)
    assert student.identity(1) == 1


def test_too_much_is_refused_here(student: Student) -> None:
    with pytest.raises(ValueError, match="at most 67108864 bytes"):
        student.identity(torch.zeros(1 << 25))
    assert student.identity(1) == 1


def test_a_call_that_takes_too_long_loses_the_worker_until_restart(student: Student) -> None:
    with pytest.raises(WorkerLost, match="took longer than 1 second") as caught:
        student.loop()
    assert caught.value.status == "timeout"
    with pytest.raises(WorkerLost):
        student.identity(1)
    student.restart()
    assert student.identity(1) == 1
    assert student.names >= {"identity"}


def test_a_module_can_be_called_read_loaded_and_trained(student: Student) -> None:
    module = student.make(width=3)
    module.eval()
    assert (module.training, module.width, module.describe()) == (False, 3, "width 3")
    state = module.state_dict()
    assert isinstance(state, dict)
    assert list(state) == ["linear.weight", "linear.bias"]
    here = nn.Linear(3, 2)
    module.load_state_dict(
        OrderedDict((f"linear.{name}", value) for name, value in here.state_dict().items())
    )
    x = torch.randn(5, 3, requires_grad=True)
    module(x, times=2).sum().backward()
    expected = here(x.detach().requires_grad_())
    (2 * expected).sum().backward()
    torch.testing.assert_close(module(x), expected)
    gradients = {name: parameter.grad for name, parameter in module.named_parameters()}
    torch.testing.assert_close(gradients["linear.weight"], here.weight.grad)


def test_parameters_alone_give_the_output_a_gradient(student: Student) -> None:
    module = student.make()
    module.eval()
    output = module(torch.ones(1, 3))
    assert output.requires_grad
    output.sum().backward()
    assert dict(module.named_parameters())["linear.bias"].grad.tolist() == [1.0, 1.0]


def test_objects_go_back_to_where_they_came_from(student: Student) -> None:
    module = student.make()
    module.eval()
    x = torch.ones(1, 3)
    assert torch.equal(student.run(module, x), module(x))
    assert student.make_function()(1) == 2


def test_an_object_is_lost_with_its_worker(student: Student) -> None:
    module = student.make()
    output = module(torch.ones(1, 3))
    student.restart()
    student.make()
    with pytest.raises(WorkerLost, match="lost with the process"):
        module(torch.ones(1, 3))
    with pytest.raises(WorkerLost, match="lost with the process"):
        output.sum().backward()


def test_a_closed_submission_answers_no_more(lane: Lane) -> None:
    with lane.open(["def f(): return 1"]) as student:
        function = student.f
    with pytest.raises(WorkerLost):
        function()


def test_two_submissions_of_one_lane_do_not_meet(lane: Lane) -> None:
    cells = [
        """
box = []
def put(x):
    open('/sandbox/scratch/x', 'a').write('x')
    box.append(x)
    return len(box), open('/sandbox/scratch/x').read()
"""
    ]
    with lane.open(cells) as first, lane.open(cells) as second:
        assert [first.put(1), first.put(2)] == [(1, "x"), (2, "xx")]
        assert second.put(1) == (1, "x")
