"""The program ``dvc`` of some tests: has the server of ``dvc_server.py`` run the command."""

import json
import os
import socket
import sys
from pathlib import Path

with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(os.environ["TESTS_DVC_SERVER"])
    request = {"words": sys.argv[1:], "folder": str(Path.cwd()), "environment": dict(os.environ)}
    socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
    answer = connection.recv(1)
    sys.exit(answer[0] if answer else 255)
