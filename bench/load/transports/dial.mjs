/** A socket of Node.js to the server under test: the PROXY header first, then TLS, as the profile wants. */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { LinkError } from './link.mjs';

export async function dial({ address, port, localAddress, preamble, tls, serverName }) {
  const socket = connectTcp({ host: address, port, localAddress, noDelay: true });
  try {
    await once(socket, 'connect');
    if (preamble) socket.write(preamble);
    if (!tls) return socket;
    // The certificate of a server under test is hardly ever one that this machine knows.
    const secured = connectTls({ socket, servername: serverName, rejectUnauthorized: false });
    await once(secured, 'secureConnect');
    return secured;
  } catch (error) {
    socket.destroy();
    throw new LinkError(`cannot connect to ${address} port ${port}: ${error.message}`);
  }
}
