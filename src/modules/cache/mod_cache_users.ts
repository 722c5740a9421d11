/** Remembers which accounts are there, so that no database is asked about one again and again. */
import type { AccountName } from '../../core/auth/method.js';
import { defineModule } from '../../core/module/module.js';
import { SegmentedSet } from './segmented-set.js';

const MS_PER_MINUTE = 60_000;

export default defineModule({
  name: 'mod_cache_users',
  xeps: [],

  start(scope) {
    const { config, services, host, log } = scope;
    const known = new SegmentedSet(config.number_of_segments, config.strategy);
    /** Counts up whenever an account is forgotten: an answer from before may be about one that has gone since. */
    let forgotten = 0;
    const question = `cache_users.forget.${host.hostType}`;

    scope.onStop(
      services.calls.serve(question, (account: string) => {
        forgotten++;
        known.delete(account);
      }),
    );
    let minutes = 0;
    // Timers count no further than 24 days.
    scope.every(MS_PER_MINUTE, () => {
      if (config.time_to_live !== 'infinity' && ++minutes % config.time_to_live === 0) known.rotate();
    });
    scope.onStop(
      scope.accounts.remember({ knows: ({ local, domain }) => known.has(`${local}@${domain}`), learn, forget }),
    );

    function learn({ local, domain }: AccountName): () => void {
      const before = forgotten;
      return () => {
        if (before === forgotten) known.add(`${local}@${domain}`);
      };
    }

    /** On every shard. One that cannot be reached forgets by itself, later. */
    async function forget({ local, domain }: AccountName): Promise<void> {
      const account = `${local}@${domain}`;
      const shards = Array.from({ length: services.shards }, (_, shard) => shard);
      await Promise.all(
        shards.map((shard) =>
          services.calls
            .ask(shard, question, account)
            .catch((error) => log.warn('cache_users.not_forgotten', { account, shard, error })),
        ),
      );
    }
  },
});
