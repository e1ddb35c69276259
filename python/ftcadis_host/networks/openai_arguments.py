"""Translates the arguments of OpenAI's diffusion repositories to UNet2DModel's configuration and a noise schedule.

Source: `script_util.py` of guided-diffusion (22e0df8) and of improved-diffusion (1bc7bbb).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import SpecError

# Defaults of both repositories' `model_and_diffusion_defaults`, where they agree.
DEFAULTS: dict[str, Any] = {
    "image_size": 64,
    "num_channels": 128,
    "num_res_blocks": 2,
    "num_heads": 4,
    "num_heads_upsample": -1,
    "num_head_channels": -1,
    "attention_resolutions": "16,8",
    "channel_mult": "",
    "dropout": 0.0,
    "class_cond": False,
    "use_scale_shift_norm": True,
    "resblock_updown": False,
    "use_new_attention_order": False,
    "learn_sigma": False,
    "diffusion_steps": 1000,
    "noise_schedule": "linear",
    "predict_xstart": False,
}
# Where they differ: False in guided-diffusion, True in improved-diffusion. It changes nothing at 1,000 steps.
RESCALE = "rescale_timesteps"
# Arguments of the same commands about training, sampling or memory, without effect on one-shot denoising.
WITHOUT_EFFECT = {
    "use_checkpoint", "use_fp16", "sigma_small", "use_kl", "rescale_learned_sigmas", "timestep_respacing",
}  # fmt: skip

PRESETS: dict[str, dict[str, Any]] = {
    # guided-diffusion, 256x256_diffusion_uncond.pt
    "imagenet256": {
        "image_size": 256,
        "num_channels": 256,
        "num_res_blocks": 2,
        "num_head_channels": 64,
        "attention_resolutions": "32,16,8",
        "resblock_updown": True,
        "learn_sigma": True,
        "diffusion_steps": 1000,
        "noise_schedule": "linear",
        "rescale_timesteps": False,
    },
    # improved-diffusion, cifar10_uncond_50M_500K.pt
    "cifar10": {
        "image_size": 32,
        "num_channels": 128,
        "num_res_blocks": 3,
        "attention_resolutions": "16,8",
        "dropout": 0.3,
        "learn_sigma": True,
        "diffusion_steps": 4000,
        "noise_schedule": "cosine",
        "rescale_timesteps": True,
    },
}

# Defaults of `channel_mult` in the two scripts.
CHANNEL_MULT = {
    512: (0.5, 1, 1, 2, 2, 4, 4),
    256: (1, 1, 2, 2, 4, 4),
    128: (1, 1, 2, 3, 4),
    64: (1, 2, 3, 4),
    32: (1, 2, 2, 2),
}
# Both scripts fix the number of classes of a class-conditional network at ImageNet's.
CLASSES = 1000


def complete_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns OpenAI's arguments with the defaults filled in; raises `SpecError` for a name that neither repository has."""
    unknown = sorted(set(arguments) - set(DEFAULTS) - WITHOUT_EFFECT - {RESCALE})
    if unknown:
        raise SpecError(
            f"Unknown arguments {unknown} of an OpenAI diffusion model. "
            f"Known are {sorted({*DEFAULTS, *WITHOUT_EFFECT, RESCALE})}."
        )
    complete = {**DEFAULTS, **{key: value for key, value in arguments.items() if key not in WITHOUT_EFFECT}}
    if RESCALE not in complete:
        if complete["diffusion_steps"] != 1000:
            raise SpecError(
                f"'{RESCALE}' is missing with {complete['diffusion_steps']} diffusion steps, and the defaults of "
                "OpenAI's repositories differ. Give true, improved-diffusion's default, or false, guided-diffusion's."
            )
        complete[RESCALE] = False
    if complete["predict_xstart"]:
        raise SpecError("'predict_xstart' is true: it predicts images, not noise. Use a denoiser that predicts noise.")
    return complete


def channel_multipliers(arguments: Mapping[str, Any]) -> tuple[float, ...]:
    """Returns the width of each level in units of `num_channels`, from `channel_mult` or the table for the image size."""
    if arguments["channel_mult"] not in ("", None):
        return _numbers(arguments["channel_mult"])
    if arguments["image_size"] not in CHANNEL_MULT:
        raise SpecError(
            f"'channel_mult' is missing for image size {arguments['image_size']}; it is known for "
            f"{sorted(CHANNEL_MULT)}. Give it, as '1,2,4'."
        )
    return CHANNEL_MULT[arguments["image_size"]]


def unet_config(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns keyword arguments of UNet2DModel for OpenAI's (complete) arguments."""
    multipliers = channel_multipliers(arguments)
    attention = attention_levels(arguments)
    resnet = arguments["resblock_updown"]
    plain = "ResnetDownsampleBlock2D" if resnet else "DownBlock2D"
    down = ["AttnDownBlock2D" if has else plain for has in attention]
    # diffusers' configuration allows one width of all heads, but not one number of heads over several widths: then `None`, and
    # the number is set on each attention afterwards.
    widths = {channels // heads for _, channels, heads in attention_blocks(arguments)}
    return {
        "sample_size": arguments["image_size"],
        "in_channels": 3,
        "out_channels": 6 if arguments["learn_sigma"] else 3,
        "center_input_sample": False,
        "time_embedding_type": "positional",
        "time_embedding_dim": 4 * arguments["num_channels"],
        "freq_shift": 0,
        "flip_sin_to_cos": True,
        "down_block_types": tuple(down),
        "mid_block_type": "UNetMidBlock2D",
        "up_block_types": tuple(name.replace("Down", "Up") for name in reversed(down)),
        "block_out_channels": tuple(int(arguments["num_channels"] * multiplier) for multiplier in multipliers),
        "layers_per_block": arguments["num_res_blocks"],
        "mid_block_scale_factor": 1,
        "downsample_padding": 1,
        "downsample_type": "resnet" if resnet else "conv",
        "upsample_type": "resnet" if resnet else "conv",
        "dropout": arguments["dropout"],
        "act_fn": "silu",
        "attention_head_dim": widths.pop() if len(widths) == 1 else None,
        "norm_num_groups": 32,
        "attn_norm_num_groups": 32,
        "norm_eps": 1e-5,
        "resnet_time_scale_shift": "scale_shift" if arguments["use_scale_shift_norm"] else "default",
        "add_attention": True,
        "num_class_embeds": CLASSES if arguments["class_cond"] else None,
    }


def scheduler_config(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the noise schedule under DDPMScheduler's names, with OpenAI's `rescale_timesteps` in addition."""
    steps = arguments["diffusion_steps"]
    config: dict[str, Any] = {"num_train_timesteps": steps, "prediction_type": "epsilon", RESCALE: arguments[RESCALE]}
    if arguments["noise_schedule"] == "linear":
        scale = 1000 / steps
        return {**config, "beta_schedule": "linear", "beta_start": scale * 0.0001, "beta_end": scale * 0.02}
    if arguments["noise_schedule"] == "cosine":
        return {**config, "beta_schedule": "squaredcos_cap_v2"}
    raise SpecError(f"Unknown 'noise_schedule' {arguments['noise_schedule']!r}. Give 'linear' or 'cosine'.")


def config_is_complete(arguments: Mapping[str, Any]) -> bool:
    """Returns whether `unet_config` alone can rebuild the network, so that it can be stored in diffusers format."""
    config = unet_config(arguments)
    return config["attention_head_dim"] is not None and config["block_out_channels"][0] == arguments["num_channels"]


def attention_levels(arguments: Mapping[str, Any]) -> list[bool]:
    """Returns for each level whether it has attention: level l works at 1/2^l of the image size."""
    rates = {arguments["image_size"] // int(resolution) for resolution in _numbers(arguments["attention_resolutions"])}
    return [2**level in rates for level in range(len(channel_multipliers(arguments)))]


def attention_blocks(arguments: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Returns the blocks of UNet2DModel with attention: name, channels, number of heads."""
    multipliers = channel_multipliers(arguments)
    down = arguments["num_heads"]
    up = down if arguments["num_heads_upsample"] == -1 else arguments["num_heads_upsample"]
    sites = [("mid_block", multipliers[-1], down)]
    for level, attends in enumerate(attention_levels(arguments)):
        if attends:
            sites.append((f"down_blocks.{level}", multipliers[level], down))
            sites.append((f"up_blocks.{len(multipliers) - 1 - level}", multipliers[level], up))
    for block, multiplier, heads in sites:
        channels = int(arguments["num_channels"] * multiplier)
        if arguments["num_head_channels"] != -1:  # overrides both numbers of heads
            heads = channels // arguments["num_head_channels"]
        if heads == 0 or channels % heads:
            raise SpecError(
                f"{channels} channels cannot be divided among {heads} heads (num_heads {arguments['num_heads']}, "
                f"num_head_channels {arguments['num_head_channels']}). Give arguments that belong together."
            )
        yield block, channels, heads


def _numbers(value: Any) -> tuple[float, ...]:
    """Parses '16,8', the form of OpenAI's command line, or a list."""
    return tuple(float(part) for part in (value.split(",") if isinstance(value, str) else value))
