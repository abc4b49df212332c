// Ctrl-C: the stages are asked to stop, so that they end their child processes, remove what they made and put back what they hold. If they
// have not after a while, the process that started this one ends it (supervise.ts).

export interface Interrupt {
  readonly signal: AbortSignal
}

const exitCode = 130

/** Listens for signals of this process until it ends. A terminal sends them to it, and the supervisor once more. */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController()
  const stop = () => {
    process.exitCode = exitCode
    controller.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  return { signal: controller.signal }
}
