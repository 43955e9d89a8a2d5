"""One network trained here and in PyTorch: `make logs NAME=two_trainings`, about six minutes. Without PyTorch the stored log stays as it is.

The two-layer CNN of lesson 05 with its initial weights, on MNIST: one epoch of 600 batches of 100 in the order in which they lie, Adam with
a learning rate of 0.001, from seeds 0, 1 and 2, in float32 and in float64, all with one thread.
The arrays, (3, 600): `float32 here`, `float32 PyTorch`, `float64 here` and `float64 PyTorch`, the losses before each step.
"""
import numpy as np

from helpers import data, functional as F, handover, logs, models, optim

SEEDS, BATCH, LR = (0, 1, 2), 100, 1e-3


def main(arguments=None):
    with logs.executor(__doc__, arguments):
        try:
            import torch
        except ImportError:
            print("PyTorch is not installed, so the stored log stays as it is: pip install -e .[torch]")
            return

        def here(net, x, labels):
            adam, found = optim.Adam(net.parameters(), lr=LR), []
            for start in range(0, len(x), BATCH):
                loss, dlogits = F.cross_entropy(net.forward(x[start:start + BATCH]), labels[start:start + BATCH])
                net.backward(dlogits)
                adam.step()
                found.append(float(loss))
            return found

        def there(peer, x, labels):
            adam, found = torch.optim.Adam(peer.parameters(), lr=LR), []
            for start in range(0, len(x), BATCH):
                adam.zero_grad()
                logits = peer(torch.from_numpy(x[start:start + BATCH]))
                loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels[start:start + BATCH]))
                loss.backward()
                adam.step()
                found.append(loss.item())
            return found

        torch.set_num_threads(1)
        digits, losses = data.load_digits("mnist"), {}
        labels = digits.y_train.astype(np.int64)
        for name, dtype in (("float32", np.float32), ("float64", np.float64)):
            x = digits.x_train.astype(dtype)
            for seed in SEEDS:
                net = models.two_layer_cnn(seed=seed)
                net = net.double() if dtype is np.float64 else net
                peer = handover.to_torch(net)  # before the weights move
                losses.setdefault(f"{name} PyTorch", []).append(there(peer, x, labels))
                losses.setdefault(f"{name} here", []).append(here(net, x, labels))
                print(name, seed, flush=True)
        logs.save("two_trainings", {key: np.array(some) for key, some in losses.items()})


if __name__ == "__main__":
    main()
