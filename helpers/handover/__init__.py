"""Networks and weights to and from PyTorch, Keras and ONNX. A package is imported when its function is first called.

What is turned round on the way, because frameworks differ (run, not remembered: `data/who_does_what.csv`):

| what | PyTorch | Keras | ONNX |
|---|---|---|---|
| names of weights | ours | `kernel`, `gamma`, `beta`, `moving_mean`, `moving_variance`, in layers of our names with _ for . | ours |
| images, filters | (N, C, H, W), (F, C, KH, KW) as ours | (N, H, W, C), (KH, KW, C, F) | as ours |
| `Linear` weights | (out, in) as ours | (in, out) | as ours |
| padding | as ours | put on both sides by a layer of its own: "same" with a stride pads on one side only | as ours |
| batch norm's eps | written out | written out | written out |
| batch norm's momentum | weight of the new | weight of the old: 1 - ours | evaluation only |
| running variance | unbiased as ours | biased: training goes on with another | evaluation only |

Dropout draws other masks in each of them. Keras computes products and batch norms of float64 in float32, but on TensorFlow, and
onnxruntime has no float64 convolution for CPUs: compare with these in float32. Weights go by name, all of them or none.
"""
import importlib
import importlib.util
import os
import sys


def to_torch(net):
    """The network as a torch.nn.Module: the same names in its state_dict, weights, buffers, dtype and mode."""
    return _part("pytorch", "torch", "torch").to_torch(net)


def from_torch(peer, net):
    """Put the weights and buffers of a torch.nn.Module, or of its state_dict, into `net`, by name; returns `net`.

    Batch counts (`num_batches_tracked`) are left out: nothing here uses them. Raises as `net.load_state_dict` does.
    """
    return _part("pytorch", "torch", "torch").from_torch(peer, net)


def to_keras(net, example=None):
    """The network as a keras.Model, for images (N, H, W, C), with weights, buffers and dtype; each layer has the name that it has here.

    With `example`, images (N, C, H, W) of the size to come, it is a functional model, which `save` writes in Keras's own
    terms; without, it takes any size, and what it is made of is known to this Python alone.
    Raises TypeError for layers that Keras has not.
    """
    return _part("in_keras", "keras", "handover").to_keras(net, example)


def from_keras(model, net):
    """Put the weights of a Keras model whose layers have the names that `to_keras` gives into `net`; returns `net`.

    Raises as `net.load_state_dict` does.
    """
    return _part("in_keras", "keras", "handover").from_keras(model, net)


def to_onnx(net, example):
    """The network in evaluation mode as an onnx.ModelProto, checked by onnx: from "images" (any N, C, H, W) to "logits".

    `example` is a batch of images (N, C, H, W), or of rows; its size but for N is that of all images to come. Weights are initialisers
    with the names that they have here. Raises TypeError for layers that ONNX has not.
    """
    return _part("in_onnx", "onnx", "handover").to_onnx(net, example)


def from_onnx(model, net):
    """Put the initialisers of an onnx.ModelProto into `net`, by name; returns `net`. Raises as `net.load_state_dict` does."""
    return _part("in_onnx", "onnx", "handover").from_onnx(model, net)


def _part(module, package, extra):
    """The module here that imports `package`; raises ImportError that says what to install where it is missing."""
    if importlib.util.find_spec(package) is None:
        raise ImportError(f"handover: {package} is not installed: run pip install {package}, or pip install \".[{extra}]\" in the "
                          "folder of the course")
    if package == "keras":
        _choose_backend()
    return importlib.import_module(f".{module}", __name__)


def _choose_backend():
    """Keras computes with TensorFlow unless told otherwise: where that is missing, with what there is."""
    if "keras" in sys.modules or "KERAS_BACKEND" in os.environ or importlib.util.find_spec("tensorflow"):
        return
    there = [package for package in ("torch", "jax") if importlib.util.find_spec(package)]
    if not there:
        raise ImportError("handover: keras is installed, but nothing that it can compute with: run pip install torch")
    os.environ["KERAS_BACKEND"] = there[0]
