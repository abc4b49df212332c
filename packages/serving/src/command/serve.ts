// `whyslow serve MODEL`: the model as a server, until a signal ends it. Here: what was typed, signals, and what goes to the screen.

import { checkModel } from '@whyslow/command/terminal/model-flags.ts'
import type { Screen } from '@whyslow/command/terminal/screen.ts'
import type { Patience } from '@whyslow/command/terminal/supervise.ts'
import { plural } from '@whyslow/measure/statistics/numbers.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Stages } from './stages.ts'

export interface ServeSurroundings {
  readonly screen: Screen
  readonly load: () => Promise<Pick<Stages, 'serve' | 'inTemporaryFolder'>>
  /** Resolves with what ends the server; called once it serves. Absent: a signal to this process. */
  readonly ended?: () => Promise<string>
}

/** A server answers what it accepted within 25 s. */
const DRAIN_GRACE_MS = 28_000

/** Serves until a signal comes. Throws UsageError or InputError if the model or the port cannot be used. */
export async function runServe(
  file: string,
  flags: FlagsOf<'serve'>,
  { screen, load, ended = signalOfEnd }: ServeSurroundings,
): Promise<void> {
  checkModel(file, {})
  const { serve, inTemporaryFolder } = await load()
  const log = (entry: Readonly<Record<string, unknown>>) =>
    screen.say(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`)
  let haveWorkersEnded = true
  await inTemporaryFolder(async (folder) => {
    const server = await serve(file, { ...optionsOf('serve', flags), folder, log })
    const { address, grpcPort, model, workers, threadsPerWorker, queueLimit, deadlineMs } = server
    const each = threadsPerWorker === null ? '' : ` × ${plural(threadsPerWorker, 'thread')}`
    const also = grpcPort === null ? '' : `, gRPC at ${flags.host}:${grpcPort}`
    // Who reads the address may ask it to end at once.
    const end = ended()
    await screen.print(
      `Serving '${model.name}' at ${address}/v2/models/${encodeURIComponent(model.name)} (${plural(workers, 'worker')}${each})${also}\n`,
    )
    const { maxBatch, fewRows, batchDelayMs, batchCosts, batchLine, whyAlone } = server
    const batches = { maxBatch, fewRows, batchDelayMs, batchCosts, batchLine, whyAlone }
    const limits = { queueLimit, deadlineMs }
    log({ level: 'info', message: 'ready', address, model: model.name, workers, threadsPerWorker, ...limits, ...batches })
    const why = await end
    log({ level: 'info', message: 'draining', signal: why })
    haveWorkersEnded = await server.close()
    if (haveWorkersEnded) log({ level: 'info', message: 'ended' })
    else log({ level: 'warn', message: 'ended by SIGKILL: a worker is in native code that does not return' })
  })
  // A thread in native code would keep the process, and `process.exit` waits for it, too.
  if (!haveWorkersEnded) process.kill(process.pid, 'SIGKILL')
}

/** Asked for once it serves: until then a signal ends the process at once, and from then on it may answer what it accepted. */
function signalOfEnd(): Promise<string> {
  process.send?.({ graceMs: DRAIN_GRACE_MS } satisfies Patience)
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
  })
}
