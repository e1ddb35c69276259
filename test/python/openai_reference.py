"""OpenAI's UNet as its papers and key names define it, written apart from diffusers, to test the converter against.

Sources: Dhariwal and Nichol (2021), Section 3; Nichol and Dhariwal (2021), Appendix A. It follows the key names of a
state dict alone, so that it runs for any arguments.
"""

import math

import torch
import torch.nn.functional as F


def random_state_dict(arguments, seed=0):
    """A state dict with the keys and shapes that OpenAI's constructor makes for (complete) arguments, float64."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    width = arguments["num_channels"]
    embedding = 4 * width
    multipliers = arguments["channel_mult"]
    rates = [arguments["image_size"] // resolution for resolution in arguments["attention_resolutions"]]

    def add(name, *shape):
        fan_in = math.prod(shape[1:]) if len(shape) > 1 else 1
        values = torch.randn(shape, generator=generator, dtype=torch.float64)
        is_norm = len(shape) == 1 and name.endswith("weight")
        tensors[name] = 1 + 0.3 * values if is_norm else 0.3 * values if len(shape) == 1 else values / fan_in**0.5

    def layer(name, *shape):
        add(f"{name}.weight", *shape)
        add(f"{name}.bias", shape[0])

    def residual(name, inputs, outputs):
        layer(f"{name}.in_layers.0", inputs)
        layer(f"{name}.in_layers.2", outputs, inputs, 3, 3)
        layer(f"{name}.emb_layers.1", outputs * (2 if arguments["use_scale_shift_norm"] else 1), embedding)
        layer(f"{name}.out_layers.0", outputs)
        layer(f"{name}.out_layers.3", outputs, outputs, 3, 3)
        if inputs != outputs:
            layer(f"{name}.skip_connection", outputs, inputs, 1, 1)

    def attention(name, channels):
        layer(f"{name}.norm", channels)
        layer(f"{name}.qkv", 3 * channels, channels, 1)
        layer(f"{name}.proj_out", channels, channels, 1)

    layer("time_embed.0", embedding, width)
    layer("time_embed.2", embedding, embedding)
    channels = int(width * multipliers[0])
    layer("input_blocks.0.0", channels, 3, 3, 3)
    skips, block, rate = [channels], 1, 1
    for level, multiplier in enumerate(multipliers):
        for _ in range(arguments["num_res_blocks"]):
            residual(f"input_blocks.{block}.0", channels, int(width * multiplier))
            channels = int(width * multiplier)
            if rate in rates:
                attention(f"input_blocks.{block}.1", channels)
            skips.append(channels)
            block += 1
        if level < len(multipliers) - 1:
            if arguments["resblock_updown"]:
                residual(f"input_blocks.{block}.0", channels, channels)
            else:
                layer(f"input_blocks.{block}.0.op", channels, channels, 3, 3)
            skips.append(channels)
            block, rate = block + 1, rate * 2
    residual("middle_block.0", channels, channels)
    attention("middle_block.1", channels)
    residual("middle_block.2", channels, channels)
    block = 0
    for level in reversed(range(len(multipliers))):
        for index in range(arguments["num_res_blocks"] + 1):
            residual(f"output_blocks.{block}.0", channels + skips.pop(), int(width * multipliers[level]))
            channels, place = int(width * multipliers[level]), 1
            if rate in rates:
                attention(f"output_blocks.{block}.1", channels)
                place = 2
            if level and index == arguments["num_res_blocks"]:
                if arguments["resblock_updown"]:
                    residual(f"output_blocks.{block}.{place}", channels, channels)
                else:
                    layer(f"output_blocks.{block}.{place}.conv", channels, channels, 3, 3)
                rate //= 2
            block += 1
    layer("out.0", channels)
    layer("out.2", 6 if arguments["learn_sigma"] else 3, channels, 3, 3)
    return tensors


def reference_output(tensors, arguments, x, timesteps):
    """The UNet's output for images [N, 3, H, W] and timesteps [N]."""
    resampling = arguments["resblock_updown"]

    def weights(name):
        return tensors[f"{name}.weight"], tensors[f"{name}.bias"]

    def norm(name, h):
        return F.group_norm(h, 32, *weights(name), eps=1e-5)

    def residual(name, h, resample=None):
        inner = F.silu(norm(f"{name}.in_layers.0", h))
        if resample is not None:
            inner, h = resample(inner), resample(h)
        inner = F.conv2d(inner, *weights(f"{name}.in_layers.2"), padding=1)
        shift = F.linear(F.silu(embedding), *weights(f"{name}.emb_layers.1"))[:, :, None, None]
        if arguments["use_scale_shift_norm"]:
            scale, shift = shift.chunk(2, dim=1)
            inner = norm(f"{name}.out_layers.0", inner) * (1 + scale) + shift
        else:
            inner = norm(f"{name}.out_layers.0", inner + shift)
        inner = F.conv2d(F.silu(inner), *weights(f"{name}.out_layers.3"), padding=1)
        if f"{name}.skip_connection.weight" in tensors:
            h = F.conv2d(h, *weights(f"{name}.skip_connection"))
        return h + inner

    def attention(name, h, heads):
        n, channels, height, width = h.shape
        if arguments["num_head_channels"] != -1:
            heads = channels // arguments["num_head_channels"]
        qkv = F.conv1d(norm(f"{name}.norm", h.reshape(n, channels, -1)), *weights(f"{name}.qkv"))
        if arguments["use_new_attention_order"]:
            q, k, v = (part.reshape(n * heads, channels // heads, -1) for part in qkv.chunk(3, dim=1))
        else:
            q, k, v = qkv.reshape(n * heads, 3 * channels // heads, -1).chunk(3, dim=1)
        affinity = torch.einsum("bct,bcs->bts", q, k) / (channels // heads) ** 0.5
        mixed = torch.einsum("bts,bcs->bct", affinity.softmax(dim=-1), v).reshape(n, channels, -1)
        return h + F.conv1d(mixed, *weights(f"{name}.proj_out")).reshape(h.shape)

    def double(h):
        return F.interpolate(h, scale_factor=2, mode="nearest")

    def halve(h):
        return F.avg_pool2d(h, 2)

    def block(name, h, heads, resample):
        """The parts of one block, in order; a residual block that resamples is one without partner of its own kind."""
        for place in range(3):
            part = f"{name}.{place}"
            if f"{part}.qkv.weight" in tensors:
                h = attention(part, h, heads)
            elif f"{part}.op.weight" in tensors:
                h = F.conv2d(h, *weights(f"{part}.op"), stride=2, padding=1)
            elif f"{part}.conv.weight" in tensors:
                h = F.conv2d(double(h), *weights(f"{part}.conv"), padding=1)
            elif f"{part}.in_layers.0.weight" in tensors:
                h = residual(part, h, resample if place or resample is halve else None)
            elif f"{part}.weight" in tensors:
                h = F.conv2d(h, *weights(part), padding=1)
        return h

    width = arguments["num_channels"]
    frequencies = torch.exp(-math.log(10000) * torch.arange(width // 2, dtype=torch.float32) / (width // 2))
    angles = timesteps[:, None].float() * frequencies
    embedding = torch.cat([angles.cos(), angles.sin()], dim=1).to(x.dtype)
    embedding = F.linear(F.silu(F.linear(embedding, *weights("time_embed.0"))), *weights("time_embed.2"))

    up = arguments["num_heads"] if arguments["num_heads_upsample"] == -1 else arguments["num_heads_upsample"]
    inputs = 1 + max(int(key.split(".")[1]) for key in tensors if key.startswith("input_blocks."))
    outputs = 1 + max(int(key.split(".")[1]) for key in tensors if key.startswith("output_blocks."))
    per_level = arguments["num_res_blocks"] + 1
    h, skips = x, []
    for index in range(inputs):
        last = resampling and index > 0 and index % per_level == 0
        h = block(f"input_blocks.{index}", h, arguments["num_heads"], halve if last else None)
        skips.append(h)
    h = block("middle_block", h, arguments["num_heads"], None)
    for index in range(outputs):
        h = block(f"output_blocks.{index}", torch.cat([h, skips.pop()], dim=1), up, double if resampling else None)
    return F.conv2d(F.silu(norm("out.0", h)), *weights("out.2"), padding=1)
