// A model opened in a process of the user's own Python, and asked through frames. Predictions are timed there, with that process's clock.
import path from 'node:path'
import { isVersion } from '@whyslow/graph/version.ts'
import { endInWords, type RunningProcess, startProcess } from '../../processes/start-process.ts'
import { COLLECTOR } from '../../python/collector.ts'
import { findInterpreter, isolatedEnvironment, probeInterpreter, pythonEnvironment } from '../../python/interpreter.ts'
import type {
  Availability,
  Engine,
  EnginePlaces,
  Feeds,
  InputDeclaration,
  OpenOptions,
  PreparedRun,
  Results,
  SamplePlan,
  SampleRun,
  Session,
} from '../types.ts'
import { decodeResults, encodeFeeds, encodeFrame, type Frame, FrameReader } from './frames.ts'

/** What an engine in Python is made of. */
export interface PythonPackages {
  /** As engines.py calls it. */
  readonly engine:
    | 'ort'
    | 'keras'
    | 'torch'
    | 'openvino'
    | 'tflite'
    | 'sklearn'
    | 'xgboost'
    | 'lightgbm'
    | 'catboost'
    | 'transformers'
    | 'genai'
  /** Module, and the distributions that bring it, the usual one first. */
  readonly module: string
  readonly distributions: readonly string[]
  /** Other modules that it needs. */
  readonly needs: readonly string[]
  readonly install: string
  readonly configuration?: Readonly<Record<string, readonly string[] | null>>
}

/** Whether an engine is a library of the user's own Python. */
export const isInPython = ({ id }: Pick<Engine, 'id'>): boolean => id.startsWith('python-')

const found = (python: string | undefined) =>
  findInterpreter({ named: python ?? null, beside: process.cwd() }, pythonEnvironment())

/** Whether the packages are there, without importing them. Never throws. */
export async function pythonAvailability(
  packages: PythonPackages,
  { python }: Pick<EnginePlaces, 'python'>,
): Promise<Availability> {
  const interpreter = found(python)
  if (!interpreter.ok) return interpreter
  const { module, distributions, needs, install, configuration } = packages
  const asked = { modules: [module, ...needs], distributions }
  const probed = await probeInterpreter(interpreter.interpreter, asked)
  if (!probed.ok) return probed
  const missing = [module, ...needs].filter((name) => probed.has[name] !== true)
  const { passedOver } = interpreter.interpreter
  if (missing.length > 0) {
    const lacks = `Python ${probed.version} (${probed.executable}) has no ${missing.join(', no ')}`
    return { ok: false, reason: passedOver === undefined ? lacks : `${lacks}; ${passedOver}`, fix: install }
  }
  const version = distributions.map((name) => probed.versions[name]).find(isVersion) ?? 'of unknown version'
  return {
    ok: true,
    version,
    device: 'cpu',
    deviceKind: 'cpu',
    from: probed.executable,
    accelerators: [],
    ...(passedOver === undefined ? {} : { passedOver }),
    ...(configuration === undefined ? {} : { configuration }),
  }
}

/** Throws an Error whose message is the library's own. */
export async function openPython(
  engine: PythonPackages['engine'] | 'folder',
  file: string,
  options: OpenOptions,
): Promise<Session> {
  const peer = startPeer('engine', file, options.python)
  try {
    const { header } = await peer.ask({ op: 'open', engine, file, ...asked(options) })
    return sessionOf(peer, header as unknown as Opened)
  } catch (error) {
    peer.end()
    const said = error instanceof Error ? error.message : String(error)
    throw new Error(`Load model from ${file} failed: ${said}`)
  }
}

/** Starts the collector in the user's Python. `word`: what it is to be: 'engine', 'generator'. Throws an Error if there is no Python. */
export function startPeer(word: 'engine' | 'generator', file: string, python: string | undefined): Peer {
  const interpreter = found(python)
  if (!interpreter.ok) throw new Error(`${interpreter.reason}; ${interpreter.fix}`)
  const { executable, arguments: before } = interpreter.interpreter
  return new Peer(
    startProcess({
      executable,
      words: [...before, COLLECTOR, word],
      stdio: ['pipe', 'pipe', 'pipe'],
      env: isolatedEnvironment(process.env, path.dirname(path.resolve(file))),
    }),
  )
}

interface Opened {
  readonly inputs: readonly InputDeclaration[]
  readonly outputs: readonly InputDeclaration[]
  readonly threads: number | null
}

const asked = ({ threads, graphOptimization, executionMode, configEntries, profilePrefix, optimizedModelPath }: OpenOptions) => ({
  threads,
  graphOptimization,
  executionMode,
  configEntries,
  profilePrefix,
  optimizedModelPath,
})

function sessionOf(peer: Peer, { inputs, outputs, threads }: Opened): Session {
  const bind = async (feeds: Feeds): Promise<number> => {
    const { tensors, buffers } = encodeFeeds(feeds)
    return (await peer.ask({ op: 'prepare', tensors }, buffers)).header.prepared as number
  }
  return {
    inputs,
    outputs,
    ...(threads === null ? {} : { threads }),
    async run(feeds): Promise<Results> {
      const { tensors, buffers } = encodeFeeds(feeds)
      return decodeResults(await peer.ask({ op: 'run', tensors }, buffers))
    },
    prepare(feeds): PreparedRun {
      const prepared = bind(feeds)
      // Whoever predicts is told.
      prepared.catch(() => {})
      return async () => peer.ask({ op: 'predict', prepared: await prepared })
    },
    async sample(feeds, plan: SamplePlan): Promise<SampleRun> {
      const prepared = []
      for (const one of feeds) prepared.push(await bind(one))
      return (await peer.ask({ op: 'sample', prepared, plan })).header as unknown as SampleRun
    },
    async endProfiling() {
      return (await peer.ask({ op: 'end_profiling' })).header.file as string | null
    },
    async close() {
      await peer.ask({ op: 'close' }).catch(() => {})
      peer.end()
    },
  }
}

/** One question at a time. */
export class Peer {
  private readonly running: RunningProcess
  private readonly reader = new FrameReader()
  private waiting: { resolve(frame: Frame): void; reject(error: Error): void } | null = null
  private queue: Promise<unknown> = Promise.resolve()
  private ended: string | null = null

  constructor(running: RunningProcess) {
    this.running = running
    running.child.stdout!.on('data', (chunk: Buffer) => this.take(chunk))
    running.ended.then((how) => this.fail(`the session is closed: its Python process ${endInWords(how)}`))
  }

  ask(header: object, buffers: readonly Uint8Array[] = []): Promise<Frame> {
    const answer = this.queue.then(() => this.exchange(header, buffers))
    this.queue = answer.catch(() => {})
    return answer
  }

  end(): void {
    this.running.end()
  }

  private exchange(header: object, buffers: readonly Uint8Array[]): Promise<Frame> {
    if (this.ended !== null) return Promise.reject(new Error(this.ended))
    return new Promise<Frame>((resolve, reject) => {
      this.waiting = { resolve, reject }
      for (const part of encodeFrame(header, buffers)) this.running.child.stdin!.write(part)
    })
  }

  private take(chunk: Buffer): void {
    try {
      for (const frame of this.reader.add(chunk)) this.answer(frame)
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error))
    }
  }

  private answer(frame: Frame): void {
    const waiting = this.waiting
    this.waiting = null
    const { error } = frame.header
    if (typeof error === 'string') waiting?.reject(new Error(error))
    else waiting?.resolve(frame)
  }

  private fail(reason: string): void {
    this.ended ??= reason
    this.waiting?.reject(new Error(this.ended))
    this.waiting = null
  }
}
