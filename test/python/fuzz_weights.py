"""Gives the readers of weights and adapters damaged and hostile files until the time is over: fuzz_weights.py seconds seed

Every file must end in an error of this side, of one kind, or be read; within seconds, in little memory, and without any
code of it being run. Prints what it did; exit code 1 with the seed of the first file that breaks this.
"""

import os
import json
import pickle
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

from ftcadis_host.torchvision_compat import prepare_torchvision

prepare_torchvision()

import torch
from ftcadis_host.errors import SpecError, WeightsError
from ftcadis_host.networks import adapter_folder, lora
from ftcadis_host.networks.state_dicts import fit_names, read_tensors
from ftcadis_host.networks.weights import write_tensors
from torch import nn

MOST_SECONDS = 20
MOST_MEMORY = 1 << 30


class RanCode(BaseException):
    """A file had code run."""


def trap(*arguments):
    raise RanCode(arguments)


class Evil:
    def __init__(self, call, arguments):
        self.made_of = call, arguments

    def __reduce__(self):
        return self.made_of


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.value, self.head = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.query(x) + self.value(x))


def starting_files(folder):
    """Sound files to be damaged, by name."""
    tensors = {"a.weight": torch.randn(3, 4), "b.0.bias": torch.ones(4, dtype=torch.float16), "c": torch.arange(3)}
    torch.save(tensors, folder / "new.pt")
    torch.save({"state_dict": tensors, "epoch": 3}, folder / "old.pt", _use_new_zipfile_serialization=False)
    write_tensors(folder / "plain.safetensors", tensors, {"format": "pt"})
    lora.save_adapters(lora.add_adapters(Attention(), rank=2, alpha=2, heads=["head"]), folder / "adapter")
    files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    adapter = {file.name: file.read_bytes() for file in (folder / "adapter").iterdir()}
    return files, {name: adapter[name] for name in (adapter_folder.CONFIG_FILE, adapter_folder.WEIGHTS_FILES[0])}


def mutated(content, rng):
    """A few of the usual damages, one after the other."""
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        place = rng.randrange(len(content)) if content else 0
        kind = rng.randrange(7)
        if kind == 0 and content:
            content[place] ^= 1 << rng.randrange(8)
        elif kind == 1 and content:
            content[place] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
        elif kind == 2:
            del content[place:]
        elif kind == 3:
            del content[place : place + rng.randrange(1, 64)]
        elif kind == 4:
            content[place:place] = rng.randbytes(rng.randrange(1, 64))
        elif kind == 5:
            content[place : place + 8] = struct.pack("<Q", rng.choice([0, 1 << 20, 1 << 31, 1 << 40, (1 << 63) - 1]))
        elif content:
            start = rng.randrange(len(content))
            content[place:place] = content[start : start + rng.randrange(1, 256)]
    return bytes(content)


def shared_lists(depth, inner):
    value = inner
    for _ in range(depth):
        value = [value, value]
    return value


def shared_tuples(depth, inner):
    value = (inner,)
    for _ in range(depth):
        value = (value, value)
    return value


def nested_tuples(depth):
    """A pickle of tuples in tuples as the key of a dict; its hash would go as deep."""
    return b"\x80\x02}" + b")" + b"\x85" * depth + b"K\x01s."


def hostile(rng):
    """A whole pickle that means harm."""
    calls = [
        Evil(trap, (1,)),
        Evil(os.system, ("echo executed > executed",)),
        Evil(eval, ("trap()",)),
        Evil(torch.load, ("other.pt",)),
        Evil(torch.zeros, ((1 << 40,),)),
        Evil(bytearray, (1 << 40,)),
    ]
    kind = rng.randrange(9)
    if kind < 3:
        return pickle.dumps({"a": rng.choice(calls)}, protocol=rng.choice([2, 2, 2, 3, 4]))
    if kind == 3:
        return pickle.dumps({"a": shared_lists(rng.randrange(20, 200), 1)}, protocol=2)
    if kind == 4:
        return pickle.dumps(shared_lists(rng.randrange(20, 90), {}), protocol=2)
    if kind == 5:
        # The dict is filled by hand: to hash such a key here would take as long.
        key = pickle.dumps(shared_tuples(rng.randrange(25, 90), 1), protocol=2)
        return b"\x80\x02}" + key[2:-1] + b"K\x01s."
    if kind == 6:
        return nested_tuples(rng.choice([1000, 100_000, 1_000_000]))
    if kind == 7:
        numbers = rng.choice([10, 10_000, 200_000])
        return b"\x80\x02]" + b"(" + b"K\x01" * numbers + b"e."
    return b"\x80\x02" + bytes(rng.choices(b"()]}.eusKXctqhR\x81\x85\x86b0a2", k=rng.randrange(1, 400))) + b"."


def zipped(pickled, rng):
    """An archive as torch.save writes it, around a pickle; sometimes compressed, or with an entry too many."""
    target = Path("made.zip")
    with zipfile.ZipFile(target, "w") as archive:
        kind = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
        archive.writestr("archive/data.pkl", pickled, kind)
        archive.writestr("archive/byteorder", "little")
        archive.writestr("archive/version", "3\n")
        if rng.random() < 0.2:
            archive.writestr("archive/data/0", bytes(1 << 20), zipfile.ZIP_DEFLATED)
    return target.read_bytes()


def safetensors_header(rng):
    big = rng.choice([1, 3, 1 << 31, 1 << 40, (1 << 63) - 1, -1])
    entry = {"dtype": rng.choice(["F32", "F16", "BF16", "U8", "X"]), "shape": [big, 2], "data_offsets": [0, big]}
    header = rng.choice([
        json.dumps({"a": entry}),
        json.dumps({"a": {**entry, "shape": [0, 1 << 62], "data_offsets": [0, 0]}}),
        "[" * rng.choice([10, 200_000]),
        '{"a":' * rng.choice([10, 100_000]),
        json.dumps({f"{i}": entry for i in range(rng.choice([1, 1000]))}),
        json.dumps({"__metadata__": {"a": "b" * 1000}}),
    ])  # fmt: skip
    length = rng.choice([len(header), len(header), 1 << 62, 0, len(header) + 9])
    return struct.pack("<Q", length) + header.encode() + bytes(rng.choice([0, 24, 4096]))


def hostile_settings(content, rng):
    settings = json.loads(content)
    changes = [
        {"target_modules": rng.choice(["(a+)+$", "all-linear", ".*" * 40, ["(.*)*x"], [1], None, {}, ["query"]])},
        {"r": rng.choice([-1, 0, 1, 2, 3, 1 << 40, "2", None, 2.5])},
        {"lora_alpha": rng.choice([0, -1, 1e308, "x", None, [1]])},
        {"rank_pattern": rng.choice([{"(a+)+$": 2}, {"query": 1 << 40}, {"query": -1}, [], "x", {"query": "x"}])},
        {"alpha_pattern": rng.choice([{"(x*)*y": 2}, {"query": 3}, {"value": None}])},
        {"modules_to_save": rng.choice([["head"], ["nowhere"], "head", [""], ["(.*)*"], [None]])},
        {"megatron_core": "antigravity", "megatron_config": {"a": 1}},
        {"auto_mapping": {"parent_library": "antigravity", "base_model_class": "X"}},
        {"base_model_name_or_path": "/etc/passwd", "peft_type": rng.choice(["LORA", "IA3", None, 3, ["LORA"]])},
        {"lora_dropout": rng.choice([2, -1, "x"]), "bias": rng.choice(["all", "lora_only", "x", 3])},
    ]
    for change in rng.sample(changes, rng.randrange(1, 4)):
        settings |= change
    return json.dumps(settings).encode()


def try_one(seed, files, adapter, folder):
    """Makes the file or folder of this seed and reads it; returns what it was and how it ended."""
    rng = random.Random(seed)
    kind = rng.choice(["damaged", "damaged", "pickle", "zip", "safetensors", "settings", "adapter"])
    if kind in ("settings", "adapter"):
        parts = dict(adapter)
        if kind == "settings":
            parts[adapter_folder.CONFIG_FILE] = hostile_settings(parts[adapter_folder.CONFIG_FILE], rng)
        else:
            name = rng.choice(sorted(parts))
            parts[name] = mutated(parts[name], rng)
        for name, content in parts.items():
            (folder / name).write_bytes(content)
        read = lambda: lora.load_adapters(Attention(), folder, None)
    else:
        name = rng.choice(sorted(files))
        if kind == "damaged":
            content = mutated(files[name], rng)
        elif kind == "safetensors":
            name, content = "made.safetensors", safetensors_header(rng)
        else:
            content, name = hostile(rng), rng.choice(["made.pt", "made.bin", "made.pth"])
            content = zipped(content, rng) if kind == "zip" else content
        (folder / name).write_bytes(content)
        read = lambda: fit_names(read_tensors(folder / name), ["a.weight", "b.0.bias", "c"], source=name)
    signal.alarm(MOST_SECONDS)
    try:
        read()
        ending = "read"
    except (SpecError, WeightsError) as error:
        ending = "refused"
        check_message(str(error))
    finally:
        signal.alarm(0)
    for file in folder.iterdir():
        file.unlink()
    return kind, ending


def check_message(message):
    assert len(message) < 2500, f"a message of {len(message)} characters"
    assert message.endswith(".") and message.isprintable(), message


def main(seconds, seed):
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError("it took too long")))
    endings = Counter()
    with tempfile.TemporaryDirectory() as root:
        os.chdir(root)
        start, folder = Path(root) / "start", Path(root) / "tried"
        start.mkdir(), folder.mkdir()
        files, adapter = starting_files(start)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                endings[try_one(seed, files, adapter, folder)] += 1
                used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
                assert used < MOST_MEMORY, f"{used >> 20} MiB of memory"
                assert not Path("executed").exists(), "a command was run"
            except BaseException:
                print(f"seed {seed} breaks this", flush=True)
                raise
            seed += 1
        print(f"{sum(endings.values())} files, up to seed {seed - 1}, {used >> 20} MiB:")
        for (kind, ending), count in sorted(endings.items()):
            print(f"  {kind} {ending}: {count}")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
