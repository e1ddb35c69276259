"""Runs a program on a terminal of 80 columns and 24 rows, and writes the bytes that the terminal got to stdout.

    python on_terminal.py <keys> <program> [words...]

The keys are typed once the program has stopped itself (SIGSTOP), and then it continues: a pattern in what it shows may be seen
after it has ended, where the machine is busy. Exits as the program does.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

keys = os.fsencode(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b""
while True:
    if keys and not select.select([terminal], [], [], 0.05)[0]:
        if os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG) is not None:
            os.write(terminal, keys)
            os.kill(pid, signal.SIGCONT)
            keys = b""
        continue
    try:
        chunk = os.read(terminal, 65536)
    except OSError:  # Linux says so where the program has ended
        break
    if not chunk:
        break
    seen += chunk
sys.stdout.buffer.write(seen)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
