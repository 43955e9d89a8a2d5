#!/usr/bin/env bash
# keras 3.15.1: Normalization.adapt on a NumPy array of images, as large as CIFAR-10, finds a mean of 0.33 for 0.50.
#
# `adapt` takes the mean and the variance of each channel from the data, so that the layer standardises what comes later. Of
# a NumPy array it takes them with np.mean and np.var, and these add float32 numbers to a float32 sum one by one where the
# last axis, the channels, is kept. A sum of numbers below 1 stands still at 2 ** 24 = 16,777,216: from there on, adding one
# changes nothing. 50,000 images of 32 x 32 have 51,200,000 pixels, and 2 ** 24 / 51,200,000 is the 0.32768 that is found
# for each channel, and would be for brighter pictures. The deviation is 0.31 for 0.29, so that what should have mean 0 and
# deviation 1 has 0.55 and 0.92. Nothing says so, and training goes on. NumPy's manual warns of float32 means; Keras's does
# not say that adapt takes them. The same numbers as a tensor of the backend give 0.50, and so does one channel alone: it
# lies close together, and there NumPy adds in pairs. With a fifth of the images nothing is to be seen either.
#
# Seen with numpy 2.4.6 and jax 0.10.2 (the backend) under Python 3.11 on Linux x86_64. About 150 MB are downloaded, 2 GB of
# memory are used, it takes two minutes. Fails if what it prints changes.
# To run it: bash findings/keras_normalization_stalls.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import keras
import numpy as np
from keras import layers, ops

part = np.random.default_rng(0).random((2500, 32, 32, 3), np.float32)    # pixels from 0 to 1
images = np.tile(part, (20, 1, 1, 1))                                    # 50,000 images whose mean is that of the part

def channels(numbers):
    return " ".join(f"{float(number):.2f}" for number in np.ravel(numbers))

def adapted(what, data):
    layer = layers.Normalization()
    layer.adapt(data)
    print(f"{what}: mean {channels(layer.mean)} deviation {channels(np.sqrt(layer.variance))}")
    return layer

print("keras", keras.__version__, "on", keras.backend.backend())
print(f"in float64: mean {channels(part.mean((0, 1, 2), float))} deviation {channels(part.std((0, 1, 2), float))}")
layer = adapted("array of 50,000", images)
print("its mean in full:", *(f"{float(number):.5f}" for number in np.ravel(layer.mean)), "and", 2 ** 24 / (50_000 * 32 * 32))
standard = np.asarray(layer(part))
print(f"what it makes: mean {channels(standard.mean((0, 1, 2), float))} deviation {channels(standard.std((0, 1, 2), float))}")
adapted("array of 10,000", images[:10_000])
adapted("tensor of 50,000", ops.convert_to_tensor(images))
adapted("array of 50,000, one channel", images[..., :1].copy())
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 keras==3.15.1 jax==0.10.2 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
KERAS_BACKEND=jax JAX_PLATFORMS=cpu KERAS_HOME=$folder "$folder/venv/bin/python" "$folder/try.py" | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
keras 3.15.1 on jax
in float64: mean 0.50 0.50 0.50 deviation 0.29 0.29 0.29
array of 50,000: mean 0.33 0.33 0.33 deviation 0.31 0.31 0.31
its mean in full: 0.32768 0.32768 0.32768 and 0.32768
what it makes: mean 0.55 0.55 0.55 deviation 0.92 0.92 0.92
array of 10,000: mean 0.50 0.50 0.50 deviation 0.29 0.29 0.29
tensor of 50,000: mean 0.50 0.50 0.50 deviation 0.29 0.29 0.29
array of 50,000, one channel: mean 0.50 deviation 0.29
WANTED
echo "as stated"
