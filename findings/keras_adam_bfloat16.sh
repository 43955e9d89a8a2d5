#!/usr/bin/env bash
# keras 3.15.1: Adam does not move weights that are kept in bfloat16, and Nadam makes nan of them.
#
# Adam divides the mean of the squares by 1 - beta_2 ** t, since it starts from 0. Keras casts beta_2 to the dtype of the
# weights before it takes the power. A number in bfloat16 has eight significant bits, and 0.999, the default, becomes 1: 1 -
# 1 is 0, its root is multiplied by the learning rate, and each step is 0, however large the gradient. Nothing says so. AdamW
# and Lamb stand still as well, Nadam and ScheduleFreeAdamW divide 0 by 0. With a beta_2 up to 0.998 Adam moves, from 0.9981
# up it does not. In float16, where 0.999 is 0.99902, all go down. The policy "bfloat16" keeps weights in that dtype, as one
# does to halve the memory; "mixed_bfloat16" keeps float32 and is right. That a small step is lost in a large weight is known
# of bfloat16, but here weights are no hundred times as large as the steps, and SGD goes down in the same dtype. One expects
# a correction that is the same for all weights to be taken in float32, as Optax does. Seen by others: for LoRA weights it
# was put down to squares that underflow (keras-team/keras-hub, issue 2629), though bfloat16 reaches as far down as float32,
# and these alone were put into float32 (keras-team/keras, pull request 22559).
#
# Seen with numpy 2.4.6 under Python 3.11 on Linux x86_64, on the backend numpy; fit on JAX 0.10.2 did the same. About 50 MB
# are downloaded, it takes a minute. Fails if what it prints changes.
# To run it: bash findings/keras_adam_bfloat16.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import warnings
import keras
import numpy as np
from keras import layers, ops, optimizers

warnings.simplefilter("ignore")                                         # NumPy's, where Nadam divides 0 by 0

def plain(x):
    return ops.convert_to_numpy(ops.cast(x, "float32")).astype(float)

def end(optimizer, dtype, seed):
    """What 20 steps do in a regression that has an exact answer."""
    rng = np.random.default_rng(seed)
    x, truth, start = rng.standard_normal((64, 8)), rng.standard_normal((8, 1)), 0.1 * rng.standard_normal((8, 1))
    dense = layers.Dense(1, use_bias=False, dtype=dtype)
    dense.build((None, 8))
    dense.kernel.assign(start)
    optimizer.build([dense.kernel])
    start = w = plain(dense.kernel)
    for _ in range(20):
        slope = 2 / len(x) * x.T @ (x @ w - x @ truth)
        optimizer.apply([ops.cast(slope, dense.kernel.dtype)], [dense.kernel])
        w = plain(dense.kernel)
    if np.isnan(w).all():
        return "nan"
    if (w == start).all():
        return "not moved"
    return "nearer" if np.linalg.norm(x @ (w - truth)) < np.linalg.norm(x @ (start - truth)) else "farther"

print("keras", keras.__version__)
for name in ("SGD", "Adam", "AdamW", "Lamb", "Nadam", "ScheduleFreeAdamW"):
    for dtype in ("float32", "mixed_bfloat16", "float16", "bfloat16"):
        print(f"{name}, {dtype}:", ", ".join(end(getattr(optimizers, name)(0.01), dtype, seed) for seed in range(3)))
for beta in (0.99, 0.998, 0.9981, 0.999):
    ended = end(optimizers.Adam(0.01, beta_2=beta), "bfloat16", 0)
    print(f"Adam, bfloat16, beta_2 {beta}, as bfloat16 {plain(ops.cast(beta, 'bfloat16')).item()}: {ended}")
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 keras==3.15.1 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
KERAS_BACKEND=numpy KERAS_HOME=$folder "$folder/venv/bin/python" "$folder/try.py" | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
keras 3.15.1
SGD, float32: nearer, nearer, nearer
SGD, mixed_bfloat16: nearer, nearer, nearer
SGD, float16: nearer, nearer, nearer
SGD, bfloat16: nearer, nearer, nearer
Adam, float32: nearer, nearer, nearer
Adam, mixed_bfloat16: nearer, nearer, nearer
Adam, float16: nearer, nearer, nearer
Adam, bfloat16: not moved, not moved, not moved
AdamW, float32: nearer, nearer, nearer
AdamW, mixed_bfloat16: nearer, nearer, nearer
AdamW, float16: nearer, nearer, nearer
AdamW, bfloat16: not moved, not moved, not moved
Lamb, float32: nearer, nearer, nearer
Lamb, mixed_bfloat16: nearer, nearer, nearer
Lamb, float16: nearer, nearer, nearer
Lamb, bfloat16: not moved, not moved, not moved
Nadam, float32: nearer, nearer, nearer
Nadam, mixed_bfloat16: nearer, nearer, nearer
Nadam, float16: nearer, nearer, nearer
Nadam, bfloat16: nan, nan, nan
ScheduleFreeAdamW, float32: nearer, nearer, nearer
ScheduleFreeAdamW, mixed_bfloat16: nearer, nearer, nearer
ScheduleFreeAdamW, float16: nearer, nearer, nearer
ScheduleFreeAdamW, bfloat16: nan, nan, nan
Adam, bfloat16, beta_2 0.99, as bfloat16 0.98828125: nearer
Adam, bfloat16, beta_2 0.998, as bfloat16 0.99609375: nearer
Adam, bfloat16, beta_2 0.9981, as bfloat16 1.0: not moved
Adam, bfloat16, beta_2 0.999, as bfloat16 1.0: not moved
WANTED
echo "as stated"
