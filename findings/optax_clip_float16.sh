#!/usr/bin/env bash
# optax 0.2.8: in float16, clip_by_global_norm turns a gradient whose norm is 256 or more into zeros, and takes
# a long gradient of small numbers for a short one.
#
# Clipping by the global norm scales a gradient down to norm c where it is longer. Optax squares and adds in the gradient's
# own dtype. In float16 the largest number is 65,504, so that one number of 256, or many small ones whose squares add up to
# that much, make the norm inf; g / inf * c is zero for every weight, and the step is nothing but what momentum has left. No
# nan or inf shows it in the gradients. A loss that is scaled up so that gradients fit float16 makes such norms the rule. At the other end the square of what is below 0.0001 is zero or
# coarse: a million numbers of 0.0001 have norm 0.1, Optax finds 0 and leaves them as they are where 0.01 was asked for, ten
# times too long. One expects the norm to be taken in float32. In bfloat16, which reaches as far as float32, both ends are right; clip_by_block_rms fails as the norm does.
#
# Seen with numpy 2.4.6 and jax 0.10.2 under Python 3.11 on Linux x86_64, on the CPU. About 150 MB are downloaded, it takes
# two minutes. Fails if what it prints changes.
# To run it: bash findings/optax_clip_float16.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import jax
import numpy as np
import optax
from jax import numpy as jnp

def length(x):
    return np.linalg.norm(np.asarray(x.astype(jnp.float32), float))

def clipped(transformation, g):
    return length(transformation.update(g, transformation.init(g))[0])

print("jax", jax.__version__, "optax", optax.__version__)
for count, number, limit in ((1, 250, 1.0), (1, 260, 1.0), (100_000, 1, 1.0), (1_000_000, 1e-4, 0.01)):
    for dtype in (jnp.float32, jnp.bfloat16, jnp.float16):
        g = jnp.full(count, number, dtype)
        print(f"{count:,} of {number}, {dtype.__name__}: norm {length(g):.3g}, optax finds {float(optax.global_norm(g)):.3g},",
              f"clipped to {limit} it is {clipped(optax.clip_by_global_norm(limit), g):.2g}")
g = jnp.full(1000, 300, jnp.float16)
print(f"clip_by_block_rms(1) of 1,000 numbers of 300, float16: norm {clipped(optax.clip_by_block_rms(1.0), g):.2g}, meant 32")

# One weight on a parabola, loss scaled by 1,024: the scaled slope is 2,048 and finite, and the weight never moves.
for dtype in (jnp.float32, jnp.float16):
    step = optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1))
    w, state = jnp.ones(1, dtype), None
    for _ in range(100):
        g = jax.grad(lambda w: 1024 * (w ** 2).sum())(w)
        assert jnp.isfinite(g).all()
        change, state = step.update(g, state or step.init(w), w)
        w = optax.apply_updates(w, change)
    end = "has not moved" if w.item() == 1 else "there" if abs(w.item()) < 0.11 else w.item()
    print(f"100 steps from 1 towards 0, {dtype.__name__}: {end}")
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 jax==0.10.2 optax==0.2.8 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
JAX_PLATFORMS=cpu "$folder/venv/bin/python" "$folder/try.py" | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
jax 0.10.2 optax 0.2.8
1 of 250, float32: norm 250, optax finds 250, clipped to 1.0 it is 1
1 of 250, bfloat16: norm 250, optax finds 250, clipped to 1.0 it is 1
1 of 250, float16: norm 250, optax finds 250, clipped to 1.0 it is 1
1 of 260, float32: norm 260, optax finds 260, clipped to 1.0 it is 1
1 of 260, bfloat16: norm 260, optax finds 260, clipped to 1.0 it is 1
1 of 260, float16: norm 260, optax finds inf, clipped to 1.0 it is 0
100,000 of 1, float32: norm 316, optax finds 316, clipped to 1.0 it is 1
100,000 of 1, bfloat16: norm 316, optax finds 316, clipped to 1.0 it is 1
100,000 of 1, float16: norm 316, optax finds inf, clipped to 1.0 it is 0
1,000,000 of 0.0001, float32: norm 0.1, optax finds 0.1, clipped to 0.01 it is 0.01
1,000,000 of 0.0001, bfloat16: norm 0.1, optax finds 0.1, clipped to 0.01 it is 0.01
1,000,000 of 0.0001, float16: norm 0.1, optax finds 0, clipped to 0.01 it is 0.1
clip_by_block_rms(1) of 1,000 numbers of 300, float16: norm 0, meant 32
100 steps from 1 towards 0, float32: there
100 steps from 1 towards 0, float16: has not moved
WANTED
echo "as stated"
