/** Steps on a chat message that has come in: decoding, reading, routing it to another session, writing it. */
import { openReplay, startShard } from '../lib/shard.mjs';

export async function stanzaSteps(engine) {
  const shard = await startShard(engine);
  const chat = await openReplay(shard);
  const session = (text) => shard.sessions.session(shard.dispatcher.jid(text));
  const bob = session(chat.bob);
  const link = bob.link;
  let delivered = 0;
  const deaf = Object.create(link, { deliver: { value: () => void delivered++ } });

  const step = (name, handle, prepare = () => () => {}) => ({
    name: `${name} (${engine})`,
    async run(operations) {
      const restore = prepare();
      try {
        return await chat.replay(operations, handle);
      } finally {
        restore();
      }
    },
  });
  /** Without the engine's part of a delivery. */
  const toDeafBob = () => {
    bob.link = deaf;
    return () => {
      bob.link = link;
    };
  };
  return {
    steps: [
      step('batch to stanza', () => {}),
      step('stanza to tree', (stanza) => stanza.tree()),
      step('stanza to XML', (stanza) => stanza.toXml()),
      step('batch to link', undefined, toDeafBob),
      step('batch to output queue', undefined),
    ],
    async close() {
      chat.close();
      await shard.stop();
      if (delivered === 0) throw new Error('nothing was routed');
    },
  };
}
