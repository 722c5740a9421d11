/** Waits for what shows outside of a stream: a log line, a process' memory, another program's output. */
const PATIENCE_MS = 15_000;
const LOOK_AGAIN_MS = 20;

export async function eventually(holds: () => boolean | Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
