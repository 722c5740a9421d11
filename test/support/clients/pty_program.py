"""Runs a program on a terminal of its own, with our input as its keys and its screen as our output.

Arguments: columns, rows, the program and its arguments. It ends with our input.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios

columns, rows = (int(argument) for argument in sys.argv[1:3])
child, terminal = pty.fork()
if child == 0:
    # Nothing is drawn before the size is known.
    os.read(0, 1)
    os.execvp(sys.argv[3], sys.argv[3:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
os.write(terminal, b"\n")
while True:
    ready, _, _ = select.select([0, terminal], [], [])
    try:
        if terminal in ready:
            os.write(1, os.read(terminal, 65536))
        if 0 in ready:
            keys = os.read(0, 65536)
            if not keys:
                break
            os.write(terminal, keys)
    except OSError:
        break
os.kill(child, 9)
