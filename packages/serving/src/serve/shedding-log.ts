// Requests that are refused because of too many others, told in the log: at once, and then together, since under overload they are many.

const EVERY_MS = 10_000

/** Called for each of them. */
export function createSheddingLog(log: (entry: Readonly<Record<string, unknown>>) => void, nowMs: () => number): () => void {
  let refused = 0
  let saidMs = Number.NEGATIVE_INFINITY
  return () => {
    refused++
    const now = nowMs()
    if (now - saidMs < EVERY_MS) return
    log({ level: 'warn', message: 'requests are refused: too many wait, or waited too long', refused })
    refused = 0
    saidMs = now
  }
}
