#!/usr/bin/env python3
"""The three actions with the package `websockets`."""

import sys

from checks import stop_after
from three_actions import three_actions
from websockets.sync.client import connect

stop_after(20)
with connect(sys.argv[1], subprotocols=["longwire.v1"]) as mine, connect(sys.argv[1]) as other:
    three_actions(mine, other, "python-websockets")
