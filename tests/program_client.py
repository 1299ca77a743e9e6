"""A program of some tests: has the server of ``program_server.py`` run the command.

``program_client.py VARIABLE WORD…``: the environment variable that has the address of the server,
and the words of the command.
"""

import json
import os
import socket
import sys
from pathlib import Path

with socket.socket(socket.AF_UNIX) as connection:
    variable, *words = sys.argv[1:]
    connection.connect(os.environ[variable])
    request = {"words": words, "folder": str(Path.cwd()), "environment": dict(os.environ)}
    socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
    answer = connection.recv(1)
    sys.exit(answer[0] if answer else 255)
