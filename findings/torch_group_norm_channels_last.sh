#!/usr/bin/env bash
# torch 2.13.0 on the CPU: group norm of one and the same tensor is right channels first and wrong channels last.
#
# `x.contiguous(memory_format=torch.channels_last)` changes where numbers lie in memory, and nothing else: shape, values and
# indices stay, and PyTorch's tuning guide recommends it for images. Group norm then sums in another way. Where a group's
# mean is 100 times its deviation, outputs are off by hundredths; where it is 1,000 times, outputs that should lie within
# some 5 of 0 lie beyond 10, and their deviation is over 3 instead of 1. Channels first they are right, and instance norm
# and batch norm are right to 0.01 both ways, so that it is not float32 that loses the numbers. It is the size of error that
# one pass over the data gives, the mean of the squares less the square of the mean, where two large numbers are subtracted;
# group norm channels first had that fault, too, until it was corrected (pytorch/pytorch, issue 54293). A mean that is large
# beside the deviation is what a pale picture has. A net that was trained channels first and is run channels last gives
# other outputs, without a message.
#
# Seen with numpy 2.4.6 under Python 3.11 on Linux x86_64. Some 300 MB are downloaded, with a build of PyTorch for GPUs some
# GB; it takes a minute. Fails if what it prints changes.
# To run it: bash findings/torch_group_norm_channels_last.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import numpy as np
import torch
from torch.nn import functional as F

noise = np.random.default_rng(0).standard_normal((2, 32, 64, 64))

def formula(x, groups):
    """Of the very numbers that the layer gets, in float64 and in two passes."""
    parts = x.astype(np.float64).reshape(*groups, -1)
    mean = parts.mean(axis=-1, keepdims=True)
    return ((parts - mean) / np.sqrt(((parts - mean) ** 2).mean(axis=-1, keepdims=True) + 1e-5)).reshape(x.shape)

def one_pass(x, groups):
    """Mean of the squares less square of the mean, in float32, the sums channel by channel and pixel by pixel."""
    pixels = np.ascontiguousarray(x.reshape(*x.shape[:2], -1).transpose(0, 2, 1))
    def group_mean(y):
        return y.mean(axis=1).reshape(*groups, -1).mean(axis=-1).repeat(x.shape[1] // groups[1], axis=1)[:, :, None, None]
    mean, squares = group_mean(pixels), group_mean(pixels ** 2)
    return (x - mean) / np.sqrt(np.maximum(squares - mean ** 2, 0) + np.float32(1e-5))

def verdict(found, wanted):
    found = np.asarray(found)
    off = np.abs(found - wanted).max()
    sizes = ((0.01, "under 0.01"), (0.5, "0.01 to 0.5"), (10, "0.5 to 10"), (np.inf, "over 10"))
    size = next(word for limit, word in sizes if off < limit)
    return f"off by {size}" + (", deviation over 3" if found.std() > 3 else "")

print("torch", torch.__version__.partition("+")[0])
for mean, deviation in ((0, 1), (10, 0.1), (100, 0.1)):
    x = (mean + deviation * noise).astype(np.float32)
    first = torch.from_numpy(x)
    last = first.contiguous(memory_format=torch.channels_last)
    assert torch.equal(first, last)
    print("mean", mean, "deviation", deviation)
    for layout, tensor in (("channels first", first), ("channels last", last)):
        print(" ", layout, "group norm:", verdict(F.group_norm(tensor, 8), formula(x, (2, 8))))
        print(" ", layout, "instance norm:", verdict(F.instance_norm(tensor), formula(x, (2, 32))))
        by_channel = formula(x.transpose(1, 0, 2, 3), (32,)).transpose(1, 0, 2, 3)
        print(" ", layout, "batch norm:", verdict(F.batch_norm(tensor, None, None, training=True), by_channel))
    print("  group norm in one pass:", verdict(one_pass(x, (2, 8)), formula(x, (2, 8))))
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 torch==2.13.0 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
"$folder/venv/bin/python" "$folder/try.py" | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
torch 2.13.0
mean 0 deviation 1
  channels first group norm: off by under 0.01
  channels first instance norm: off by under 0.01
  channels first batch norm: off by under 0.01
  channels last group norm: off by under 0.01
  channels last instance norm: off by under 0.01
  channels last batch norm: off by under 0.01
  group norm in one pass: off by under 0.01
mean 10 deviation 0.1
  channels first group norm: off by under 0.01
  channels first instance norm: off by under 0.01
  channels first batch norm: off by under 0.01
  channels last group norm: off by 0.01 to 0.5
  channels last instance norm: off by under 0.01
  channels last batch norm: off by under 0.01
  group norm in one pass: off by 0.01 to 0.5
mean 100 deviation 0.1
  channels first group norm: off by under 0.01
  channels first instance norm: off by under 0.01
  channels first batch norm: off by under 0.01
  channels last group norm: off by over 10, deviation over 3
  channels last instance norm: off by under 0.01
  channels last batch norm: off by under 0.01
  group norm in one pass: off by over 10, deviation over 3
WANTED
echo "as stated"
