#!/usr/bin/env bash
# Who does what: where PyTorch, Keras, TensorFlow, JAX with Flax and Optax, and ONNX differ in normalisation, averages,
# dropout, starts and optimisers. Every row is run, and what was measured is printed, whatever a manual says.
#
#   bash findings/who_does_what.sh            runs every row, prints the table, and fails where data/who_does_what.csv
#                                             has something else: it names the rows that have changed
#   bash findings/who_does_what.sh --store    runs every row and writes data/who_does_what.csv
#
# Versions: numpy 2.4.6, torch 2.13.0, keras 3.15.1, tensorflow 2.21.0 with tf_keras 2.21.0, jax 0.10.2, flax 0.12.8 (nnx),
# optax 0.2.8, onnx 1.23.2 (its reference evaluator), onnxruntime 1.32.0, under Python 3.11 on Linux x86_64, on the CPU.
# They are installed in a temporary folder that is removed at the end: 1.3 GB are downloaded, 3.7 GB lie there meanwhile.
# It takes 4 to 8 minutes on two cores. Where pip finds PyTorch's build for GPUs alone, several GB more come with it;
# PIP_EXTRA_INDEX_URL can name PyTorch's own index of CPU builds.
#
# How to read the table. Settings are each framework's defaults where the row names none. "has none": there is no such
# thing in it. "error": it refuses. Keras is run on its backends numpy, torch, tensorflow (tf) and jax, and a cell names
# those that differ from the first; "leaks" means that some numbers lie beyond the limit at 2 deviations. TensorFlow is
# tf.nn where it has the thing, else tf_keras, whose older optimisers are called "legacy". The last column has the reference
# before the slash and onnxruntime after it, where they differ; the reference's local response norm loops over the wrong
# axis in this version, so that those rows have as many images as channels. k is a kernel's side.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat > "$folder/rows.py" <<'PY'
"""The rows. Each function measures one on `f`, a framework: a class with the few functions that the rows need."""
import importlib.metadata
import json
import numpy as np

SHAPE, FAN_IN, FAN_OUT = (3, 3, 64, 128), 9 * 64, 9 * 128           # a kernel: height, width, in, out
OPTIMISERS = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop"}
rng = np.random.default_rng(0)
images = rng.normal(2, 1, (2, 2, 2, 1)).astype(np.float32)          # channels last; a framework moves them as it needs
one = np.full((1, 1, 1, 1), 5, np.float32)
far = rng.normal(1000, 0.1, (4, 32, 32, 1)).astype(np.float32)

class HasNone(Exception):
    """The framework has no such thing."""

def short(number):
    return f"{float(number):.3g}".replace("e-0", "e-")

def nearest(value, names):
    """The name beside the number that was measured; else the number itself."""
    return next((name for name, wanted in names.items() if np.isclose(value, wanted, rtol=0.02)), short(value))

def kept(f):
    """The layer's variance starts at 1; what it took up of the batch's is known from what it took up of the mean."""
    def of(x):
        _, mean, var = f.batch_norm(x)
        share = mean / x.mean(dtype=float)
        return nearest((var - 1 + share) / share, {"biased": x.var(dtype=float), "unbiased": x.var(ddof=1, dtype=float)})
    of_images, of_rows = of(images), of(images.reshape(-1, 1))
    return of_images if of_images == of_rows else f"{of_images}; rows {of_rows}"

def momentum(f):
    share = f.batch_norm(images)[1] / images.mean(dtype=float)
    return f"{short(f.momentum())} of the " + nearest(f.momentum(), {"new": share, "old": 1 - share})

def norm_eps(f):
    y = f.batch_norm(np.float32([-1e-3, 1e-3]).reshape(2, 1, 1, 1))[0]                # their variance is 1e-6
    return short(1e-6 / np.max(y).astype(float) ** 2 - 1e-6)

def even_window(f):
    """Which outputs change with channel 4 of 9: where more of them lie above it, their windows reach further below."""
    x = np.ones((9, 1, 1, 9), np.float32)
    before = f.lrn(x, 4)
    x[..., 4] = 2
    changed = np.flatnonzero(f.lrn(x, 4)[0, 0, 0] != before[0, 0, 0]) - 4
    return {(-1, 0, 1, 2): "one more below", (-2, -1, 0, 1): "one more above"}[tuple(changed.tolist())]

def truncated(f):
    """Of 73,728 numbers: cut at twice the deviation, the largest is 2.27 times the deviation of those that are left."""
    largest = abs(f.he_normal()).max() / f.he_normal().std()
    return "truncated" if largest < 2.3 else "leaks" if largest < 3.5 else "not truncated"

def start(f):
    size = {"Glorot": 2 / (FAN_IN + FAN_OUT), "LeCun": 1 / FAN_IN, "1 / (3 fan)": 1 / (3 * FAN_IN)}
    largest = abs(f.start()).max() / f.start().std()
    return nearest(f.start().var(dtype=float), size) + ", " + nearest(largest, {"uniform": 3 ** 0.5, "truncated": 2.27})

def sgd_decay(f):
    w = f.optimise("sgd", [0.0, 0.0], 1.0, 0.1, momentum=0.5, decay=0.1)
    return nearest(1 - w[1], {"in gradient": 0.0249, "apart, times lr": 0.0199})

def sgd_velocity(f):
    w = f.optimise("sgd", [1.0, 0.0], 0.0, [1.0, 0.1], momentum=0.5)
    return nearest(w[0] - w[1], {"the new lr": 0.05, "keeps the old lr": 0.5})

def rms_eps(f):
    def place(**older):
        w = f.optimise("rmsprop", [1.0], eps=1.0, rho=0.5, **older)
        return nearest(-w[0], {"outside": 1 / (0.5 ** 0.5 + 1), "inside": 1 / 1.5 ** 0.5})
    return place() + (f"; legacy {place(legacy=True)}" if hasattr(f, "legacy") else "")

ROWS = {
    "batch norm keeps which variance": kept,
    "batch norm's momentum": momentum,
    "batch norm's eps": norm_eps,
    "batch norm of one value a channel": lambda f: nearest(f.batch_norm(one, beta=0.5)[0].item(), {"beta": 0.5}),
    "batch norm at mean 1000, deviation 0.1": lambda f:
        "right" if abs(f.batch_norm(far, eps=1e-5)[0].std(dtype=float) - 1) < 2e-3 else "wrong",
    "local response norm: factor": lambda f:
        nearest(f.lrn(np.ones((5, 1, 1, 5), np.float32), 5)[0, 0, 0, 2], {"alpha": 1 / 6, "alpha / size": 1 / 2}),
    "local response norm: window of 4": even_window,
    "average at a corner, 3 x 3, padding 1": lambda f:
        nearest(f.average(np.ones((1, 4, 4, 1), np.float32)).flat[0], {"1": 1, "4/9": 4 / 9}),
    "dropout of x at p = 0": lambda f: "x" if (f.dropout(images, 0.0) == images).all() else "not x",
    "dropout of x at p = 1": lambda f: " ".join(map(short, np.unique(f.dropout(images, 1.0)))),
    "he_normal": truncated,
    "he_normal's fan, k x k": lambda f:
        nearest(2 / f.he_normal().var(dtype=float), {"k x k x in": FAN_IN, "k x k x out": FAN_OUT}),
    "he_normal's fan, k x k, depthwise": lambda f:
        nearest(2 / f.depthwise(8192).var(dtype=float), {"k x k": 9, "k x k x channels": 9 * 8192}),
    "a convolution's own start": start,
    "L2(l) adds to the gradient": lambda f: f.l2(),
    "Adam's eps and the bias correction": lambda f:                 # at g = 1 the root of v is 1, or that of 0.001
        nearest(-f.optimise("adam", [1.0], eps=1.0)[0], {"added after": 1 / 2, "added before": 1 / (1 + 1000 ** 0.5)}),
    "Adam's first step at g = 1e-9": lambda f: short(-f.optimise("adam", [1e-9])[0]) + " lr",
    "Adam's weight decay": lambda f:
        nearest(1 - f.optimise("adam", [0.0], 1.0, 0.1, decay=0.2)[0], {"in gradient": 0.1, "apart, times lr": 0.02}),
    "AdamW's decay by default": lambda f: short((1 - f.optimise("adamw", [0.0], 1.0, 0.1)[0]) / 0.1),
    "SGD's weight decay, momentum 0.5": sgd_decay,
    "when lr changes, SGD's velocity takes": sgd_velocity,
    "RMSProp's eps and the root": rms_eps,
    "RMSProp keeps of the old": lambda f: short(1 - f.optimise("rmsprop", [1.0], eps=1e-12)[0] ** -2.0),
}

def lacks(word, *places):
    """Has none: no name in these modules has the word in it."""
    assert not [name for place in places for name in dir(place) if word in name.lower().replace("_", "")]
    raise HasNone

def first(x):
    return np.moveaxis(x, -1, 1).copy()

def each(gradients, lr):
    return zip(gradients, np.broadcast_to(lr, len(gradients)).tolist())

def renamed(settings, **names):
    return {names.get(name, name): value for name, value in settings.items()}

def column(f, variant=""):
    """Measures every row and prints the cells as JSON. A refusal is a result; a call that is wrong is not."""
    cells = {"what": f.title.format(*(importlib.metadata.version(package).split("+")[0] for package in f.packages))}
    for what, measure in ROWS.items():
        try:
            cells[what] = measure(f)
        except HasNone:
            cells[what] = "has none"
        except Exception as refusal:
            if isinstance(refusal, (TypeError, NameError, AttributeError, ImportError, AssertionError, LookupError)):
                raise
            cells[what] = "error"
    print(json.dumps({**cells, "variant": variant}))
PY

cat > "$folder/pytorch.py" <<'PY'
import torch
from rows import OPTIMISERS, SHAPE, column, each, first, lacks, renamed
from torch import nn
from torch.nn import functional

class PyTorch:
    title, packages = "PyTorch {}", ["torch"]
    def momentum(self):
        return nn.BatchNorm2d(1).momentum
    def batch_norm(self, x, beta=0.0, **settings):
        norm = {2: nn.BatchNorm1d, 4: nn.BatchNorm2d}[x.ndim](x.shape[-1], **settings)
        nn.init.constant_(norm.bias, beta)
        return norm(torch.from_numpy(first(x))).detach().numpy(), norm.running_mean.item(), norm.running_var.item()
    def lrn(self, x, size):
        return functional.local_response_norm(torch.from_numpy(first(x)), size, 1.0, 1.0, 1.0).moveaxis(1, -1).numpy()
    def average(self, x):
        return functional.avg_pool2d(torch.from_numpy(first(x)), 3, 1, 1).numpy()
    def dropout(self, x, p):
        return functional.dropout(torch.from_numpy(x), p, training=True).numpy()
    def he_normal(self):
        return nn.init.kaiming_normal_(torch.empty(SHAPE[3], SHAPE[2], *SHAPE[:2])).numpy()
    def depthwise(self, channels):
        return nn.init.kaiming_normal_(nn.Conv2d(channels, channels, 3, groups=channels).weight).detach().numpy()
    def start(self):
        return nn.Conv2d(SHAPE[2], SHAPE[3], SHAPE[:2]).weight.detach().numpy()
    def l2(self):
        lacks("regulari", nn, functional)
    def optimise(self, kind, gradients, start=0.0, lr=1.0, **settings):
        w, found = nn.Parameter(torch.full((1,), start)), []
        optimiser = getattr(torch.optim, OPTIMISERS[kind])([w], **renamed(settings, decay="weight_decay", rho="alpha"))
        for g, optimiser.param_groups[0]["lr"] in each(gradients, lr):
            w.grad = torch.full((1,), g)
            optimiser.step()
            found.append(w.item())
        return found

torch.manual_seed(0)
column(PyTorch())
PY

cat > "$folder/keras_.py" <<'PY'
"""Keras on the backend that the environment names; or, for the word tf_keras, TensorFlow with tf_keras."""
import os
import sys
import numpy as np
from rows import OPTIMISERS, SHAPE, HasNone, column, each, lacks, nearest, renamed
if sys.argv[1:] == ["tf_keras"]:
    import tensorflow as tf
    import tf_keras as keras
    tensor, numpy, Variable = tf.constant, np.asarray, tf.Variable
else:
    import keras
    tensor, numpy, Variable = keras.ops.convert_to_tensor, keras.ops.convert_to_numpy, keras.Variable
layers, he_normal = keras.layers, keras.initializers.HeNormal(seed=0)

class Keras:
    title, packages = "Keras {}", ["keras"]
    def momentum(self):
        return layers.BatchNormalization().momentum
    def batch_norm(self, x, beta=0.0, **settings):
        norm = layers.BatchNormalization(beta_initializer=keras.initializers.Constant(beta), **renamed(settings, eps="epsilon"))
        y = numpy(norm(tensor(x), training=True))
        return y, numpy(norm.moving_mean).item(), numpy(norm.moving_variance).item()
    def lrn(self, x, size):
        lacks("localresp", layers, keras.ops, keras.ops.nn)
    def average(self, x):
        return numpy(layers.AveragePooling2D(3, 1, "same")(x))
    def dropout(self, x, p):
        return numpy(layers.Dropout(p, seed=0)(x, training=True))
    def he_normal(self):
        return numpy(he_normal(SHAPE))
    def depthwise(self, channels):
        layer = layers.DepthwiseConv2D(3, depthwise_initializer=he_normal)
        layer.build((None, 8, 8, channels))
        return numpy(layer.weights[0])
    def start(self):
        layer = layers.Conv2D(SHAPE[3], SHAPE[:2])
        layer.build((None, 8, 8, SHAPE[2]))
        return numpy(layer.weights[0])
    def l2(self):
        return nearest(self.slope(keras.regularizers.L2(0.25)) / 0.25, {"l w": 1, "2 l w": 2})
    def slope(self, loss):                                          # the central difference of a parabola at w = 1
        return float(numpy(loss(tensor(np.float32([1.5]))))) - float(numpy(loss(tensor(np.float32([0.5])))))
    def optimise(self, kind, gradients, start=0.0, lr=1.0, legacy=False, **settings):
        w, found, place = Variable(np.float32([start])), [], keras.optimizers.legacy if legacy else keras.optimizers
        optimiser = getattr(place, OPTIMISERS[kind])(**renamed(settings, decay="weight_decay", eps="epsilon"))
        for g, optimiser.learning_rate in each(gradients, lr):
            optimiser.apply_gradients([(tensor(np.float32([g])), w)])
            found.append(numpy(w).item())
        return found

class TensorFlow(Keras):
    title, packages, legacy = "TensorFlow {}", ["tensorflow"], True
    def lrn(self, x, size):                                         # it takes a radius: there are no even sizes
        if size % 2 == 0:
            raise HasNone
        return tf.nn.local_response_normalization(x, size // 2, 1.0, 1.0, 1.0).numpy()
    def average(self, x):
        return tf.nn.avg_pool2d(x, 3, 1, "SAME").numpy()
    def dropout(self, x, p):
        return tf.nn.dropout(x, p, seed=0).numpy()
    def l2(self):
        return super().l2() + "; l2_loss " + nearest(self.slope(tf.nn.l2_loss), {"l w": 1, "2 l w": 2})

keras.utils.set_random_seed(0)
if sys.argv[1:] == ["tf_keras"]:
    column(TensorFlow())
else:
    column(Keras(), os.environ["KERAS_BACKEND"].replace("tensorflow", "tf"))
PY

cat > "$folder/jax_.py" <<'PY'
import inspect
import jax
import numpy as np
import optax
from flax import linen, nnx
from jax.nn.initializers import constant, he_normal
from rows import SHAPE, HasNone, column, each, lacks, renamed

class Jax:
    title, packages = "JAX {}, Flax {}, Optax {}", ["jax", "flax", "optax"]
    def momentum(self):
        return nnx.BatchNorm(1, rngs=nnx.Rngs(0)).momentum
    def batch_norm(self, x, beta=0.0, **settings):
        norm = nnx.BatchNorm(x.shape[-1], bias_init=constant(beta), rngs=nnx.Rngs(0), **renamed(settings, eps="epsilon"))
        y = np.asarray(norm(jax.numpy.array(x), use_running_average=False))
        return y, norm.mean[...].item(), norm.var[...].item()
    def lrn(self, x, size):
        lacks("localresp", jax.nn, jax.lax, linen, nnx)
    def average(self, x):
        return np.asarray(nnx.avg_pool(jax.numpy.array(x), (3, 3), (1, 1), "SAME"))
    def dropout(self, x, p):
        return np.asarray(nnx.Dropout(p, deterministic=False, rngs=nnx.Rngs(0))(jax.numpy.array(x)))
    def he_normal(self):
        return np.asarray(he_normal()(jax.random.key(0), SHAPE))
    def depthwise(self, n):
        return np.asarray(nnx.Conv(n, n, (3, 3), feature_group_count=n, kernel_init=he_normal(), rngs=nnx.Rngs(0)).kernel[...])
    def start(self):
        return np.asarray(nnx.Conv(SHAPE[2], SHAPE[3], SHAPE[:2], rngs=nnx.Rngs(0)).kernel[...])
    def l2(self):
        lacks("regulari", jax.nn, linen, nnx, optax)
    def optimise(self, kind, gradients, start=0.0, lr=1.0, **settings):
        make, settings = getattr(optax, kind), renamed(settings, decay="weight_decay", rho="decay")
        if not set(settings) <= set(inspect.signature(make).parameters):
            raise HasNone
        w, state, found = jax.numpy.float32([start]), None, []
        for g, rate in each(gradients, lr):
            optimiser = make(rate, **settings)
            change, state = optimiser.update(jax.numpy.float32([g]), state or optimiser.init(w), w)
            w = optax.apply_updates(w, change)
            found.append(w.item())
        return found

column(Jax())
PY

cat > "$folder/onnx_.py" <<'PY'
import numpy as np
import onnx
import onnxruntime
from onnx import helper, reference
from rows import HasNone, column, each, first, renamed

class Reference:
    title, packages = "ONNX {} / onnxruntime {}", ["onnx", "onnxruntime"]
    def evaluate(self, model, feed):
        return reference.ReferenceEvaluator(model).run(None, feed)
    def run(self, operator, *inputs, outputs=1, domain="", **attributes):
        """Runs a model of one node."""
        feed = {f"in{number}": np.asarray(value) for number, value in enumerate(inputs)}
        given = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
                 for name, value in feed.items()]
        results = [helper.make_tensor_value_info(f"out{number}", onnx.TensorProto.FLOAT, None) for number in range(outputs)]
        node = helper.make_node(operator, list(feed), [result.name for result in results], domain=domain, **attributes)
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.preview.training", 1)]
        graph = helper.make_graph([node], "one", given, results)
        return self.evaluate(helper.make_model(graph, ir_version=10, opset_imports=opsets), feed)
    def momentum(self):
        return onnx.defs.get_schema("BatchNormalization", 21).attributes["momentum"].default_value.f
    def batch_norm(self, x, beta=0.0, **settings):
        scale, beta, mean, var = np.float32([[1], [beta], [0], [1]])
        settings = renamed(settings, eps="epsilon")
        y, mean, var = self.run("BatchNormalization", first(x), scale, beta, mean, var, outputs=3, training_mode=1, **settings)
        return y, mean.item(), var.item()
    def lrn(self, x, size):
        return np.moveaxis(self.run("LRN", first(x), size=size, alpha=1.0, beta=1.0, bias=1.0)[0], 1, -1)
    def average(self, x):
        return self.run("AveragePool", first(x), kernel_shape=[3, 3], pads=[1] * 4)[0]
    def dropout(self, x, p):
        return self.run("Dropout", x, np.float32(p), np.bool_(True), seed=0)[0]
    def he_normal(self, *channels):
        raise HasNone
    depthwise = start = l2 = he_normal
    def optimise(self, kind, gradients, start=0.0, lr=1.0, **settings):
        """ONNX's optimisers are operators of its domain for training. The number of the first step is 1."""
        operators, domain = {"sgd": "Momentum", "adam": "Adam"}, "ai.onnx.preview.training"
        names = {schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == domain}
        assert names == {*operators.values(), "Adagrad", "Gradient"}
        if kind not in operators:
            raise HasNone
        settings = renamed(settings, decay="norm_coefficient", eps="epsilon", momentum="alpha")
        if kind == "sgd":
            settings = {"beta": 1.0, "mode": "standard", "norm_coefficient": 0.0, **settings}
        w, sums, found = np.float32([start]), [np.float32([0])] * (2 if kind == "adam" else 1), []
        for number, (g, rate) in enumerate(each(gradients, lr), 1):
            inputs = [np.float32(rate), np.int64(number), w, np.float32([g]), *sums]
            w, *sums = self.run(operators[kind], *inputs, outputs=1 + len(sums), domain=domain, **settings)
            found.append(w.item())
        return found

class Runtime(Reference):
    def evaluate(self, model, feed):
        try:
            return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, feed)
        except Exception as refusal:
            if "is not a registered function" in str(refusal):
                raise HasNone from refusal
            raise

onnxruntime.set_default_logger_severity(4)
column(Reference(), "reference")
column(Runtime(), "runtime")
PY

cat > "$folder/table.py" <<'PY'
"""Puts the columns together, prints the table, and stores it or compares it with the stored one."""
import csv
import json
import sys
import textwrap

found, stored, wanted = sys.argv[1:]

def together(cells):
    """One cell from those of a framework's variants."""
    base, *others = dict.fromkeys(cells.values())
    if "runtime" in cells:
        return " / ".join([base, *others])
    return "; ".join([base, *(", ".join(name for name in cells if cells[name] == other) + " " + other for other in others)])

frameworks = {}
for line in open(found, encoding="utf-8"):
    cells = json.loads(line)
    frameworks.setdefault(cells["what"], {})[cells.pop("variant")] = cells
whats = [*next(iter(next(iter(frameworks.values())).values()))]
table = {what: [together({name: cells[what] for name, cells in variants.items()}) for variants in frameworks.values()]
         for what in whats}
for what, cells in table.items():
    lines = [textwrap.wrap(cell, width) for cell, width in zip([what, *cells], [38] + [23] * len(cells))]
    for line in range(max(map(len, lines))):
        print("".join(f"{''.join(cell[line:line + 1]):{25 if at else 40}}" for at, cell in enumerate(lines)).rstrip())
if wanted == "--store":
    with open(stored, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([what, *cells] for what, cells in table.items())
    sys.exit()
with open(stored, encoding="utf-8", newline="") as file:
    before = {what: cells for what, *cells in csv.reader(file)}
changed = [what for what in {**before, **table} if before.get(what) != table.get(what)]
for what in changed:
    print(f"CHANGED: {what}: stored {before.get(what)}, now {table.get(what)}")
print("not as stored" if changed else "as stored")
sys.exit(bool(changed))
PY

quietly() {                             # what is said on the way is shown, its last line, if the command fails
    "$@" 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
}
measure() {
    quietly "$folder/venv/bin/python" "$folder/$1.py" "${@:2}" >> "$folder/found"
}
export TF_CPP_MIN_LOG_LEVEL=3 JAX_PLATFORMS=cpu CUDA_VISIBLE_DEVICES= KERAS_HOME=$folder
python3 -m venv "$folder/venv"
quietly "$folder/venv/bin/pip" install --quiet --progress-bar off numpy==2.4.6 torch==2.13.0 keras==3.15.1 \
    tensorflow==2.21.0 tf_keras==2.21.0 jax==0.10.2 flax==0.12.8 optax==0.2.8 onnx==1.23.2 onnxruntime==1.32.0
measure pytorch
for backend in numpy torch tensorflow jax; do KERAS_BACKEND=$backend measure keras_; done
measure keras_ tf_keras
measure jax_
measure onnx_
"$folder/venv/bin/python" "$folder/table.py" "$folder/found" "$here/data/who_does_what.csv" "${1:-}"
