"""Forks Pythons that have imported torch, diffusers and timm already, which takes three seconds of processor time each.

    python server.py <path of the socket>

Ends with its standard input. See `sitecustomize.py`, whose requests it answers, and `forked-python.ts`.
"""

import json
import os
import select
import signal
import socket
import sys
import traceback
import types

from sitecustomize import import_environment

STARTED_WITH = dict(os.environ)


def import_all():
    """Imports what nearly every test uses, as the host does: without what diffusers can do without."""
    from ftcadis_host import host  # noqa: F401
    from ftcadis_host.networks.lean_diffusers import diffusers
    from ftcadis_host.torchvision_compat import prepare_torchvision

    prepare_torchvision()
    diffusers()
    import timm  # noqa: F401


def receive(connection):
    """Returns a request and its file descriptors."""
    head, files, _, _ = socket.recv_fds(connection, 4, 4)
    length, text = int.from_bytes(head, "big"), b""
    while len(text) < length:
        text += connection.recv(length - len(text))
    return json.loads(text), files


def become(request, files):
    """Makes this fork the Python that was asked for, and runs its script."""
    # Above all that are given, so that none is overwritten before it is moved.
    held = [os.dup2(file, 100 + place) for place, file in enumerate(files)]
    os.closerange(3, 100)
    for file, place in zip(held, request["channels"]):
        os.dup2(file, place)
    os.closerange(100, 100 + len(held))
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setpgid(0, request["group"])
    os.chdir(request["folder"])
    # What the imports have set is as if they had been made here.
    imported = {name: value for name, value in os.environ.items() if STARTED_WITH.get(name) != value}
    os.environ.clear()
    os.environ.update({**request["environment"], **imported})
    sys.path[:] = request["path"]
    sys.executable = request["executable"]
    sys.argv = request["argv"]
    sys.modules.pop("sitecustomize", None)
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__file__ = script = sys.argv[0]
    with open(script) as file:
        exec(compile(file.read(), script, "exec"), main.__dict__)


def serve(listener):
    connections = {}
    is_ready = False
    while True:
        readable, _, _ = select.select([listener, sys.stdin, *connections.values()], [], [], 0.02 if connections else None)
        if sys.stdin in readable:
            return
        for pid, connection in list(connections.items()):
            # The process in between has ended, or been killed.
            if connection in readable:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            done, status = os.waitpid(pid, os.WNOHANG)
            if done == 0:
                continue
            del connections[pid]
            try:
                connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            except OSError:
                pass
            connection.close()
        if listener not in readable:
            continue
        connection, _ = listener.accept()
        request, files = receive(connection)
        if import_environment(request["environment"]) != import_environment(STARTED_WITH):
            connection.sendall(b"null\n")
            connection.close()
        else:
            if not is_ready:
                import_all()
                is_ready = True
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    become(request, files)
                    code = 0
                except SystemExit as end:
                    code = end.code if isinstance(end.code, int) else int(end.code is not None)
                except BaseException:
                    traceback.print_exc()
                finally:
                    sys.stdout.flush()
                    sys.stderr.flush()
                    os._exit(code)
            connections[pid] = connection
            connection.sendall(f"{pid}\n".encode())
        for file in files:
            os.close(file)


# Node decides when to stop, as for a session.
signal.signal(signal.SIGINT, signal.SIG_IGN)
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1])
listening.listen(64)
serve(listening)
