/** Milliseconds on a clock that all threads of a process share (CLOCK_MONOTONIC): each thread's own begins with the thread. */
const [seconds, nanoseconds] = process.hrtime();
const offset = seconds * 1_000 + nanoseconds / 1e6 - performance.now();

export const now = () => performance.now() + offset;
