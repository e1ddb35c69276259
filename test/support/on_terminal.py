"""Runs a program on a terminal of 80 columns and 24 rows, and writes the bytes that the terminal got to stdout.

    python on_terminal.py <pattern> <keys> <program> [words...]

The keys are typed once the pattern has been shown; no pattern, no keys. Exits as the program does.
"""

import fcntl
import os
import pty
import struct
import sys
import termios

pattern, keys = (os.fsencode(word) for word in sys.argv[1:3])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])
seen = b""
is_typed = not pattern
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:  # Linux says so where the program has ended
        break
    if not chunk:
        break
    seen += chunk
    if not is_typed and pattern in seen:
        os.write(terminal, keys)
        is_typed = True
sys.stdout.buffer.write(seen)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
