"""The trial before a training: each mistake that it names, what it lets through, and that it leaves no trace."""
from types import SimpleNamespace
from unittest.mock import Mock, patch

import numpy as np
import pytest

from helpers import functional as F
from helpers import trial, training
from helpers.layers import (
    BatchNorm2d, Buffer, Conv2d, Dropout, Flatten, Identity, Linear, Module, Parameter, ReLU, Residual, Sequential, Tanh,
)
from helpers.optim import SGD


def toy(count=20, dtype=np.float32):
    rng = np.random.default_rng(0)
    images, labels = rng.standard_normal((count + 5, 1, 4, 3)).astype(dtype), rng.integers(0, 3, count + 5)
    return SimpleNamespace(x_train=images[:count], y_train=labels[:count], x_test=images[count:], y_test=labels[count:])


def fit(net, digits=None, batch_size=10, **settings):
    """A run of one epoch; fails if any work was done although it was refused."""
    before, steps = [parameter.value.copy() for parameter in net.parameters()], []
    optimizer = SGD(net.parameters(), 0.1)
    try:
        return training.fit(net, digits or toy(), optimizer, 1, batch_size, callback=lambda *step: steps.append(step), **settings)
    except (TypeError, ValueError):
        assert not steps and all(np.array_equal(value, parameter.value) for value, parameter in zip(before, net.parameters()))
        raise


def rows(*more):
    """(N, 1, 4, 3) -> (N, 3), with `more` between two linear layers of 12 and 12 numbers."""
    return Sequential(Flatten(), Linear(12, 12, 0), *more, Linear(12, 3, 1))


class Own(Module):
    """A network of the reader's own around an inner layer, with layers below it and above."""

    def __init__(self, inner):
        self.flat, self.first, self.inner, self.last = Flatten(), Linear(12, 12, 0), inner, Linear(12, 3, 1)

    def forward(self, x):
        return self.last(self.inner(self.first(self.flat(x))))

    def backward(self, dy):
        return self.flat.backward(self.first.backward(self.inner.backward(self.last.backward(dy))))


def deep(layer):
    """The layer inside a residual in a list in a network of the reader's own."""
    class Holder(Module):
        def __init__(self):
            self.steps = [Tanh(), Residual(Sequential(Linear(12, 12, 2), layer))]

        def forward(self, x):
            return self.steps[1].forward(self.steps[0].forward(x))

        def backward(self, dy):
            return self.steps[0].backward(self.steps[1].backward(dy))

    return Own(Holder())


class NoForward(Tanh):
    def forward(self, x):
        super().forward(x)


class NoBackward(Tanh):
    def backward(self, dy):
        super().backward(dy)

    def __repr__(self):
        return "NoBackward()"


# --- What is named ------------------------------------------------------------------------------------

@pytest.mark.parametrize("around", [rows, Own, deep])
def test_a_forward_or_backward_pass_that_returns_nothing_is_named(around):
    with pytest.raises(TypeError, match=r"NoForward\(\)(: its|\.)\s?forward returned nothing"):
        fit(around(NoForward()))
    with pytest.raises(TypeError, match=r"NoBackward\(\)(: its|\.)\s?backward returned nothing"):
        fit(around(NoBackward()))


def test_a_layer_of_a_network_of_ones_own_is_named_with_its_place():
    with pytest.raises(TypeError, match=r"fit: layer inner, NoForward\(\).forward returned nothing: end it with a return"):
        fit(Own(NoForward()))
    with pytest.raises(TypeError, match=r"layer inner, NoBackward\(\).backward returned nothing, so the layers below it would not"):
        fit(Own(NoBackward()))


def test_a_whole_network_whose_forward_pass_returns_nothing_is_named():
    class Silent(Own):
        def forward(self, x):
            super().forward(x)

    with pytest.raises(TypeError, match="the network, Silent.*forward returned nothing"):
        fit(Silent(Identity()))


def test_the_lowest_layers_and_the_network_itself_need_return_no_gradient():
    class Ends(Own):
        def backward(self, dy):
            super().backward(dy)

    assert fit(Ends(Tanh())).step_losses == fit(rows(Tanh())).step_losses
    fit(Sequential(NoBackward(), Flatten(), Linear(12, 3, 0)))


def test_one_object_used_twice_in_a_pass_is_named():
    class Twice(Module):
        def __init__(self, layer):
            self.layer = layer

        def forward(self, x):
            return self.layer.forward(self.layer.forward(x))

        def backward(self, dy):
            return self.layer.backward(self.layer.backward(dy))

    for layer in (Linear(12, 12, 2), Tanh()):
        with pytest.raises(ValueError, match=r"layer inner.layer, \w+.* is used twice in one forward pass.*an object for each place"):
            fit(Own(Twice(layer)))
    fit(Own(Residual(Tanh(), Tanh())))


def tied(kind):
    first, second = kind(12, 12, 1), kind(12, 12, 2)
    second.weight = first.weight
    return rows(first, Tanh(), second)


class AddsUp(Linear):
    def backward(self, dy):
        before = self.weight.grad
        dx = super().backward(dy)
        self.weight.grad = before + self.weight.grad
        return dx


def test_a_parameter_in_two_places_is_refused_unless_its_gradients_are_added_up():
    with pytest.raises(ValueError, match="2.weight is used in two places of the network.*add up, parameter.grad = parameter"):
        fit(tied(Linear))
    fit(tied(AddsUp))


class Loop(Module):
    """One weight, used several times in a row within one layer."""

    def __init__(self, add):
        self.w, self.add = Parameter(np.eye(12)), add

    def forward(self, x):
        self.inputs = [x]
        for _ in range(3):
            self.inputs.append(self.inputs[-1] @ self.w.value)
        return self.inputs[-1]

    def backward(self, dy):
        for x in self.inputs[-2::-1]:
            self.add(self.w, x.T @ dy)
            dy = dy @ self.w.value.T
        return dy


def add(w, gradient):
    w.grad = w.grad + gradient


def add_in_place(w, gradient):
    w.grad += gradient


def overwrite(w, gradient):
    w.grad = gradient


def overwrite_then_look(w, gradient):
    w.grad = gradient
    w.grad = gradient
    np.abs(w.grad).max()


@pytest.mark.parametrize("put, wrong", [(add, False), (add_in_place, False), (overwrite, True), (overwrite_then_look, True)])
def test_a_weight_that_a_layer_uses_in_a_loop(put, wrong):
    net = rows(Loop(put)).double()
    if wrong:
        with pytest.raises(ValueError, match="2.w is used in two places"):
            fit(net, toy(dtype=np.float64))
    else:
        fit(net, toy(dtype=np.float64))


def test_two_parameters_on_one_array_are_refused():
    net = rows(Tanh(), Linear(12, 12, 3))
    net.layers[3].weight.value = net.layers[1].weight.value.T
    with pytest.raises(ValueError, match="1.weight and 3.weight are two parameters on one array.*an array of its own"):
        fit(net)


@pytest.mark.parametrize("net, words", [
    (lambda: Sequential(Conv2d(1, 3, 2, 0)), r"output has shape \(4, 3, 3, 2\), but the cross-entropy takes logits \(N, C\)"),
    (lambda: Sequential(Flatten(), Linear(12, 1, 0), Squeeze()), r"output has shape \(4,\), but the cross-entropy takes logits \(N, C\)"),
    (lambda: Sequential(Flatten(), Linear(12, 3, 0), Mean()), r"one row an image, but gives ndarray \(1, 3\) for 4 images"),
    (lambda: Sequential(Flatten(), Linear(12, 3, 0), Listed()), r"must give an array with one row an image, but gives list"),
    (lambda: Sequential(Flatten(), Linear(12, 2, 0)), "y_train: labels must lie between 0 and 1"),
])
def test_outputs_of_a_wrong_shape_are_refused(net, words):
    with pytest.raises(ValueError, match=words):
        fit(net())


class Squeeze(Identity):
    def forward(self, x):
        return super().forward(x)[:, 0]


class Mean(Identity):
    def forward(self, x):
        return super().forward(x).mean(axis=0, keepdims=True)


class Listed(Identity):
    def forward(self, x):
        return super().forward(x).tolist()


def test_the_last_label_is_looked_at_before_the_first_step():
    for name in ("y_train", "y_test"):
        digits = toy()
        getattr(digits, name)[-1] = 3
        with pytest.raises(ValueError, match=f"fit: {name}: labels must lie between 0 and 2, but run from 0 to 3"):
            fit(rows(), digits)


@pytest.mark.parametrize("value, found", [
    (lambda y, t: 0.5, r"\(\)"), (lambda y, t: np.ones(3), r"\(3,\)"), (lambda y, t: y == 0, r"\(4, 3\)"),
])
def test_a_metric_gives_one_number_an_image(value, found):
    def mine(outputs, targets):
        return value(outputs, targets)

    with pytest.raises(ValueError, match=r"the metric mine must give one number an image, shape \(4,\), but gives " + found):
        fit(rows(), metrics=[mine])


@pytest.mark.parametrize("augment, came_out", [
    (lambda images, rng: images[:-1], r"float32 \(3, 1, 4, 3\)"), (lambda images, rng: None, "NoneType"),
    (lambda images, rng: np.concatenate([images, images]), r"float32 \(8, 1, 4, 3\)"),
    (lambda images, rng: images + rng.standard_normal(images.shape), r"float64 \(4, 1, 4, 3\)"),
])
def test_augmentation_keeps_count_and_kind(augment, came_out):
    with pytest.raises(ValueError, match=r"as many images as it gets, of the same dtype: float32 \(4, 1, 4, 3\) went in, " + came_out):
        fit(rows(), augment=augment)


def test_a_loss_whose_targets_do_not_fit_is_refused():
    with pytest.raises(TypeError, match="mse_loss: target has dtype int64"):
        fit(rows(), loss=F.mse_loss)


# --- Whether images depend on each other --------------------------------------------------------------

class Mixing(Identity):
    def forward(self, x):
        return super().forward(x) - x.mean(axis=0)


class InPlace(Module):
    """What a layer gives, always in the same array."""

    def __init__(self, layer):
        self.layer, self.y = layer, np.zeros((99, 3), np.float32)

    def forward(self, x):
        self.y[:len(x)] = self.layer.forward(x)
        return self.y[:len(x)]

    def backward(self, dy):
        return self.layer.backward(dy)


class OldGenerator(Identity):
    """A generator of NumPy's old kind, which cannot begin anew at each shard."""

    def __init__(self):
        self.rng = np.random.RandomState(0)

    def forward(self, x):
        return super().forward(x) * (self.rng.rand(*x.shape) < 0.5)


class OwnDropout(OldGenerator):
    def __init__(self):
        self.rngs = [np.random.default_rng(0)]

    def forward(self, x):
        return super(OldGenerator, self).forward(x) * (self.rngs[0].random(x.shape) < 0.5)


class OwnSync(Identity):
    synchronised = True

    def forward(self, x):
        return super().forward(x) - self.group.sum(x.sum(axis=0)) / self.group.sum(np.float32(len(x))) if self.training else x


class Spoiled(Identity):
    """Gives nan for images that are far out."""

    def forward(self, x):
        return super().forward(x) * np.nan


@pytest.mark.parametrize("more, whole", [
    ([], False), ([Mixing()], True), ([InPlace(Mixing())], True), ([InPlace(Tanh())], False), ([OldGenerator()], True), ([OwnDropout()], False),
    ([Dropout(0.5), OwnDropout()], False),
    ([OwnSync()], False), ([OwnSync(), Mixing()], True), ([Spoiled()], False),
], ids=["none", "mixing", "mixing, in one array", "in one array", "an old generator", "dropout", "two generators", "synchronised", "both", "nan"])
def test_whether_a_batch_must_be_kept_whole(more, whole):
    net = Sequential(Flatten(), Linear(12, 3, 0), *more)
    with np.errstate(all="ignore"):
        assert trial.try_out("fit", net, toy(), 10, F.cross_entropy, ()) is whole
        assert trial.try_out("fit", net, toy(), 1, F.cross_entropy, ()) is False  # one image has no others


@pytest.mark.parametrize("loss, whole", [
    (F.cross_entropy, False), (lambda y, t: (2 * F.cross_entropy(y, t)[0], 2 * F.cross_entropy(y, t)[1]), False),
    (lambda y, t: (F.cross_entropy(y, t)[0] * len(y), F.cross_entropy(y, t)[1] * len(y)), True),
    (lambda y, t: (F.cross_entropy(y, t)[0]**2, 2 * F.cross_entropy(y, t)[0] * F.cross_entropy(y, t)[1]), True),
], ids=["mean", "twice a mean", "sum", "square of a mean"])
def test_whether_a_loss_is_a_mean(loss, whole):
    assert trial.try_out("fit", rows(), toy(), 10, loss, ()) is whole


def test_a_layer_that_cannot_be_divided_is_tried_with_a_whole_batch():
    class Counts(Identity):
        shard_size = None

        def forward(self, x):
            if self.training and len(x) not in (8, 20):
                raise ValueError("halves")
            return super().forward(x)

    fit(rows(Counts()), toy(20), batch_size=20)


# --- No trace -----------------------------------------------------------------------------------------

class Leaves(Identity):
    """Plain state of all kinds, changed in each pass, and in the wrong place."""

    def __init__(self):
        self.rng, self.seen, self.count, self.x = np.random.default_rng(0), [], Buffer(np.zeros(1)), np.zeros(3)

    def forward(self, x):
        self.rng.random(3)
        self.count.value += 1
        self.seen.append(len(x))
        self.x[...] = x.flat[0]
        return super().forward(x)


def traces(net):
    def shown(value):
        if isinstance(value, np.random.Generator):
            return str(value.bit_generator.state)
        if isinstance(value, (Parameter, Buffer)):
            gradient = value.grad.tobytes() if isinstance(value, Parameter) else None
            return value, type(value), vars(value).keys(), id(value.value), value.value.tobytes(), gradient
        return id(value) if not isinstance(value, (list, np.ndarray)) else repr(value)
    return [(name, {key: shown(value) for key, value in vars(module).items()}) for name, module in net.named_modules()]


@pytest.mark.parametrize("loss", [F.cross_entropy, lambda y, t: 1 / 0], ids=["fits", "raises"])
@pytest.mark.parametrize("mode", [True, False])
def test_the_trial_changes_nothing(loss, mode):
    rng, digits = np.random.default_rng(0), toy()
    net = Sequential(Conv2d(1, 2, 3, rng, padding=1), BatchNorm2d(2), ReLU(), Flatten(), Leaves(), Dropout(0.5, rng),
                     Linear(24, 3, rng))
    net.backward(np.ones_like(net.forward(digits.x_train)))
    net.train(mode)
    net.layers[2].train(not mode)
    for array in vars(digits).values():
        array.setflags(write=False)
    before, state = traces(net), np.random.get_state()[1].tolist()

    def augment(images, rng):
        images *= 2
        return images

    try:
        trial.try_out("fit", net, digits, 10, loss, (F.accuracy,), augment)
    except ZeroDivisionError:
        assert loss is not F.cross_entropy
    assert traces(net) == before and np.random.get_state()[1].tolist() == state


def test_the_trial_is_in_training_mode():
    modes = []

    class Note(Identity):
        def forward(self, x):
            modes.append(self.training)
            return super().forward(x)

    trial.try_out("fit", rows(Note()).eval(), toy(), 10, F.cross_entropy, ())
    assert set(modes) == {True}


def test_the_watch_ends_with_its_block():
    net = rows(Tanh())
    for error in (None, KeyError):
        try:
            with trial.watched("here", net):
                assert "forward" in vars(net.layers[0])
                if error:
                    raise error
        except KeyError:
            assert error
        assert not any({"forward", "backward"} & vars(module).keys() for module in net.modules())
        assert all(type(parameter) is Parameter and "state" not in vars(parameter) for parameter in net.parameters())


def test_the_trial_comes_before_all_work():
    """No thread, no handler for interrupts, no bar."""
    work = {name: Mock(side_effect=AssertionError(name)) for name in ("workers", "bar", "_interrupt_held")}
    with patch.multiple(training, **work), pytest.raises(TypeError, match="NoBackward"):
        fit(rows(NoBackward()))
