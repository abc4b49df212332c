// Ctrl-C: the first one asks the stages to stop, so that they end their child processes and remove what they made; the second
// one, or a stage that has not stopped after a while, ends the process.

export interface Interrupt {
  readonly signal: AbortSignal
}

// Long enough to kill child processes and remove temporary files.
const graceMs = 5000
const exitCode = 130

/** Listens for SIGINT and SIGTERM of this process until it ends. */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(exitCode)
    process.exitCode = exitCode
    controller.abort()
    setTimeout(() => process.exit(exitCode), graceMs).unref()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return { signal: controller.signal }
}
