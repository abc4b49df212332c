// One clock for the server and its workers: each thread of Node counts `performance.now()` from its own start.

/** Milliseconds since some moment that all threads of this machine share. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6
