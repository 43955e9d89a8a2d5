#!/usr/bin/env bash
# jax 0.10.2: of 50,000 equally likely classes, jax.random.categorical draws from the first fifth alone where logits are in
# bfloat16, and jax.random.normal in bfloat16 has a mean below 0.
#
# categorical adds Gumbel noise to the logits and takes the largest. The noise is made in the dtype of the logits, from random
# numbers of as many bits as the dtype has behind the point: in bfloat16 there are 128 different ones. One class in 128 gets
# the largest of them, and of those argmax takes the first, so that classes of small index are drawn whatever their number: of
# 1,000 that are equally likely the first fifth has 81 of 100 draws, and of 50,000 all, also in float16, which has 1,024 numbers.
# Logits of a net that computes in bfloat16 come in bfloat16. Of words whose probability falls with their rank, which in float32
# lie beyond the thousandth in 29 draws of 100, none does. The manual says of float32 that events rarer than 1e-7 are drawn
# wrongly, and of the other dtypes nothing; mode="high" goes half the way, logits cast to float32 all of it.
# normal is made of the same 128 numbers, which reach from -2.9 to 2.5 and have the mean -0.011: nothing in one weight, but the
# bias is the same in each. With he_normal in bfloat16, a layer that is 2,048 wide and gets what a ReLU leaves has 33 % of its
# outputs above 0 instead of 50 %, one 256 wide 45 %. One expects numbers that were made in float32 and rounded. That other
# numbers are drawn than in float32 was reported and closed (jax-ml/jax, issue 30879).
#
# Seen with numpy 2.4.6 under Python 3.11 on Linux x86_64, on the CPU. About 150 MB are downloaded, it takes a minute or two.
# Fails if what it prints changes.
# To run it: bash findings/jax_random_bfloat16.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import jax
import numpy as np
from jax import numpy as jnp

DTYPES = (jnp.float32, jnp.bfloat16, jnp.float16)
KEYS = [jax.random.key(seed) for seed in range(3)]

def plain(x):
    return np.asarray(x.astype(jnp.float32), float)

def draws(logits, **options):
    return np.concatenate([np.asarray(jax.random.categorical(key, logits, shape=(100,), **options)) for key in KEYS])

def fifths(i, count):
    """Which share of the draws falls into each fifth of the classes."""
    return " ".join(f"{part / i.size:.2f}" for part in np.histogram(i, 5, (0, count))[0])

print("jax", jax.__version__)
for dtype in DTYPES:
    x = np.concatenate([plain(jax.random.normal(key, (300_000,), dtype)) for key in KEYS])
    different = f"{np.unique(x).size:,}" if np.unique(x).size < 10_000 else "plenty of"
    print(f"standard normal, {dtype.__name__}: mean {x.mean():.3f}, from {x.min():.1f} to {x.max():.1f}, {different} numbers")

for count in (50, 1000, 50_000):
    for dtype in DTYPES:
        print(f"{count:,} classes alike, {dtype.__name__}: fifths of them drawn", fifths(draws(jnp.zeros(count, dtype)), count))
print("50,000 classes alike, bfloat16, mode high:", fifths(draws(jnp.zeros(50_000, jnp.bfloat16), mode="high"), 50_000))

rank = np.random.default_rng(0).permutation(50_000) + 1                  # word of rank r: probability in proportion to 1 / r
for dtype in DTYPES:
    logits = jnp.asarray(-np.log(rank), dtype)
    p = np.exp(plain(logits))
    share = (rank[draws(logits)] > 1000).mean()
    print(f"words beyond rank 1,000 of 50,000, {dtype.__name__}: {share:.2f}, right {p[rank > 1000].sum() / p.sum():.2f}")

for width in (256, 2048):
    for dtype in DTYPES:
        found = []
        for seed, key in enumerate(KEYS):
            x = np.maximum(np.random.default_rng(seed).normal(size=(16, width)), 0)
            found.append((x @ plain(jax.nn.initializers.he_normal()(key, (width, width), dtype)) > 0).mean())
        print(f"He's start, {width:,} wide, {dtype.__name__}: above 0 are", " ".join(f"{share:.2f}" for share in found))
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 jax==0.10.2 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
JAX_PLATFORMS=cpu "$folder/venv/bin/python" "$folder/try.py" | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
jax 0.10.2
standard normal, float32: mean 0.001, from -5.1 to 4.6, plenty of numbers
standard normal, bfloat16: mean -0.011, from -2.9 to 2.5, 128 numbers
standard normal, float16: mean -0.003, from -3.5 to 3.2, 1,024 numbers
50 classes alike, float32: fifths of them drawn 0.22 0.17 0.22 0.19 0.19
50 classes alike, bfloat16: fifths of them drawn 0.19 0.24 0.25 0.14 0.17
50 classes alike, float16: fifths of them drawn 0.17 0.19 0.22 0.22 0.19
1,000 classes alike, float32: fifths of them drawn 0.19 0.18 0.19 0.21 0.23
1,000 classes alike, bfloat16: fifths of them drawn 0.81 0.14 0.04 0.01 0.00
1,000 classes alike, float16: fifths of them drawn 0.28 0.25 0.17 0.18 0.13
50,000 classes alike, float32: fifths of them drawn 0.20 0.21 0.23 0.17 0.19
50,000 classes alike, bfloat16: fifths of them drawn 1.00 0.00 0.00 0.00 0.00
50,000 classes alike, float16: fifths of them drawn 1.00 0.00 0.00 0.00 0.00
50,000 classes alike, bfloat16, mode high: 0.47 0.26 0.15 0.07 0.06
words beyond rank 1,000 of 50,000, float32: 0.29, right 0.34
words beyond rank 1,000 of 50,000, bfloat16: 0.00, right 0.34
words beyond rank 1,000 of 50,000, float16: 0.00, right 0.34
He's start, 256 wide, float32: above 0 are 0.50 0.51 0.49
He's start, 256 wide, bfloat16: above 0 are 0.46 0.46 0.44
He's start, 256 wide, float16: above 0 are 0.49 0.51 0.52
He's start, 2,048 wide, float32: above 0 are 0.50 0.50 0.51
He's start, 2,048 wide, bfloat16: above 0 are 0.33 0.33 0.32
He's start, 2,048 wide, float16: above 0 are 0.48 0.47 0.48
WANTED
echo "as stated"
