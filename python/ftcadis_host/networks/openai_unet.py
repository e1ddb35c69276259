"""OpenAI's diffusion UNets (guided-diffusion, improved-diffusion) as `diffusers.UNet2DModel`.

The stock UNet2DModel computes the same function as both of OpenAI's UNets. So this file has no network, only the
configuration for OpenAI's arguments, and a strict conversion of the state dict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from .lean_diffusers import diffusers
from .openai_arguments import attention_blocks, attention_levels, channel_multipliers, unet_config
from .weights import Shapes

# Layers of a residual block and of an attention block, OpenAI's names and diffusers'.
RESIDUAL_BLOCK = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}
ATTENTION = {"norm": "group_norm", "qkv": "to_q", "proj_out": "to_out.0"}


def build_unet(arguments: Mapping[str, Any]) -> nn.Module:
    """Makes the UNet for OpenAI's (complete) arguments, on the current default device: `meta` is free."""
    config = unet_config(arguments)
    unet = diffusers().UNet2DModel(**config)
    if config["attention_head_dim"] is None:
        for block, _, heads in attention_blocks(arguments):
            for attention in unet.get_submodule(block).attentions:
                attention.heads = attention.sliceable_head_dim = heads
                attention.scale = (attention.inner_dim // heads) ** -0.5
    if config["block_out_channels"][0] != arguments["num_channels"]:
        # diffusers embeds the timestep in the width of the first level, OpenAI in `num_channels`.
        from diffusers.models.embeddings import TimestepEmbedding, Timesteps

        unet.time_proj = Timesteps(arguments["num_channels"], True, 0)
        unet.time_embedding = TimestepEmbedding(arguments["num_channels"], config["time_embedding_dim"])
    return unet


@dataclass(frozen=True)
class Conversion:
    """The conversion of one tensor of OpenAI's state dict to one or three of UNet2DModel's."""

    source: str
    targets: tuple[str, ...]
    # Shape of the source tensor.
    shape: tuple[int, ...]
    # Number of heads that interleave a fused query, key and value; 0 if it is not fused.
    heads: int = 0

    def apply(self, tensor: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
        """Yields the new tensors by name: views if the layout allows it, else copies of this one tensor."""
        if len(self.targets) == 1:
            # OpenAI's attention uses 1×1 convolutions over a line, diffusers uses linear layers.
            yield self.targets[0], tensor[:, :, 0] if tensor.ndim == 3 else tensor
            return
        channels = tensor.shape[0] // 3
        rest = tensor.shape[1:2]
        if self.heads:
            tensor = tensor.reshape(self.heads, 3, channels // self.heads, *rest).transpose(0, 1)
        for target, part in zip(self.targets, tensor.reshape(3, channels, *rest), strict=True):
            yield target, part


def conversions(arguments: Mapping[str, Any], unet: nn.Module) -> list[Conversion]:
    """Returns one entry for every tensor of OpenAI's state dict, in the order of its network.

    Together the targets are the UNet's own keys, each once; the sources with their shapes are the required content of a checkpoint
    with these arguments.
    """
    shapes = {key: tuple(tensor.shape) for key, tensor in unet.state_dict().items()}
    found = []
    for source, target in _layers(arguments):
        if source.endswith(".qkv"):
            block = target.removesuffix(".to_q")
            heads = 0 if arguments["use_new_attention_order"] else unet.get_submodule(block).heads
            channels = shapes[f"{target}.weight"][0]
            for kind, shape in (("weight", (3 * channels, channels, 1)), ("bias", (3 * channels,))):
                targets = tuple(f"{block}.to_{part}.{kind}" for part in "qkv")
                found.append(Conversion(f"{source}.{kind}", targets, shape, heads))
            continue
        for kind in ("weight", "bias"):
            key = f"{target}.{kind}"
            if key in shapes:
                line = source.endswith(".proj_out") and kind == "weight"
                found.append(Conversion(f"{source}.{kind}", (key,), (*shapes[key], 1) if line else shapes[key]))
    return found


def expected_shapes(plan: list[Conversion]) -> Shapes:
    """Returns every key and shape of OpenAI's state dict."""
    return {step.source: step.shape for step in plan}


def convert(tensors: Mapping[str, torch.Tensor], plan: list[Conversion]) -> dict[str, torch.Tensor]:
    """Converts OpenAI's state dict to UNet2DModel's names. Check the shapes against `expected_shapes` before."""
    return dict(pair for step in plan for pair in step.apply(tensors[step.source]))


def _layers(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Returns layer names, OpenAI's and diffusers', of all possible layers; a shortcut, for example, may be an identity."""
    yield from (("time_embed.0", "time_embedding.linear_1"), ("time_embed.2", "time_embedding.linear_2"))
    yield "label_emb", "class_embedding"
    yield "input_blocks.0.0", "conv_in"
    for source, target, names in _blocks(arguments):
        yield from ((f"{source}{a}", f"{target}{b}") for a, b in names.items())
    yield from (("out.0", "conv_norm_out"), ("out.2", "conv_out"))


def _blocks(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    residual = {f".{a}": f".{b}" for a, b in RESIDUAL_BLOCK.items()}
    attention = {f".{a}": f".{b}" for a, b in ATTENTION.items()}
    resample = residual if arguments["resblock_updown"] else None
    layers = arguments["num_res_blocks"]
    levels = len(channel_multipliers(arguments))
    attends = attention_levels(arguments)

    count = 1
    for level in range(levels):
        for layer in range(layers):
            yield f"input_blocks.{count}.0", f"down_blocks.{level}.resnets.{layer}", residual
            if attends[level]:
                yield f"input_blocks.{count}.1", f"down_blocks.{level}.attentions.{layer}", attention
            count += 1
        if level < levels - 1:
            yield f"input_blocks.{count}.0", f"down_blocks.{level}.downsamplers.0", resample or {".op": ".conv"}
            count += 1

    yield "middle_block.0", "mid_block.resnets.0", residual
    yield "middle_block.1", "mid_block.attentions.0", attention
    yield "middle_block.2", "mid_block.resnets.1", residual

    count = 0
    for block, level in enumerate(reversed(range(levels))):
        for layer in range(layers + 1):
            yield f"output_blocks.{count}.0", f"up_blocks.{block}.resnets.{layer}", residual
            if attends[level]:
                yield f"output_blocks.{count}.1", f"up_blocks.{block}.attentions.{layer}", attention
            if level > 0 and layer == layers:
                # The upsampler belongs to the last block of its level, after the attention if there is one.
                source = f"output_blocks.{count}.{2 if attends[level] else 1}"
                yield source, f"up_blocks.{block}.upsamplers.0", resample or {".conv": ".conv"}
            count += 1
