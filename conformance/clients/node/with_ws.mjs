#!/usr/bin/env node
// The three actions with the package `ws`.
import { WebSocket } from "ws";

import { run } from "./run.mjs";
import { threeActions } from "./three_actions.mjs";

await run(() => threeActions({ url: process.argv[2], name: "node-ws", WebSocket }));
