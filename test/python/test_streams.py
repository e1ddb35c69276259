import hashlib
import unittest
from unittest import mock

import numpy as np
import torch
from ftcadis_host import streams
from ftcadis_host.host import Host

# test/streams.test.ts has the same.
NAME = (0, "certify", 7, "é")
FIRST_BYTES = "a39f3501d27172e2fd71ae450ce1070e35fc40c3b9deb16ecd4e37de929babaa13922278cf333b35"

# These streams of two images were one and the same while seeds had 32 bits.
ALIKE_IN_32_BITS = [(0, "certify", 6080, "estimation"), (0, "certify", 45145, "selection")]


def old_seed(name):
    return int.from_bytes(hashlib.sha256(str(list(name)).replace("'", '"').replace(" ", "").encode()).digest()[:8], "big") >> 12


class Streams(unittest.TestCase):
    def test_bytes_are_sha256_of_the_name_in_counter_mode(self):
        self.assertEqual(streams.stream_bytes(*NAME, count=40).hex(), FIRST_BYTES)
        key = hashlib.sha256('[0,"certify",7,"é"]'.encode()).digest()
        whole = b"".join(hashlib.sha256(key + block.to_bytes(4, "little")).digest() for block in range(78))
        self.assertEqual(streams.stream_bytes(*NAME, count=2496), whole)

    def test_names_consist_of_whole_numbers_and_text(self):
        for part in (0.5, None, True, [1], np.int64(3)):
            with self.subTest(part=part), self.assertRaisesRegex(TypeError, "consists of whole numbers and text"):
                streams.stream_bytes(0, part, count=8)

    def test_fill_the_whole_state_of_the_cpu_generator(self):
        words = np.frombuffer(streams.stream_bytes(*NAME, count=2496), "<u4")
        reference = np.random.MT19937()
        reference.state = {"bit_generator": "MT19937", "state": {"key": words.copy(), "pos": 624}}
        drawn = torch.randint(2**16, (2000,), generator=streams.torch_generator(*NAME))
        self.assertEqual(drawn.tolist(), (reference.random_raw(2000) & 0xFFFF).tolist())

    def test_begin_at_their_start_whatever_was_drawn_before(self):
        generator = streams.torch_generator("other")
        torch.randn(3, generator=generator, dtype=torch.float64)  # of normal numbers one is left over
        drawn = torch.randn(5, generator=streams.begin(generator, *NAME))
        self.assertTrue(torch.equal(drawn, torch.randn(5, generator=streams.torch_generator(*NAME))))

    def test_begin_with_their_first_64_bits_as_the_key_on_other_devices(self):
        generator = mock.Mock(device=torch.device("cuda"))
        streams.begin(generator, *NAME)
        generator.manual_seed.assert_called_once_with(int.from_bytes(bytes.fromhex(FIRST_BYTES)[:8], "little"))
        self.assertEqual(torch.Generator().manual_seed(2**64 - 1).initial_seed(), 2**64 - 1)

    def test_of_a_million_names_no_two_have_equal_states(self):
        # Equal states would begin with equal bits: the key of a Philox generator, the first words of a Mersenne Twister.
        starts = {streams.stream_bytes(0, "certify", name, "estimation", 0, count=8) for name in range(1_000_000)}
        self.assertEqual(len(starts), 1_000_000)
        # 32 bits, to which torch's CPU generator cuts a seed, do not tell this many apart.
        self.assertLess(len({start[:4] for start in starts}), 1_000_000)

    def test_of_names_that_are_alike_in_32_bits_differ(self):
        one, other = ALIKE_IN_32_BITS
        self.assertEqual(old_seed(one) % 2**32, old_seed(other) % 2**32)
        self.assertNotEqual(old_seed(one), old_seed(other))
        drawn = [torch.randn(4, generator=streams.torch_generator(*name)) for name in ALIKE_IN_32_BITS]
        self.assertFalse(torch.equal(*drawn))

    def test_are_refused_where_torch_has_another_layout_of_the_state(self):
        self.addCleanup(streams._cpu_template.cache_clear)
        def aligned(**fields):
            return np.dtype(list(fields.items()), align=True)

        def parts(layout):
            return {name: layout.fields[name][0] for name in layout.names}

        wider = {**parts(streams._CPU_STATE), "next_float_normal_sample": np.dtype("<f8")}
        words = parts(streams._MERSENNE_TWISTER)
        moved = {**parts(streams._CPU_STATE), "engine": aligned(words=words.pop("words"), **words)}
        self.assertEqual(aligned(**moved).itemsize, streams._CPU_STATE.itemsize)
        for layout in (aligned(**wider), aligned(**moved)):
            streams._cpu_template.cache_clear()
            with (
                mock.patch.object(streams, "_CPU_STATE", layout),
                self.assertRaisesRegex(RuntimeError, r"^torch 2\..* layout of 5056 bytes .*ft-cadis setup"),
            ):
                Host("cpu", threads=None)

    def test_of_torchs_own_generator_are_lent_and_given_back(self):
        streams.begin_default("before")
        expected = torch.rand(4)
        streams.begin_default("before")
        with streams.lent_default(*NAME):
            lent = torch.rand(3)
        self.assertTrue(torch.equal(torch.rand(4), expected))
        self.assertTrue(torch.equal(lent, torch.rand(3, generator=streams.torch_generator(*NAME))))

    def test_begin_on_an_accelerator_too_where_there_is_one(self):
        for is_there in (True, False):
            with (
                mock.patch("torch.accelerator.is_available", return_value=is_there),
                mock.patch("torch.cuda.manual_seed_all") as seeded,
            ):
                streams.begin_default(*NAME)
            seeds = [call.args for call in seeded.call_args_list]
            self.assertEqual(seeds, [(int.from_bytes(bytes.fromhex(FIRST_BYTES)[:8], "little"),)] if is_there else [])
            self.assertTrue(torch.equal(torch.rand(3), torch.rand(3, generator=streams.torch_generator(*NAME))))

    def test_give_numpy_128_bits(self):
        drawn = streams.numpy_generator(*NAME).integers(2**62, size=4).tolist()
        self.assertEqual(drawn, streams.numpy_generator(*NAME).integers(2**62, size=4).tolist())
        key = np.frombuffer(bytes.fromhex(FIRST_BYTES)[:16], "<u8")
        self.assertEqual(streams.numpy_generator(*NAME).bit_generator.state["state"]["key"].tolist(), key.tolist())
        self.assertNotEqual(drawn, streams.numpy_generator(1, *NAME[1:]).integers(2**62, size=4).tolist())
