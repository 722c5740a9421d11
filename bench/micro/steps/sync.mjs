/** A step that is a function to be called. */

/** Dumps of callgrind for a step, so that one in which the collector ran does not count. */
const WINDOWS = 5;

/** `counted` operations are enough where instructions are counted; `between` is done outside of what is measured. */
export function syncStep(name, counted, operation, between = undefined) {
  return {
    name,
    counted,
    async run(operations, meter) {
      const each = Math.max(1, Math.ceil(operations / WINDOWS));
      for (let window = 0; window < WINDOWS; window++) {
        meter.begin();
        for (let i = 0; i < each; i++) operation(i);
        meter.end(each);
        await between?.();
      }
    },
  };
}
