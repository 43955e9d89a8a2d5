"""`models.preactivation_resnet` in PyTorch, written with nn.functional: no containers, no shared code."""
import torch


def peer_of(net):
    """{name: tensor} of all parameters, {name: tensor} of all buffers, and forward(x, training), which moves the buffers."""
    names = {name for name, _ in net.named_parameters()}
    state = {name: torch.tensor(value) for name, value in net.state_dict().items()}
    parameters = {name: tensor.requires_grad_() for name, tensor in state.items() if name in names}
    buffers = {name: tensor for name, tensor in state.items() if name not in names}

    def normed(x, name, training):
        return torch.nn.functional.batch_norm(x, buffers[f"{name}.running_mean"], buffers[f"{name}.running_var"],
                                              parameters[f"{name}.weight"], parameters[f"{name}.bias"], training, 0.1, 2e-5)

    def conv(x, name, stride=1):
        w = parameters[f"{name}.weight"]
        return torch.nn.functional.conv2d(x, w, None, stride, w.shape[2] // 2)

    def forward(x, training):
        if "bn0.weight" in parameters:
            x = normed(x, "bn0", training)
        x = conv(x, "conv1")
        for stage in (name for name in vars(net) if name.startswith("layer")):
            for place in range(len(getattr(net, stage).layers)):
                at = f"{stage}.{place}."
                stride = 2 if place == 0 and stage != "layer1" else 1
                a = torch.relu(normed(x, at + "bn1", training))
                shortcut = conv(a, at + "downsample", stride) if at + "downsample.weight" in parameters else x
                h = torch.relu(normed(conv(a, at + "conv1"), at + "bn2", training))
                h = torch.relu(normed(conv(h, at + "conv2", stride), at + "bn3", training))
                x = shortcut + conv(h, at + "conv3")
        x = torch.relu(normed(x, "bn", training)).mean((2, 3))
        return x @ parameters["fc.weight"].T + parameters["fc.bias"]

    return parameters, buffers, forward
