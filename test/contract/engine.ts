/** What port.ts promises of an engine, as tests that every engine has to pass. */
import { describe } from 'vitest';
import type { CreateEngine } from '../support/engine/harness.js';
import { closingContract } from './engine/closing.js';
import { compressionContract } from './engine/compression.js';
import { connectingContract } from './engine/connecting.js';
import { framesContract } from './engine/frames.js';
import { leavingFramesContract } from './engine/frames-leaving.js';
import { inputContract } from './engine/input.js';
import { listeningContract } from './engine/listening.js';
import { movedFramesContract } from './engine/moved-frames.js';
import { outputContract } from './engine/output.js';
import { proxyContract } from './engine/proxy.js';
import { resumptionContract } from './engine/resumption.js';
import { shardContract } from './engine/shards.js';
import { tlsContract } from './engine/tls.js';
import { treeContract } from './engine/trees.js';

export function engineContract(name: string, create: CreateEngine): void {
  describe(`the ${name} engine`, () => {
    listeningContract(create);
    inputContract(create);
    outputContract(create);
    closingContract(create);
    framesContract(create);
    leavingFramesContract(create);
    movedFramesContract(create);
    tlsContract(create);
    compressionContract(create);
    connectingContract(create);
    proxyContract(create);
    resumptionContract(create);
    shardContract(create);
    treeContract(create);
  });
}
