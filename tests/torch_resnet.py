"""`models.resnet` in PyTorch."""
import torch
from torch import nn

from helpers.layers import BatchNorm2d


def peer_of(net):
    """The same network in PyTorch, in the dtype, and with the weights and buffers, of `net`."""

    class Block(nn.Module):
        def __init__(self, ours):
            super().__init__()
            self.conv1, self.bn1, self.conv2, self.bn2 = map(layer, (ours.conv1, ours.bn1, ours.conv2, ours.bn2))
            self.downsample = ours.downsample and nn.Sequential(*map(layer, ours.downsample.layers))

        def forward(self, x):
            y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
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
