#!/usr/bin/env node
/** `meerkat-bench`: measures Meerkat, and any other XMPP server. */
import { runCommand } from '../bench/commands.mjs';

process.exitCode = await runCommand(process.argv.slice(2));
