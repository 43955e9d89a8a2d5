#!/usr/bin/env bash
# keras 3.15.1 on PyTorch: layers with dtype="float64" answer in float64, and some of them have computed in float32.
#
# A layer that is made with dtype="float64" has weights in float64 and takes float64 in. Dense and BatchNormalization give
# float64 back, but what they give is right to some seven digits only; Conv2D is right to the last digits. The dtype of an
# output says nothing here. Single operations differ, too: matmul and maximum of float64 arrays are float32, while add, mean
# and einsum keep float64; PyTorch's own product of the same arrays is right. So Dense multiplies to float32, and adding its
# float64 bias makes float64 of that again. Who compares a network with its port to 1e-8, as
# one would in float64, finds a difference that is in no formula of either. Reported upstream: keras-team/keras, issues 23223
# (closed) and 23704 (open: in what is to come, Dense is said to return float32 outright).
#
# Seen with numpy 2.4.6 and torch 2.13.0 (CPU) under Python 3.11 on Linux x86_64. Some 300 MB are downloaded, with a build
# of PyTorch for GPUs some GB; it takes two minutes. Fails if what it prints changes.
# To run it: bash findings/keras_float64_in_name.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import keras
import numpy as np
import torch
from keras import layers, ops

rng = np.random.default_rng(0)
rows, images = rng.standard_normal((5, 300)), rng.standard_normal((2, 8, 8, 3))

def verdict(found, wanted):
    error = np.abs(found - wanted).max() / np.abs(wanted).max()
    digits = "right to 1e-13" if error < 1e-13 else "off by 1e-8 to 1e-6" if 1e-8 < error < 1e-6 else f"off by {error:.0e}"
    return f"{found.dtype}, {digits}"

def layer(made, x, formula):
    """Of a layer in float64, beside its formula in NumPy, both with the layer's own kernel."""
    made.build(x.shape)
    y = made(ops.convert_to_tensor(x), training=True)
    return f"{type(made).__name__:<18} {verdict(ops.convert_to_numpy(y), formula(made))}"

def windows(x):
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))  # image, y, x, channel, height, width

def kernel(made):
    return ops.convert_to_numpy(made.kernel)

print("keras", keras.__version__, "on", keras.backend.backend(), torch.__version__.partition("+")[0])
print(layer(layers.Dense(4, dtype="float64"), rows, lambda made: rows @ kernel(made)))
print(layer(layers.BatchNormalization(epsilon=1e-3, dtype="float64"), rows,
            lambda made: (rows - rows.mean(axis=0)) / np.sqrt(rows.var(axis=0) + 1e-3)))
print(layer(layers.Conv2D(4, 3, dtype="float64"), images, lambda made: np.einsum("nyxchw,hwco->nyxo", windows(images), kernel(made))))
a, b = rows, rng.standard_normal((300, 4))
first, second = map(ops.convert_to_tensor, (a, b))
for name, y in (("matmul", ops.matmul(first, second)), ("einsum", ops.einsum("ij,jk->ik", first, second)),
                ("add", ops.add(first, first)), ("maximum", ops.maximum(first, first)), ("mean", ops.mean(first, axis=0))):
    print(f"ops.{name:<14} {ops.convert_to_numpy(y).dtype}")
print(f"{'torch.matmul':<18} {verdict((torch.from_numpy(a) @ torch.from_numpy(b)).numpy(), a @ b)}")
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 torch==2.13.0 keras==3.15.1 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
KERAS_BACKEND=torch KERAS_HOME=$folder "$folder/venv/bin/python" "$folder/try.py" | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
keras 3.15.1 on torch 2.13.0
Dense              float64, off by 1e-8 to 1e-6
BatchNormalization float64, off by 1e-8 to 1e-6
Conv2D             float64, right to 1e-13
ops.matmul         float32
ops.einsum         float64
ops.add            float64
ops.maximum        float32
ops.mean           float64
torch.matmul       float64, right to 1e-13
WANTED
echo "as stated"
