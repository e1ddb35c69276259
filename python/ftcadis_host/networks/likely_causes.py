"""Likely causes, with remedies, of weights that do not fit a network, from names and shapes."""

from __future__ import annotations

from collections.abc import Mapping

Shapes = Mapping[str, tuple[int, ...]]

USUAL = "Give the file that belongs to this architecture, or the architecture's arguments that belong to this file."

# Tensor names that identify a file's origin: a part of a name, the origin, the remedy.
TELLING_NAMES = (
    (("lora_A.", "lora_B."), "The file holds LoRA adapters, not a network.", "Give their folder as `checkpoint`, and the weights of the network that they belong to as `classifier.path`."),
    (("cond_stage_model.", "model.diffusion_model.", "first_stage_model."), "The file is a text-to-image model (Stable Diffusion).", "Give an unconditional denoiser of images."),
    ((".attn2.", "encoder_hid_proj", "add_embedding."), "The file is a UNet that needs a text.", "Give an unconditional denoiser of images."),
    (("label_emb.", "class_embedding."), "The file is class-conditional: it needs the class that is to be found out.", "Give an unconditional denoiser."),
    (("text_model.", "transformer.resblocks.", "token_embedding."), "The file holds a text encoder too, as CLIP does.", "Give the weights of an image classifier."),
    (("input_blocks.", "output_blocks."), "The file is a denoiser of OpenAI's.", "Give it as the denoiser, with source 'openai', or the weights of a classifier here."),
)  # fmt: skip


def likely_cause(
    expected: Shapes, found: Shapes, missing: list[str], unexpected: list[str], misshaped: list[str]
) -> tuple[str, str]:
    """Returns (cause with a space after it, or nothing; remedy) for a network with the expected shapes, given those found."""
    for parts, cause, remedy in TELLING_NAMES:
        if any(part in key for key in unexpected for part in parts) and not any(
            part in key for key in expected for part in parts
        ):
            return f"{cause} ", remedy
    common = len(expected) - len(missing)
    if common <= len(expected) // 10:
        return "Hardly a key of it is the network's: it is another architecture, or has another library's names. ", USUAL
    if misshaped and not missing and not unexpected:
        return _of_shapes(expected, found, misshaped)
    if not misshaped and not unexpected and len(missing) < len(expected) / 4 and len({_module(key) for key in missing}) == 1:
        return f"The file lacks the module '{_module(missing[0])}' alone. ", USUAL
    numbered = [key for key in missing or unexpected if any(part.isdecimal() for part in key.split("."))]
    if not misshaped and len(numbered) == len(missing or unexpected) and bool(missing) != bool(unexpected):
        more = "fewer" if missing else "more"
        return f"The file has {more} layers than the network: it is of another depth. ", USUAL
    return "", USUAL


def _of_shapes(expected: Shapes, found: Shapes, misshaped: list[str]) -> tuple[str, str]:
    names = [key.rsplit(".", 1)[-1] for key in misshaped]
    if all("pos_embed" in key or "position_embed" in key or "relative_position" in key for key in misshaped):
        return "Only positions differ: the weights are for images of another size. ", (
            "Give the architecture's image size in `classifier.modelArgs`, as { img_size: 224 }."
        )
    if len(misshaped) <= 2 and set(names) <= {"weight", "bias"} and len({_module(key) for key in misshaped}) == 1:
        first = misshaped[0]
        is_last = list(expected)[-1].startswith(_module(first))
        if is_last and found[first][1:] == expected[first][1:]:
            return f"Only the head differs: the file has {found[first][0]} classes, the network {expected[first][0]}. ", USUAL
    if all(len(found[key]) == len(expected[key]) for key in misshaped) and len(misshaped) > len(expected) / 2:
        return "Most tensors differ: the file is the same architecture in another width. ", USUAL
    if any(found[key][1:2] != expected[key][1:2] and len(found[key]) == 4 for key in misshaped) and len(misshaped) == 1:
        channels = found[misshaped[0]][1]
        return f"The first layer differs: the file takes images of {channels} channels. ", USUAL
    return "", USUAL


def _module(key: str) -> str:
    return key.rpartition(".")[0]
