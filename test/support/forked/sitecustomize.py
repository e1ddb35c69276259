"""Python imports this at its start, from PYTHONPATH. A Python that pythonia has started, or that runs a script of
`test/support`, becomes one that `server.py` forks.

This process stays between Node and the fork: it passes signals on, and ends as the fork does. Any other Python, and one whose
environment would change what the server has imported, is left alone.
"""

import json
import os
import signal
import socket
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))

# What the modules that the server imports read from the environment as they are imported.
READ_AT_IMPORT = ("HF_", "HUGGINGFACE", "TORCH", "PYTORCH", "OMP_", "MKL_", "CUDA", "XDG_", "HOME", "DIFFUSERS", "TIMM", "LANG", "LC_")


def import_environment(environment):
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_IMPORT)}


def is_for_a_fork(words):
    """Whether a command starts pythonia's Python, or a script beside this folder."""
    script = words[1] if len(words) > 1 else ""
    return "NODE_CHANNEL_FD" in os.environ and script.endswith("interface.py") or os.path.dirname(script) == os.path.dirname(FOLDER)


def forked(address):
    """Returns what the server says, a line at a time: the process id of the fork, or null without one, then how it has ended."""
    server = socket.socket(socket.AF_UNIX)
    server.connect(address)
    environment = {name: value for name, value in os.environ.items() if name != "FT_CADIS_FORKS"}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in environment["PYTHONPATH"].split(os.pathsep) if path != FOLDER)
    channels = [0, 1, 2, *(int(os.environ[name]) for name in ("NODE_CHANNEL_FD",) if name in os.environ)]
    request = {
        "argv": sys.orig_argv[1:],
        "path": [path for path in sys.path if path != FOLDER],
        "environment": environment,
        "executable": sys.executable,
        "folder": os.getcwd(),
        "group": os.getpgrp(),
        "channels": channels,
    }
    text = json.dumps(request).encode()
    socket.send_fds(server, [len(text).to_bytes(4, "big")], channels)
    server.sendall(text)
    return server.makefile("r")


def main():
    address = os.environ.get("FT_CADIS_FORKS")
    if address is None or not is_for_a_fork(sys.orig_argv):
        return
    try:
        answers = forked(address)
        pid = json.loads(answers.readline() or "null")
    except OSError:
        return
    if pid is None:
        return
    if "NODE_CHANNEL_FD" in os.environ:
        os.close(int(os.environ["NODE_CHANNEL_FD"]))

    def pass_on(number, _frame):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), pass_on)
    status = json.loads(answers.readline() or f"{-signal.SIGKILL}")
    if status < 0:
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


main()
