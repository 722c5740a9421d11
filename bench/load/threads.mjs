/** The threads of the generator: all get the same orders, and answer each. */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';

export class Threads {
  #pool;
  #members = [];

  /** `onSecond` is told what each thread has counted in each second. */
  constructor(profile, count, onSecond) {
    this.#pool = new Piscina({
      filename: new URL('./worker.mjs', import.meta.url).href,
      minThreads: count,
      maxThreads: count,
      // A thread has sockets to serve while it waits for orders.
      atomics: 'disabled',
    });
    for (let number = 0; number < count; number++) {
      const { port1, port2 } = new MessageChannel();
      const member = new Member(port1, (report) => onSecond(number, report));
      const task = { profile, number, threads: count, port: port2 };
      this.#pool.run(task, { transferList: [port2] }).catch((error) => member.died(error));
      this.#members.push(member);
    }
  }

  /** Returns the answers of all threads. */
  order(order, details = {}) {
    return Promise.all(this.#members.map((member) => member.order(order, details)));
  }

  /** Asks only the first one. */
  async orderFirst(order) {
    return this.#members[0].order(order, {});
  }

  close() {
    for (const member of this.#members) member.close();
    return this.#pool.destroy();
  }
}

class Member {
  #port;
  #waiting;
  #death;

  constructor(port, onSecond) {
    this.#port = port;
    port.on('message', (message) => {
      if (message.second !== undefined) onSecond(message);
      else this.#answered(message);
    });
  }

  order(order, details) {
    if (this.#death) return Promise.reject(this.#death);
    this.#port.postMessage({ order, ...details });
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  died(error) {
    this.#death = error;
    this.#waiting?.reject(error);
  }

  close() {
    this.#port.close();
  }

  #answered({ result, failure, stack }) {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (failure === undefined) waiting?.resolve(result);
    else waiting?.reject(Object.assign(new LoadError(failure), { inner: stack }));
  }
}

/** What the generator cannot do against this server, in one sentence. */
export class LoadError extends Error {}
