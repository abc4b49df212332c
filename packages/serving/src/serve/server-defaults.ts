// What a server of this project does if it is told nothing else, whoever starts it: `whyslow serve`, or the folder that `fix` wrote.

/** Requests that may wait, for each worker. */
export const QUEUE_FOR_EACH = 32
/** Rows of the largest prediction that `--max-batch auto` tries. */
const MOST_AUTOMATIC_ROWS = 32
/** For each worker a batch that waits for it, and one that comes meanwhile, at least: two predictions would else be a whole queue. */
export const usualQueue = (workers: number, maxBatch: number | 'auto'): number =>
  workers * Math.max(QUEUE_FOR_EACH, 2 * (maxBatch === 'auto' ? MOST_AUTOMATIC_ROWS : maxBatch))
/** Most bytes of the largest body. */
export const MOST_BODY_BYTES = 256 * 1024 * 1024
/** What was accepted is answered within this, or not at all: below Kubernetes' 30 s. */
export const DRAIN_MS = 25_000
/** A head and a body, or a message of gRPC, take this long to come at most. */
export const REQUEST_TIMEOUT_MS = 60_000
/** After this long, a client that reads nothing of its answer is gone. */
export const ANSWER_IDLE_MS = 30_000
/** Least rate of a whole answer: slower clients count as gone, too. */
const LEAST_BYTES_PER_SECOND = 64 * 1024
export const answerLimitMs = (bytes: number): number => ANSWER_IDLE_MS + (1000 * bytes) / LEAST_BYTES_PER_SECOND
/** What is longer is read and written in a thread of its own: the probes answer meanwhile. 1 MiB of JSON takes some 10 ms. */
export const LONG_BYTES = 1024 * 1024
/** The same of a body of raw tensors, which are copied and no more. */
export const LONG_RAW_BYTES = 16 * 1024 * 1024
/** Connections of each protocol: far above what a balancer opens; each takes some 20 kB. */
export const MOST_CONNECTIONS = 8192
/** A prediction that takes longer than this, and than 100 times the p99, is taken to hang. */
export const STUCK_AFTER_MS = 60_000
/** Threads that wait busily take the CPU from other workers. */
export const NO_SPINNING = { 'session.intra_op.allow_spinning': '0', 'session.inter_op.allow_spinning': '0' } as const
