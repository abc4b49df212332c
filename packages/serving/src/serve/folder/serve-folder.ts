// The server in a folder that `fix` wrote, without whyslow: HTTP, gRPC, queue and workers of `whyslow serve`, bundled as serve.mjs. Rows that
// are chosen by measuring take whyslow itself.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { InputError } from '@whyslow/graph/input-error.ts'
import { readUsableCpus } from '@whyslow/measure/machine/index.ts'
import type { SettledBatches } from '../batches.ts'
import { codecLoop } from '../codec-loop.ts'
import type { CodecTask } from '../codec-thread.ts'
import { type GrpcPackage, startGrpcServer } from '../grpc/grpc-server.ts'
import { type ServerOptions, startServer } from '../server.ts'
import { MOST_BODY_BYTES, NO_SPINNING, QUEUE_FOR_EACH, STUCK_AFTER_MS } from '../server-defaults.ts'
import {
  crowdedText,
  type FolderManifest,
  type FolderServing,
  fewerText,
  modelSpecOf,
  platformOf,
  queueOf,
  readManifest,
  workersOf,
} from './folder-manifest.ts'

const USAGE = `node serve.mjs [options]: this folder as a server of the Open Inference Protocol

  --port <n>         where it listens; 0: one that is free (default: 8000)
  --host <address>   who may reach it; 0.0.0.0: everybody (default: 127.0.0.1)
  --grpc-port <n>    gRPC, too; takes the package @grpc/grpc-js (npm install @grpc/grpc-js)
  --workers <n>      sessions side by side (default: as options.json says and the CPUs allow, else 1)
  --name <name>      what clients call the model (default: model)
  --queue-size <n>   requests that may wait; more are refused with 503 (default: as options.json says, else ${QUEUE_FOR_EACH} or two
                     batches for each worker)
  --deadline <s>     seconds after which a request is refused with 504 (default: as options.json says, else none)
  --stuck-after <s>  seconds after which a prediction hangs, at least: its worker is replaced (default: ${STUCK_AFTER_MS / 1000})
  --body-limit <n>   bytes of the largest body (default: ${MOST_BODY_BYTES})
  --allow-host <s>   a host name that a proxy may use for a server on loopback; * allows any (repeatable)
`

const folder = path.dirname(fileURLToPath(import.meta.url))
const log = (entry: Readonly<Record<string, unknown>>) =>
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`)

async function main(): Promise<void> {
  const flags = readFlags()
  if (flags === null) {
    process.stdout.write(USAGE)
    return
  }
  const { name, host } = flags
  const grpc = flags.grpcPort === null ? null : await grpcAt(flags.grpcPort)
  const manifest = readManifest(folder, (file) => readFileSync(path.join(folder, file), 'utf8'))
  const cpus = readUsableCpus()
  const workers = flags.workers ?? workersOf(manifest, cpus)
  const { deadlineMs } = manifest.serving
  const queueLimit = flags.queue ?? queueOf(manifest.serving, workers)
  const crowded = crowdedText(workers, manifest.spinning === null ? 1 : manifest.threads, cpus)
  const fewer = flags.workers === null ? fewerText(manifest, workers, cpus) : null
  for (const message of [crowded, fewer]) if (message !== null) log({ level: 'warn', message })
  const server = await startServer({
    task: {
      engine: '',
      modelFile: new URL('./predict.mjs', import.meta.url).href,
      options: {
        threads: null,
        graphOptimization: 'all',
        executionMode: 'sequential',
        configEntries: workers > 1 ? NO_SPINNING : {},
        packageFrom: null,
      },
      shipped: null,
    },
    threadFile: new URL('./serve-worker.mjs', import.meta.url),
    workers,
    specOf: () => modelSpecOf(name, platformOf(manifest.model), manifest),
    host,
    port: flags.port,
    queueLimit,
    settle: joinsOf(manifest),
    grpc,
    timeoutMs: flags.deadline === null ? deadlineMs : flags.deadline * 1000,
    stuckAfterMs: flags.stuckAfter === null ? STUCK_AFTER_MS : flags.stuckAfter * 1000,
    mostBodyBytes: flags.bodyLimit,
    allowedHosts: flags.allowedHosts,
    codecThreadFile: new URL(import.meta.url),
    version: versionOf(),
    log,
  })
  const also = server.grpcPort === null ? '' : `, gRPC at ${host}:${server.grpcPort}`
  process.stdout.write(
    `Serving '${name}' at ${server.address}/v2/models/${encodeURIComponent(name)} (${workers} worker${workers === 1 ? '' : 's'})${also}\n`,
  )
  log({
    level: 'info',
    message: 'ready',
    address: server.address,
    model: name,
    workers,
    queueLimit,
    deadlineMs: server.served.timeoutMs,
    maxBatch: server.batches.mostRows,
  })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.once(signal, async () => {
      log({ level: 'info', message: 'draining', signal })
      const haveWorkersEnded = await server.close()
      if (haveWorkersEnded) log({ level: 'info', message: 'ended' })
      else killThis()
    })
}

/** It would keep the process, and `process.exit` waits for it, too. */
function killThis(): void {
  log({ level: 'warn', message: 'ended by SIGKILL: a worker is in native code that does not return' })
  process.kill(process.pid, 'SIGKILL')
}

/** Throws InputError if the package is absent, which is the user's to install here. */
async function grpcAt(port: number): Promise<NonNullable<ServerOptions['grpc']>> {
  let loaded: GrpcPackage & { readonly default?: GrpcPackage }
  try {
    loaded = (await import('@grpc/grpc-js')) as unknown as typeof loaded
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new InputError(
      `--grpc-port: gRPC needs the package @grpc/grpc-js, which is not installed; npm install --prefix ${folder} @grpc/grpc-js`,
    )
  }
  const grpc = loaded.default ?? loaded
  return { port, start: (served, at) => startGrpcServer(served, { grpc, host: at, port }) }
}

/** As `fix` proved it for this model. */
function joinsOf({ serving }: FolderManifest): (() => Promise<SettledBatches>) | null {
  const { maxBatch, fewRows, batchDelayMs }: FolderServing = serving
  if (maxBatch === 1) return null
  const settled = {
    mostRows: maxBatch,
    fewRows: Math.min(fewRows, maxBatch),
    delayMs: batchDelayMs,
    costs: null,
    line: null,
    why: null,
  }
  return async () => settled
}

function versionOf(): string {
  const { tool } = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as { tool?: { version?: string } }
  return tool?.version ?? ''
}

interface Flags {
  readonly port: number
  /** null: HTTP alone. */
  readonly grpcPort: number | null
  readonly host: string
  readonly workers: number | null
  readonly name: string
  readonly queue: number | null
  readonly deadline: number | null
  readonly bodyLimit: number
  readonly stuckAfter: number | null
  readonly allowedHosts: readonly string[]
}

/** null: help was requested. Throws InputError. */
function readFlags(): Flags | null {
  const text = { type: 'string' } as const
  const values = parsed({
    ...{ port: text, host: text, 'grpc-port': text, workers: text, name: text, 'queue-size': text, deadline: text },
    // Its name before.
    queue: text,
    ...{ 'body-limit': text, 'stuck-after': text, 'allow-host': { ...text, multiple: true } as const },
    help: { type: 'boolean', short: 'h' },
  })
  if (values.help === true) return null
  const number = (name: string, least: number, isWhole = true): number | null => {
    const given = values[name]
    if (given === undefined) return null
    const value = Number(given)
    if (given === '' || !(value >= least && Number.isFinite(value)) || (isWhole && !Number.isInteger(value)))
      throw new InputError(`--${name} ${given}: no ${isWhole ? 'whole ' : ''}number from ${least} on; node serve.mjs --help`)
    return value
  }
  const portOf = (name: string): number | null => {
    const port = number(name, 0)
    if (port === null || port <= 65_535) return port
    throw new InputError(`--${name} ${port}: ports end at 65535; node serve.mjs --help`)
  }
  const name = String(values.name ?? 'model')
  if (name === '' || name.includes('/')) throw new InputError(`--name '${name}': a name has no slash and is not empty`)
  return {
    port: portOf('port') ?? 8000,
    grpcPort: portOf('grpc-port'),
    host: String(values.host ?? '127.0.0.1'),
    workers: number('workers', 1),
    name,
    queue: number('queue-size', 1) ?? number('queue', 1),
    deadline: number('deadline', 0, false),
    bodyLimit: number('body-limit', 1) ?? MOST_BODY_BYTES,
    stuckAfter: number('stuck-after', 0, false),
    allowedHosts: (values['allow-host'] ?? []) as readonly string[],
  }
}

function parsed(options: NonNullable<Parameters<typeof parseArgs>[0]>['options']): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    throw new InputError(`${(error as Error).message.split('\n')[0]}; node serve.mjs --help`)
  }
}

try {
  // Long requests are read in a thread that runs this file.
  if (isMainThread) await main()
  else codecLoop(parentPort!, (workerData as CodecTask).codecOf)
} catch (error) {
  process.stderr.write(`${error instanceof InputError ? error.message : String((error as Error).stack ?? error)}\n`)
  process.exitCode = error instanceof InputError ? 2 : 1
}
