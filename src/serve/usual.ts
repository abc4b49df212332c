// What a server of this project does where it is told nothing else, whoever starts it: `whyslow serve`, or the folder that `fix` wrote.

/** Requests that may wait, for each worker. */
export const QUEUE_FOR_EACH = 32
/** Rows of the largest prediction that `--max-batch auto` tries. */
export const MOST_AUTOMATIC_ROWS = 32
/** For each worker a batch that waits for it, and one that comes meanwhile, at least: two predictions would else be a whole queue. */
export const usualQueue = (workers: number, maxBatch: number | 'auto'): number =>
  workers * Math.max(QUEUE_FOR_EACH, 2 * (maxBatch === 'auto' ? MOST_AUTOMATIC_ROWS : maxBatch))
/** Of the largest body. */
export const MOST_BODY_BYTES = 256 * 1024 * 1024
/** What was accepted is answered within this, or not at all: below Kubernetes' 30 s. */
export const DRAIN_MS = 25_000
/** Threads that wait busily take the CPU from other workers. */
export const NO_SPINNING = { 'session.intra_op.allow_spinning': '0', 'session.inter_op.allow_spinning': '0' } as const
