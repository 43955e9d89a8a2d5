"""`models.resnet` in PyTorch."""
import torch
from torch import nn

from helpers.layers import BatchNorm2d
from helpers.models.resnet import BasicBlock


def peer_of(net):
    """The same network in PyTorch, in the dtype, and with the weights and buffers, of `net`."""

    class Block(nn.Module):
        def __init__(self, ours):
            super().__init__()
            self.places = (1, 2) if isinstance(ours, BasicBlock) else (1, 2, 3)
            for place in self.places:
                setattr(self, f"conv{place}", layer(getattr(ours, f"conv{place}")))
                setattr(self, f"bn{place}", layer(getattr(ours, f"bn{place}")))
            self.downsample = ours.downsample and nn.Sequential(*map(layer, ours.downsample.layers))

        def forward(self, x):
            y = x
            for place in self.places:
                y = torch.relu(y) if place > 1 else y
                y = getattr(self, f"bn{place}")(getattr(self, f"conv{place}")(y))
            return torch.relu(y + (self.downsample(x) if self.downsample else x))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn1 = layer(net.conv1), layer(net.bn1)
            for name in stages:
                setattr(self, name, nn.Sequential(*map(Block, getattr(net, name).layers)))
            self.fc = nn.Linear(*net.fc.weight.value.shape[::-1])

        def forward(self, x):
            x = nn.functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
            for name in stages:
                x = getattr(self, name)(x)
            return self.fc(x.mean((2, 3)))

    def layer(ours):
        if isinstance(ours, BatchNorm2d):
            return nn.BatchNorm2d(len(ours.weight.value))
        filters, channels, *kernel = ours.weight.value.shape
        return nn.Conv2d(channels, filters, kernel, ours.stride, ours.padding, bias=False)

    stages = [name for name in vars(net) if name.startswith("layer")]
    peer = Net().to(torch.from_numpy(net.fc.weight.value).dtype)
    wrong = peer.load_state_dict({name: torch.tensor(value) for name, value in net.state_dict().items()}, strict=False)
    assert wrong.unexpected_keys == [] and all(name.endswith("num_batches_tracked") for name in wrong.missing_keys)
    return peer
