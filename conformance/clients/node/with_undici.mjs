#!/usr/bin/env node
// The three actions with the package `undici`.
import { WebSocket } from "undici";

import { run } from "./run.mjs";
import { threeActions } from "./three_actions.mjs";

await run(() => threeActions({ url: process.argv[2], name: "node-undici", WebSocket }));
