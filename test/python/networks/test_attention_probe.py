import unittest

import network_files  # noqa: F401, isort: skip

import timm
import torch
import torch.nn.functional as F
from ftcadis_host.errors import SpecError
from ftcadis_host.networks import lora
from ftcadis_host.networks.attention_probe import check_layouts
from torch import nn

DIM, HEADS = 12, 2


class Attention(nn.Module):
    """Attention of two heads; order: how the rows of its fused layer are named."""

    def __init__(self, order, fused):
        super().__init__()
        self.order, self.fused, self.num_heads = order, fused, HEADS
        self.qkv = nn.Linear(DIM, (2 if order == "kv" else 3) * DIM)

    def forward(self, x):
        batch, tokens, _ = x.shape
        rows = F.linear(x, self.qkv.weight) if self.order == "unused" else self.qkv(x)
        parts = rows.shape[-1] // DIM
        if self.order == "interleaved":
            q, k, v = rows.view(batch, tokens, HEADS, 3, -1).permute(3, 0, 2, 1, 4)
        else:
            split = rows.view(batch, tokens, parts, HEADS, -1).permute(2, 0, 3, 1, 4)
            own = x.view(batch, tokens, HEADS, -1).transpose(1, 2)
            named = dict(zip({"unused": "qkv"}.get(self.order, self.order), split, strict=True))
            q, k, v = (named.get(part, own) for part in "qkv")
        if self.fused:
            out = F.scaled_dot_product_attention(q, k, v)
        else:
            out = (q @ k.transpose(-1, -2)).softmax(dim=-1) @ v
        return out.transpose(1, 2).flatten(2)


class Network(nn.Module):
    def __init__(self, *attentions):
        super().__init__()
        self.stem = nn.Conv2d(1, DIM, 4, stride=4)
        self.attentions = nn.ModuleList(attentions)
        self.drop, self.head = nn.Dropout(0.5), nn.Linear(DIM, 3)

    def forward(self, x):
        if x.shape[-1] != 8:
            raise ValueError("Images of 8x8 pixels, please.")
        x = self.stem(x).flatten(2).transpose(1, 2)
        for attention in self.attentions:
            x = x + self.drop(attention(x))
        return self.head(x.mean(1))


def network(*orders, fused):
    torch.manual_seed(0)
    return Network(*(Attention(order, fused) for order in orders))


class TestLayouts(unittest.TestCase):
    def refuses(self, model, message):
        with self.assertRaisesRegex(SpecError, message):
            lora.add_adapters(model, rank=1, alpha=1, heads=["head"])

    def test_query_key_value_is_adapted(self):
        for fused in (True, False):
            with self.subTest(fused=fused):
                lora.add_adapters(network("qkv", "qkv", fused=fused), rank=1, alpha=1, heads=["head"])

    def test_any_other_order_is_refused_by_name_in_whatever_layer_it_is(self):
        for fused in (True, False):
            for order, message in (
                ("interleaved", "'attentions.1' .* interleaves .* by head.*full fine-tuning"),
                ("kv", "'attentions.1' .* key and value alone"),
                ("vqk", "'attentions.1' .* not query, key, value in this order"),
                ("unused", "'attentions.1' .* not what that computes"),
            ):
                with self.subTest(order, fused=fused):
                    self.refuses(network("qkv", order, fused=fused), message)
        self.refuses(network("kqv", fused=True), "orders .* key, query, value")

    def test_of_the_networks_of_timm(self):
        for name, message in (
            ("tiny_vit_5m_224", "by head"),
            ("efficientformer_l1", "by head"),
            ("maxvit_pico_rw_256", "by head"),
            ("gcvit_xxtiny", "key and value alone"),
        ):
            with self.subTest(name):
                self.refuses(timm.create_model(name), message)
        for name in ("swin_tiny_patch4_window7_224", "xcit_nano_12_p16_224", "edgenext_xx_small", "mobilevit_xxs"):
            with self.subTest(name):
                check_layouts(timm.create_model(name))

    def test_leaves_modes_weights_and_random_numbers_as_they_were(self):
        model = network("qkv", fused=True)
        model.drop.eval()
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        modes = [module.training for module in model.modules()]
        torch.manual_seed(1)
        drawn = torch.rand(1)
        torch.manual_seed(1)
        check_layouts(model)
        self.assertTrue(torch.equal(drawn, torch.rand(1)))
        self.assertEqual([module.training for module in model.modules()], modes)
        self.assertTrue(all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items()))
        self.assertFalse(model.attentions[0]._forward_pre_hooks or model.attentions[0].qkv._forward_hooks)

    def test_a_network_that_takes_no_image_is_refused(self):
        model = network("qkv", fused=True)
        model.forward = None
        self.refuses(model, "takes none of the images")


if __name__ == "__main__":
    unittest.main()
