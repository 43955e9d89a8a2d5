#!/usr/bin/env bash
# flax 0.12.8 and keras 3.15.1 on JAX: average pooling in bfloat16 adds in bfloat16, so that a map of 32 x 32 ones has the
# mean 0.25.
#
# A number in bfloat16 has eight significant bits. A running sum of ones stands still at 256, where adding one more changes
# nothing, and 256 / 1,024 is 0.25. `x.mean((1, 2))` of the same array adds in float32 and gives 1, and one expects the same
# of average pooling over the whole map. But pooling is a reduce_window in JAX, which adds
# in the dtype of its input. Keras asks for it, too: in the policy mixed_bfloat16, which is meant to be safe, since weights
# and norms stay in float32, AveragePooling2D over the map is wrong and GlobalAveragePooling2D right. It takes no ones to see
# it. Of maps as a ReLU leaves them (half zeros, the rest normal) the pooled means are 9 % too small on average at 32 x 32;
# at 8 x 8 they are right on average, but single ones are off by more than the mean's 0.5 %. Nothing says so.
# A net that was trained in float32 and is run in bfloat16 gets other features for its last layer. In float16 the sum of ones
# stands still at 2,048, beyond such maps.
#
# Seen with numpy 2.4.6 and jax 0.10.2 under Python 3.11 on Linux x86_64, on the CPU. About 200 MB are downloaded, it takes
# two minutes. Fails if what it prints changes.
# To run it: bash findings/flax_average_pool_bfloat16.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import flax
import jax
import keras
import numpy as np
from flax import nnx
from jax import numpy as jnp
from keras import layers

def means(x, size):
    """The same mean over whole maps, in four ways."""
    yield "mean", x.mean((1, 2))
    yield "flax avg_pool", nnx.avg_pool(x, (size, size))
    yield "keras AveragePooling2D", layers.AveragePooling2D(size, dtype="mixed_bfloat16")(x)
    yield "keras GlobalAveragePooling2D", layers.GlobalAveragePooling2D(dtype="mixed_bfloat16")(x)

def plain(x):
    return np.asarray(x.astype(jnp.float32), float)

print("jax", jax.__version__, "flax", flax.__version__, "keras", keras.__version__)
for size in (16, 32):
    for name, y in means(jnp.ones((1, size, size, 1), jnp.bfloat16), size):
        print(f"ones, {size} x {size}, {name}: {y.item()}")
for size in (8, 32):
    normal = [np.random.default_rng(seed).normal(size=(8, size, size, 64)) for seed in range(3)]
    x = jnp.asarray(np.maximum(np.concatenate(normal), 0), jnp.bfloat16)
    right = plain(x).mean((1, 2))                                       # of the rounded numbers, in float64
    for name, y in means(x, size):
        share = plain(y).reshape(right.shape) / right
        worst = abs(share - 1).max()
        size_of = next(word for limit, word in ((0.005, "0.5"), (0.03, "3"), (0.2, "20")) if worst < limit)
        print(f"maps of three seeds, {size} x {size}, {name}: {share.mean():.2f} of the mean, off by under {size_of} %")
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 jax==0.10.2 flax==0.12.8 keras==3.15.1 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
KERAS_BACKEND=jax JAX_PLATFORMS=cpu KERAS_HOME=$folder "$folder/venv/bin/python" "$folder/try.py" | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
jax 0.10.2 flax 0.12.8 keras 3.15.1
ones, 16 x 16, mean: 1.0
ones, 16 x 16, flax avg_pool: 1.0
ones, 16 x 16, keras AveragePooling2D: 1.0
ones, 16 x 16, keras GlobalAveragePooling2D: 1.0
ones, 32 x 32, mean: 1.0
ones, 32 x 32, flax avg_pool: 0.25
ones, 32 x 32, keras AveragePooling2D: 0.25
ones, 32 x 32, keras GlobalAveragePooling2D: 1.0
maps of three seeds, 8 x 8, mean: 1.00 of the mean, off by under 0.5 %
maps of three seeds, 8 x 8, flax avg_pool: 1.00 of the mean, off by under 3 %
maps of three seeds, 8 x 8, keras AveragePooling2D: 1.00 of the mean, off by under 3 %
maps of three seeds, 8 x 8, keras GlobalAveragePooling2D: 1.00 of the mean, off by under 0.5 %
maps of three seeds, 32 x 32, mean: 1.00 of the mean, off by under 0.5 %
maps of three seeds, 32 x 32, flax avg_pool: 0.91 of the mean, off by under 20 %
maps of three seeds, 32 x 32, keras AveragePooling2D: 0.91 of the mean, off by under 20 %
maps of three seeds, 32 x 32, keras GlobalAveragePooling2D: 1.00 of the mean, off by under 0.5 %
WANTED
echo "as stated"
