"""Networks in ONNX: graphs of the standard's operators, version 17, with weights by the names that they have here."""
import numpy as np
import onnx
from onnx import helper, numpy_helper

from ..functional.checks import check_float
from .walk import Walk

OPSET, IR = 17, 8  # of 2022: what runs them is everywhere


class Graph(Walk):
    """Writes down a node for each layer; x is the name of what goes in."""

    framework = "ONNX"

    def __init__(self, net, dtype):
        super().__init__(net)
        self.dtype, self.nodes, self.weights = dtype, [], {}

    def node(self, operator, layer, *inputs, part="", **settings):
        """One node of the graph; returns the name of what comes out."""
        output = "/".join(filter(None, [self.names[layer], type(layer).__name__, part]))
        self.nodes.append(helper.make_node(operator, inputs, [output], output, **settings))
        return output

    def weight(self, layer, name):
        """The name of a parameter or buffer, whose array becomes an initialiser; nothing for one that is not there."""
        place = getattr(layer, name)
        if place is None:
            return []
        full = f"{self.names[layer]}.{name}".lstrip(".")
        self.weights[full] = place.value
        return [full]

    def constant(self, layer, part, array):
        return self.node("Constant", layer, part=part, value=numpy_helper.from_array(array))

    def window(self, operator, layer, x, kernel, *weights, **settings):
        (above, left), strides = layer.padding, list(layer.stride)
        return self.node(operator, layer, x, *weights, kernel_shape=list(kernel), strides=strides, pads=[above, left, above, left], **settings)

    def add(self, layer, a, b):
        return self.node("Add", layer, a, b)

    def open(self, layer, gate, x):
        return self.node("Mul", layer, gate, x, part="open")

    def close(self, layer, gate, x):
        rest = self.node("Sub", layer, self.constant(layer, "one", np.ones((), self.dtype)), gate, part="rest")
        return self.node("Mul", layer, rest, x, part="closed")

    def Conv2d(self, layer, x):
        return self.window("Conv", layer, x, layer.weight.value.shape[2:], *self.weight(layer, "weight"), *self.weight(layer, "bias"))

    def Linear(self, layer, x):
        return self.node("Gemm", layer, x, *self.weight(layer, "weight"), *self.weight(layer, "bias"), transB=1)

    def Projection(self, layer, x):
        weight = self.node("Flatten", layer, *self.weight(layer, "weight"), part="weight")
        return self.node("Gemm", layer, self.node("Flatten", layer, x, part="x"), weight, transB=1)

    def BatchNorm2d(self, layer, x):
        weights = [self.weight(layer, name)[0] for name in ("weight", "bias", "running_mean", "running_var")]
        return self.node("BatchNormalization", layer, x, *weights, epsilon=layer.eps)

    BatchNorm1d = BatchNorm2d

    def MaxPool2d(self, layer, x):
        return self.window("MaxPool", layer, x, layer.kernel_size)

    def AvgPool2d(self, layer, x):
        return self.window("AveragePool", layer, x, layer.kernel_size, count_include_pad=1)

    def AdaptiveAvgPool2d(self, layer, x):
        if layer.output_size == (1, 1):
            return self.node("GlobalAveragePool", layer, x)
        raise TypeError("handover: ONNX has no AdaptiveAvgPool2d but that with one number a channel")

    def LocalResponseNorm(self, layer, x):
        if layer.size % 2 == 0:
            raise TypeError("handover: ONNX's LRN of an even size has its odd channel on the other side, where it is not refused")
        return self.node("LRN", layer, x, size=layer.size, alpha=layer.alpha, beta=layer.beta, bias=layer.k)

    def Clip(self, layer, x):
        ends = [self.constant(layer, name, np.array(getattr(layer, name), self.dtype)) for name in ("low", "high")]
        return self.node("Clip", layer, x, *ends)

    def Scale(self, layer, x):
        return self.node("Mul", layer, self.constant(layer, "factor", np.array(layer.factor, self.dtype)), x)

    def SubsamplePad(self, layer, x):
        numbers = {"from": [0, 0], "to": [2**62] * 2, "axes": [2, 3], "steps": layer.stride, "filters": [layer.filters],
                   "ahead": [0] * 5, "after": [0] * 2}
        at = {name: self.constant(layer, name, np.array(value, np.int64)) for name, value in numbers.items()}
        kept = self.node("Slice", layer, x, at["from"], at["to"], at["axes"], at["steps"], part="kept")
        added = self.node("Sub", layer, at["filters"], self.node("Shape", layer, x, part="channels", start=1, end=2), part="added")
        return self.node("Pad", layer, kept, self.node("Concat", layer, at["ahead"], added, at["after"], part="pads", axis=0))

    def Dropout(self, layer, x):
        return x  # in evaluation

    def Flatten(self, layer, x):
        return self.node("Flatten", layer, x)

    def ReLU(self, layer, x):
        return self.node("Relu", layer, x)

    def Sigmoid(self, layer, x):
        return self.node("Sigmoid", layer, x)

    def Tanh(self, layer, x):
        return self.node("Tanh", layer, x)


def to_onnx(net, example):
    check_float("to_onnx", example=example, **{name: parameter.value for name, parameter in net.named_parameters()})
    graph, kind = Graph(net, example.dtype), helper.np_dtype_to_tensor_dtype(example.dtype)
    logits = graph(net, "images")
    graph.nodes.append(helper.make_node("Identity", [logits], ["logits"], "logits"))
    weights = [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in graph.weights.items()]
    images = helper.make_tensor_value_info("images", kind, ["N", *example.shape[1:]])
    graph = helper.make_graph(graph.nodes, type(net).__name__, [images], [helper.make_tensor_value_info("logits", kind, None)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="networks-by-hand")
    model = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)  # example's size, all the way through
    onnx.checker.check_model(model, full_check=True)
    return model


def from_onnx(model, net):
    net.load_state_dict({weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer})
    return net
