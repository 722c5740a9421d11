/** Steps of a login by password (RFC 5802, RFC 7677). */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { compiled } from '../../lib/places.mjs';
import { syncStep } from './sync.mjs';

const ITERATIONS = 10_000;
const PASSWORD = 'pencil';
const SALT = Buffer.alloc(16, 7);
const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_NONCE = Buffer.alloc(18, 1);

export const names = ['SCRAM-SHA-256, exchange', `SCRAM-SHA-256, keys of a password, ${ITERATIONS} iterations`];

export async function open() {
  const { scramMechanisms } = await import(compiled('auth/mechanisms/scram.js'));
  const { tasks } = await import(compiled('platform/workers/tasks.js'));
  const mechanism = scramMechanisms('sha256').find(({ name }) => name === 'SCRAM-SHA-256');
  const [secret] = tasks.scramSecrets({
    password: PASSWORD,
    iterations: ITERATIONS,
    salts: [{ digest: 'sha256', salt: SALT }],
  });
  const context = {
    ...{ domain: 'bench.example', tls: undefined, tlsAvailable: false, language: undefined, offered: [mechanism.name] },
    ...{ channelBinding: () => undefined, randomBytes: () => SERVER_NONCE },
    methods: { scramCredentials: async () => ({ credentials: secret, method: 'internal' }) },
  };
  const { first, final } = clientMessages();
  const exchange = async () => {
    const attempt = mechanism.start(context);
    await attempt.step(first);
    const { kind } = await attempt.step(final);
    if (kind !== 'success') throw new Error('the proof was refused');
  };
  const derive = () =>
    tasks.scramSecrets({ password: PASSWORD, iterations: ITERATIONS, salts: [{ digest: 'sha256', salt: SALT }] });
  return {
    steps: [asyncStep(names[0], 500, exchange), syncStep(names[1], 2, derive)],
    close() {},
  };
}

function asyncStep(name, counted, operation) {
  return {
    name,
    counted,
    async run(operations, meter) {
      const each = Math.ceil(operations / 5);
      for (let done = 0; done < operations; done += each) {
        meter.begin();
        for (let i = 0; i < each; i++) await operation();
        meter.end(each);
      }
    },
  };
}

/** What a client that knows the password says. */
function clientMessages() {
  const bare = `n=user,r=${NONCE}`;
  const nonce = NONCE + SERVER_NONCE.toString('base64');
  const serverFirst = `r=${nonce},s=${SALT.toString('base64')},i=${ITERATIONS}`;
  const withoutProof = `c=${Buffer.from('n,,').toString('base64')},r=${nonce}`;
  const hmac = (key, data) => createHmac('sha256', key).update(data).digest();
  const clientKey = hmac(pbkdf2Sync(PASSWORD, SALT, ITERATIONS, 32, 'sha256'), 'Client Key');
  const storedKey = createHash('sha256').update(clientKey).digest();
  const signature = hmac(storedKey, `${bare},${serverFirst},${withoutProof}`);
  const proof = clientKey.map((byte, i) => byte ^ signature[i]).toString('base64');
  return { first: Buffer.from(`n,,${bare}`), final: Buffer.from(`${withoutProof},p=${proof}`) };
}
