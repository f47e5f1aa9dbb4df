#!/usr/bin/env python3
"""The three actions with the package `websocket-client`."""

import sys
from contextlib import closing

from checks import stop_after
from three_actions import three_actions
from websocket import create_connection

stop_after(20)
with closing(create_connection(sys.argv[1])) as mine, closing(create_connection(sys.argv[1])) as other:
    three_actions(mine, other, "python-websocket-client")
