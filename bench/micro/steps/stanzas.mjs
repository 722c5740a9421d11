/** Steps on a chat message that has come in: decoding, reading, routing it to another session, writing it. */
import { chatText } from '../../lib/chat-text.mjs';
import { openReplay, startShard } from '../../lib/shard.mjs';
import { syncStep } from './sync.mjs';

export const names = [
  'batch to stanza',
  'stanza to tree',
  'stanza to XML',
  'routing, batch to link',
  'routing, batch to output queue',
  'element to XML',
];

export async function open(engine) {
  const shard = await startShard(engine);
  const chat = await openReplay(shard);
  const bob = shard.sessions.session(shard.dispatcher.jid(chat.bob));
  const link = bob.link;
  const tree = shard.engine.parse(chatText(chat.bob, 1));
  let characters = 0;
  let delivered = 0;
  const deaf = Object.create(link, { deliver: { value: () => void delivered++ } });

  const step = (name, handle, isDeaf = false) => ({
    name,
    counted: 4_000,
    async run(operations, meter) {
      // Without the engine's part of a delivery.
      if (isDeaf) bob.link = deaf;
      try {
        await chat.replay(operations, meter, handle);
      } finally {
        bob.link = link;
      }
    },
  });
  const works = [[() => {}], [(stanza) => stanza.tree()], [(stanza) => stanza.toXml()], [undefined, true], [undefined]];
  return {
    steps: [
      ...works.map((work, index) => step(names[index], ...work)),
      syncStep(names.at(-1), 2_000, () => (characters += tree.toXml('jabber:client').length)),
    ],
    async close() {
      // Somebody has to want the result, or the compiler may leave the work out.
      if (Number.isNaN(characters)) throw new Error('no element was written');
      chat.close();
      await shard.stop();
    },
  };
}
