// `whyslow serve MODEL`: the model as a server, until a signal ends it. Here: what was typed, signals, and what goes to the screen.
import { plural } from '../../report/text/numbers.ts'
import { checkModel } from '../model-flags.ts'
import type { Screen } from '../screen.ts'
import type { Stages } from '../stages.ts'

/** The options of the command, parsed. */
export interface ServeFlags {
  readonly host: string
  readonly port: number
  readonly grpcPort?: number
  readonly workers?: number
  readonly threads?: number
  readonly engine?: string
  readonly name?: string
  readonly queue?: number
  readonly maxBatch?: number | 'auto'
  readonly batchDelay?: number
  readonly deadline?: number
  readonly bodyLimit?: number
  readonly stuckAfter?: number
  readonly allowHost?: readonly string[]
}

export interface ServeSurroundings {
  readonly screen: Screen
  readonly load: () => Promise<Pick<Stages, 'serve' | 'inTemporaryFolder'>>
  /** Resolves with the signal that ends the server; called once it serves. */
  readonly ended: () => Promise<string>
  /** Ends this process at once, whatever its threads do. */
  readonly kill: () => void
}

/** Serves until a signal comes. Throws UsageError or InputError where the model or the port cannot be used. */
export async function runServe(file: string, flags: ServeFlags, { screen, load, ended, kill }: ServeSurroundings): Promise<void> {
  checkModel(file, {})
  const { serve, inTemporaryFolder } = await load()
  const log = (entry: Readonly<Record<string, unknown>>) =>
    screen.say(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`)
  let haveWorkersEnded = true
  await inTemporaryFolder(async (folder) => {
    const server = await serve(file, {
      folder,
      host: flags.host,
      port: flags.port,
      grpcPort: flags.grpcPort ?? null,
      workers: flags.workers ?? null,
      threads: flags.threads ?? null,
      engine: flags.engine ?? null,
      name: flags.name ?? null,
      queue: flags.queue ?? null,
      maxBatch: flags.maxBatch ?? null,
      batchDelayMs: (flags.batchDelay ?? 0) * 1000,
      deadlineSeconds: flags.deadline ?? null,
      ...(flags.bodyLimit === undefined ? {} : { mostBodyBytes: flags.bodyLimit }),
      ...(flags.stuckAfter === undefined ? {} : { stuckAfterSeconds: flags.stuckAfter }),
      allowedHosts: flags.allowHost ?? [],
      log,
    })
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
  if (!haveWorkersEnded) kill()
}
