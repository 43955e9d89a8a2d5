"""A basic block with a projection in PyTorch: `make logs NAME=torch_block`, at once. Without PyTorch the stored log stays as it is.

Three channels to four, stride 2, images of 5 × 6, in float64 and in training mode. Weights, and each gamma and beta, are drawn at random.
The arrays: `x`, `dy`; the parameters, in the order in which they are used, `value 0` to `value 8`, and their gradients, `grad 0` to
`grad 8`; `y`, `dx`; after the step, the running means and variances of the three batch norms, `buffer 0` to `buffer 5`.
"""
import numpy as np

from helpers import logs


def main(arguments=None):
    with logs.executor(__doc__, arguments):
        try:
            import torch
            from torch import nn
        except ImportError:
            print("PyTorch is not installed, so the stored log stays as it is: pip install -e .[torch]")
            return

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
                                          nn.Conv2d(4, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4))
                self.shortcut = nn.Sequential(nn.Conv2d(3, 4, 1, 2, bias=False), nn.BatchNorm2d(4))

            def forward(self, x):
                return torch.relu(self.body(x) + self.shortcut(x))

        rng, block = np.random.default_rng(0), Block().double()
        with torch.no_grad():
            for parameter in block.parameters():
                parameter.copy_(torch.from_numpy(rng.standard_normal(tuple(parameter.shape))))
        x = torch.from_numpy(rng.standard_normal((2, 3, 5, 6))).requires_grad_()
        found = {f"value {place}": parameter.detach().numpy().copy() for place, parameter in enumerate(block.parameters())}
        y = block(x)
        dy = torch.from_numpy(rng.standard_normal(tuple(y.shape)))
        y.backward(dy)
        found |= {f"grad {place}": parameter.grad.numpy() for place, parameter in enumerate(block.parameters())}
        buffers = [buffer.numpy() for name, buffer in block.named_buffers() if "running" in name]
        found |= {f"buffer {place}": buffer for place, buffer in enumerate(buffers)}
        logs.save("torch_block", {"x": x.detach().numpy(), "dy": dy.numpy(), "y": y.detach().numpy(), "dx": x.grad.numpy(), **found})


if __name__ == "__main__":
    main()
