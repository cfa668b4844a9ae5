"""Runs a command on a pseudo terminal: terminal.py COLUMNS LINE COMMAND ...

Types LINE when a prompt is shown, ends with Ctrl-D at the next one, and writes all that the terminal
got to standard output.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

SECONDS = 120
PROMPT = b"> "


def main(columns, line, command):
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    got = b""
    typed = [line.encode() + b"\r", b"\x04"]
    looked = 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # it has ended
                break
            got += piece
        elif typed and PROMPT in got[looked:]:
            looked = len(got)
            os.write(terminal, typed.pop(0))
    sys.stdout.buffer.write(got)
    sys.stdout.buffer.flush()
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
