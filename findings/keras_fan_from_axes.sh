#!/usr/bin/env bash
# keras 3.15.1: depthwise and transposed convolutions start with the wrong scale, since a fan is read off the kernel's last
# two axes whatever the layer.
#
# He's start keeps the scale of a signal by a variance of 2 / fan, fan being how many inputs a unit sums: for noise of
# deviation 1 the output's is 1.41. Keras takes height x width x the kernel's last axis but one for the fan. A depthwise
# kernel is stored as (height, width, channels, 1), but a unit sums one channel alone: over 512 channels the output is 23
# times too small, while the same layer written as Conv2D(groups=512) is right. The start that the depthwise layer has by
# default, Glorot's, is 16 times too small. A transposed convolution's kernel is stored as (height, width, out, in), so that
# the outputs are counted: from 256 channels to 16 the output is 4 times too large. Nothing says so. A batch norm behind the
# layer hides it; without one a deep stack of such layers starts with signals that vanish or explode. The question for
# depthwise layers was asked and closed years ago (keras-team/keras, issue 11773).
#
# Seen with numpy 2.4.6 and jax 0.10.2 (the backend) under Python 3.11 on Linux x86_64; the layers only make their kernels,
# NumPy applies them. About 150 MB are downloaded, it takes a minute. Fails if what it prints changes.
# To run it: bash findings/keras_fan_from_axes.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import keras
import numpy as np
from keras import initializers, layers

def deviation(equation, layer, channels):
    """Of the layer's outputs for noise of deviation 1: each is the sum over a window of 3 x 3, as the equation says."""
    x = np.random.default_rng(0).normal(size=(18, 18, channels)).astype(np.float32)
    layer.build((None, 18, 18, channels))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (0, 1))               # y, x, channel, height, width
    return f"{np.einsum(equation, windows, np.asarray(layer.kernel)).std():.2f}, kernel {layer.kernel.shape}"

he = initializers.HeNormal(seed=0)
print("keras", keras.__version__, "he_normal, meant 1.41")
print("Conv2D", deviation("yxchw,hwco->yxo", layers.Conv2D(16, 3, kernel_initializer=he), 256))
print("Conv2D(groups=512)", deviation("yxchw,hwoc->yxc", layers.Conv2D(512, 3, groups=512, kernel_initializer=he), 512))
print("DepthwiseConv2D", deviation("yxchw,hwco->yxc", layers.DepthwiseConv2D(3, depthwise_initializer=he), 512))
print("Conv2DTranspose", deviation("yxchw,hwoc->yxo", layers.Conv2DTranspose(16, 3, kernel_initializer=he), 256))
glorot = initializers.GlorotUniform(seed=0)
print("glorot_uniform, the default, meant 1.00")
print("DepthwiseConv2D", deviation("yxchw,hwco->yxc", layers.DepthwiseConv2D(3, depthwise_initializer=glorot), 512))
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 keras==3.15.1 jax==0.10.2 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
KERAS_BACKEND=jax JAX_PLATFORMS=cpu KERAS_HOME=$folder "$folder/venv/bin/python" "$folder/try.py" | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
keras 3.15.1 he_normal, meant 1.41
Conv2D 1.42, kernel (3, 3, 256, 16)
Conv2D(groups=512) 1.43, kernel (3, 3, 1, 512)
DepthwiseConv2D 0.06, kernel (3, 3, 512, 1)
Conv2DTranspose 5.67, kernel (3, 3, 16, 256)
glorot_uniform, the default, meant 1.00
DepthwiseConv2D 0.06, kernel (3, 3, 512, 1)
WANTED
echo "as stated"
