"""Networks in PyTorch, Keras and ONNX: the same logits, gradients and statistics, and the same weights when they come back."""
import copy
import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import networks
import numpy as np
import pytest
from networks import DIGITS

from helpers import functional as F
from helpers import handover, layers, models

ROOT = Path(__file__).parents[1]
NETWORKS = {**networks.NETWORKS, "every layer": (networks.every_layer, (2, 6, 14))}
each_network = pytest.mark.parametrize("name", NETWORKS)


def network(name, dtype=np.float32):
    """A network in evaluation mode that has seen a batch, so that its running statistics say something, and a batch of images."""
    make, size = NETWORKS[name]
    net, rng = make(), np.random.default_rng(0)
    if dtype == np.float64:
        net.double()
    for parameter_name, parameter in net.named_parameters():
        if parameter_name.endswith("bias"):
            parameter.value[...] = rng.uniform(-0.5, 0.5, parameter.value.shape)
    x = rng.standard_normal((4, *size)).astype(dtype)
    net.forward(x)
    return net.eval(), x


def close(found, wanted, bound):
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= bound * np.abs(wanted).max()


def emptied(net):
    """A copy whose state is all zeros."""
    other = copy.deepcopy(net)
    for place in [*other.parameters(), *(buffer for _, buffer in other.named_buffers())]:
        place.value[...] = 0
    return other


def assert_same_bits(net, other):
    ours, theirs = net.state_dict(), other.state_dict()
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert value.dtype == theirs[name].dtype and value.tobytes() == theirs[name].tobytes(), name


# --- Without them ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("package, call", [
    ("torch", lambda net, x: handover.to_torch(net)), ("torch", lambda net, x: handover.from_torch({}, net)),
    ("keras", lambda net, x: handover.to_keras(net)), ("keras", lambda net, x: handover.from_keras(None, net)),
    ("onnx", lambda net, x: handover.to_onnx(net, x)), ("onnx", lambda net, x: handover.from_onnx(None, net))])
def test_what_is_missing_is_named_and_how_to_install_it(package, call, monkeypatch):
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == package else there(name, *rest))
    with pytest.raises(ImportError, match=rf"handover: {package} is not installed: run pip install {package}"):
        call(*network("mlp"))


def test_keras_needs_something_to_compute_with(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: True if name == "keras" else None)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    with pytest.raises(ImportError, match="nothing that it can compute with: run pip install torch"):
        handover.to_keras(models.mlp())


@pytest.mark.parametrize("there, chosen, wanted", [
    ({"jax"}, None, "jax"), ({"torch", "jax"}, None, "torch"), ({"tensorflow", "torch"}, None, None), ({"torch"}, "jax", "jax")])
def test_keras_computes_with_what_there_is_unless_told(there, chosen, wanted, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: True if name in there else None)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", chosen or "")
    if chosen is None:
        monkeypatch.delenv("KERAS_BACKEND")
    handover._choose_backend()
    assert os.environ.get("KERAS_BACKEND") == wanted


def test_nothing_is_imported_before_it_is_needed():
    code = "import sys, helpers.handover; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60,
                            cwd=ROOT).stdout.split()
    assert {"torch", "keras", "onnx", "onnxruntime"}.isdisjoint(loaded)


# --- PyTorch ----------------------------------------------------------------------------------------

@pytest.mark.torch
@each_network
def test_pytorch_has_our_names_logits_and_layers_modes(name):
    torch = pytest.importorskip("torch")
    net, x = network(name, np.float64)
    peer = handover.to_torch(net)
    named = {name for name in peer.state_dict() if not name.endswith("num_batches_tracked")}
    assert named == net.state_dict().keys()
    assert {name for name, _ in peer.named_parameters()} == {name for name, _ in net.named_parameters()}
    assert all(tensor.dtype == torch.float64 for tensor in peer.parameters())
    assert not any(module.training for module in peer.modules())
    close(peer(torch.tensor(x)).detach().numpy(), net.forward(x), 1e-8)
    assert_same_bits(net, handover.from_torch(peer, emptied(net)))
    assert_same_bits(net, handover.from_torch(peer.state_dict(), emptied(net)))


@pytest.mark.torch
@each_network
def test_gradients_and_statistics_after_a_step_are_pytorchs(name):
    """In float64 to 1e-8: logits, every gradient, then all weights and running statistics after a step; then once more."""
    torch = pytest.importorskip("torch")
    net, x = network(name, np.float64)
    for layer in net.modules():
        if isinstance(layer, layers.Dropout):
            layer.p = 0.0  # its masks are others
    peer, rng = handover.to_torch(net.train()), np.random.default_rng(1)
    assert all(module.training for module in peer.modules())
    optimizer = torch.optim.SGD(peer.parameters(), 0.01)
    for _ in range(2):
        y, theirs = net.forward(x), peer(torch.tensor(x))
        close(theirs.detach().numpy(), y, 1e-8)
        dy = rng.standard_normal(y.shape)
        net.backward(dy)
        optimizer.zero_grad()
        theirs.backward(torch.tensor(dy))
        gradients = {name: tensor.grad.numpy() for name, tensor in peer.named_parameters()}
        for name, parameter in net.named_parameters():
            # A bias before a batch norm has the gradient 0, but for rounding.
            assert np.abs(gradients[name] - parameter.grad).max() <= 1e-8 * max(np.abs(parameter.grad).max(), 1e-4), name
            parameter.value -= 0.01 * parameter.grad
        optimizer.step()
        for name, value in net.state_dict().items():
            close(peer.state_dict()[name].numpy(), value, 1e-8)


@pytest.mark.torch
def test_pytorch_shares_nothing_and_draws_nothing():
    torch = pytest.importorskip("torch")
    net, x = network("resnet")
    torch.manual_seed(3)
    wanted = torch.rand(3)
    torch.manual_seed(3)
    peer = handover.to_torch(net)
    assert torch.equal(torch.rand(3), wanted)
    before = net.state_dict()
    with torch.no_grad():
        for tensor in peer.parameters():
            tensor.add_(1)
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    assert not torch.equal(copy.deepcopy(peer)(torch.tensor(x)), handover.to_torch(net)(torch.tensor(x)))  # a copy has its own path


@pytest.mark.torch
def test_modes_reach_all_parts_of_a_pytorch_network():
    pytest.importorskip("torch")
    peer = handover.to_torch(models.resnet((1,), (4,), num_classes=3))
    hidden = peer.layer1[0].hidden[0]
    assert peer.training and hidden.training
    peer.eval()
    assert not any(module.training for module in [*peer.modules(), *hidden.modules()])


@pytest.mark.torch
def test_an_untrained_projection_is_a_buffer_in_pytorch():
    pytest.importorskip("torch")
    peer = handover.to_torch(models.skip_cnn(0, "fixed"))
    assert "2.shortcut.weight" in dict(peer.named_buffers()) and "2.shortcut.weight" not in dict(peer.named_parameters())


class Mine(layers.Module):
    """A layer of a learner's."""

    def forward(self, x):
        return x


def refuses(package, call, refused=None):
    net = layers.Sequential(layers.Linear(2, 2, 0), refused or Mine())
    with pytest.raises(TypeError, match=rf"handover: {package} has no {type(refused or Mine()).__name__}"):
        call(net)


@pytest.mark.torch
def test_pytorch_refuses():
    torch = pytest.importorskip("torch")
    refuses("PyTorch", handover.to_torch)
    net = models.mlp()
    with pytest.raises(KeyError, match=r"missing \['1.weight'\], unknown \['w'\]"):
        handover.from_torch({"w" if name == "1.weight" else name: torch.tensor(value) for name, value in net.state_dict().items()}, net)
    with pytest.raises(ValueError, match=r"1.weight has shape \(784, 128\) but the network expects \(128, 784\)"):
        handover.from_torch({name: torch.tensor(value.T) for name, value in net.state_dict().items()}, net)


# --- ONNX -----------------------------------------------------------------------------------------

def run_onnx(model, x):
    import onnxruntime
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"images": x})[0]


@pytest.mark.handover
@each_network
def test_onnx_runs_with_our_logits(name):
    """From an example of one image, for batches of any size."""
    onnx, _ = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    net, x = network(name)
    model = handover.to_onnx(net, x[:1])
    close(run_onnx(model, x), net.forward(x), 1e-5)
    close(run_onnx(model, x[:2]), net.forward(x[:2]), 1e-5)
    assert_same_bits(net, handover.from_onnx(onnx.load_from_string(model.SerializeToString()), emptied(net)))
    assert {weight.name for weight in model.graph.initializer} == net.state_dict().keys()
    assert [axis.dim_param or axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim] == ["N", *x.shape[1:]]


@pytest.mark.handover
def test_onnx_has_local_response_norm_of_odd_sizes():
    pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    net, x = layers.Sequential(layers.LocalResponseNorm(3, 0.5, 0.7, 1.5)), np.random.default_rng(0).standard_normal((2, 5, 3, 4), np.float32)
    close(run_onnx(handover.to_onnx(net, x), x), net.forward(x), 1e-5)
    with pytest.raises(TypeError, match="LRN of an even size"):
        handover.to_onnx(layers.Sequential(layers.LocalResponseNorm(2)), x)


@pytest.mark.handover
def test_onnx_refuses():
    pytest.importorskip("onnx")
    x = np.zeros((1, 2), np.float32)
    refuses("ONNX", lambda net: handover.to_onnx(net, x))
    refuses("ONNX", lambda net: handover.to_onnx(net, x), layers.AdaptiveAvgPool2d(2))
    with pytest.raises(TypeError, match="one dtype"):
        handover.to_onnx(models.mlp(), np.zeros((1, *DIGITS)))
    model = handover.to_onnx(models.mlp(), np.zeros((1, *DIGITS), np.float32))
    with pytest.raises(KeyError, match="unknown"):
        handover.from_onnx(model, models.two_layer_cnn())


# --- Keras ----------------------------------------------------------------------------------------

def keras_or_skip():
    """Keras, with the backend that handover chooses where nobody has."""
    if importlib.util.find_spec("keras") is None:
        pytest.skip("keras is missing")
    handover._choose_backend()
    return importlib.import_module("keras")


def run_keras(model, x):
    """Images (N, C, H, W) go in as (N, H, W, C); what comes out as images comes back as ours."""
    import keras
    y = keras.ops.convert_to_numpy(model(x.transpose(0, 2, 3, 1) if x.ndim == 4 else x))
    return y.transpose(0, 3, 1, 2) if y.ndim == 4 else y


@pytest.mark.handover
@pytest.mark.parametrize("functional", [False, True])
@each_network
def test_keras_gives_our_logits(name, functional):
    keras_or_skip()
    net, x = network(name)
    model = handover.to_keras(net, x if functional else None)
    close(run_keras(model, x), net.forward(x), 1e-5)
    assert_same_bits(net, handover.from_keras(model, emptied(net)))


@pytest.mark.handover
def test_keras_layers_have_our_names_and_settings_turned_round():
    keras_or_skip()
    net, x = network("resnet")
    model = handover.to_keras(net, x)
    conv, norm = model.get_layer("layer2_0_downsample_0"), model.get_layer("layer2_0_bn1")
    np.testing.assert_array_equal(conv.kernel.numpy() if hasattr(conv.kernel, "numpy") else conv.get_weights()[0],
                                  net.state_dict()["layer2.0.downsample.0.weight"].transpose(2, 3, 1, 0))
    assert (norm.momentum, norm.epsilon) == (0.9, 1e-5)
    assert model.input_shape == (None, 33, 40, 3) and model.output_shape == (None, 3)
    assert {layer.name for layer in model.layers if layer.weights} == {
        name.rpartition(".")[0].replace(".", "_") for name in net.state_dict()}


@pytest.mark.handover
def test_keras_keeps_a_functional_model_in_its_own_terms(tmp_path):
    keras = keras_or_skip()
    net, x = network("every layer")
    handover.to_keras(net, x).save(tmp_path / "net.keras")
    model = keras.saving.load_model(tmp_path / "net.keras")
    close(run_keras(model, x), net.forward(x), 1e-5)
    assert_same_bits(net, handover.from_keras(model, emptied(net)))


@pytest.mark.handover
def test_keras_layers_have_the_dtype_of_the_network():
    """Dense and batch norm are computed in float32 all the same, on all backends but TensorFlow (3.15.1)."""
    keras_or_skip()
    net, x = network("resnet", np.float64)
    model = handover.to_keras(net, x)
    assert {variable.dtype for variable in model.variables} == {"float64"}
    close(run_keras(model, x), net.forward(x), 1e-5)
    assert_same_bits(net, handover.from_keras(model, emptied(net)))


@pytest.mark.handover
def test_keras_trains_what_is_trained():
    keras_or_skip()
    for kind, trained in (("fixed", False), ("trained", True)):
        model = handover.to_keras(models.skip_cnn(0, kind))
        assert any("2_shortcut" in variable.path for variable in model.trainable_variables) == trained


@pytest.mark.handover
def test_keras_refuses():
    keras_or_skip()
    refuses("Keras", lambda net: handover.to_keras(net, np.zeros((1, 2), np.float32)))
    refuses("Keras", lambda net: handover.to_keras(net, np.zeros((1, 2), np.float32)), layers.LocalResponseNorm(3))
    refuses("Keras", handover.to_keras, layers.AdaptiveAvgPool2d(2))
    with pytest.raises(KeyError, match="unknown"):
        handover.from_keras(handover.to_keras(models.mlp()), models.two_layer_cnn())
    net = layers.Sequential(layers.Sequential(layers.Linear(2, 2, 0)))
    net.layers[0].a_b, net.layers[0].a = layers.Linear(2, 2, 0), layers.Sequential()
    net.layers[0].a.b = layers.Linear(2, 2, 0)
    with pytest.raises(ValueError, match="would both be 0_a_b"):
        handover.to_keras(net)


# --- The README -----------------------------------------------------------------------------------

@pytest.mark.handover
def test_the_readmes_example_runs_as_pasted():
    torch, onnx = pytest.importorskip("torch"), pytest.importorskip("onnx")
    keras = keras_or_skip()
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Hand the work over")[2].partition("\n## ")[0]
    names = {"images": np.zeros((1, 3, 32, 32), np.float32)}
    exec("\n".join(line[4:] for line in section.splitlines() if line.startswith("    ")), names)
    assert isinstance(names["in_torch"], torch.nn.Module) and isinstance(names["in_keras"], keras.Model)
    assert isinstance(names["in_onnx"], onnx.ModelProto)
