// A model, or a folder that `fix` wrote, as a server.
import fs from 'node:fs'
import path from 'node:path'
import { checkEngine } from '@whyslow/command/engine-options.ts'
import { entriesForModel, modelForEngine } from '@whyslow/command/model-files/model-for-engine.ts'
import { DEFAULTS } from '@whyslow/command/options.ts'
import { toolVersion } from '@whyslow/command/version.ts'
import { readModel } from '@whyslow/formats/index.ts'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { fileForEngine } from '@whyslow/graph/model.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { findPackage } from '@whyslow/measure/engines/find-package.ts'
import { offersOf } from '@whyslow/measure/engines/index.ts'
import { importOptional } from '@whyslow/measure/engines/optional-package.ts'
import type { ShippedFolder } from '@whyslow/measure/engines/shipped-folder.ts'
import type { EngineOptions, Feeds, InputDeclaration } from '@whyslow/measure/engines/types.ts'
import { readUsableCpus } from '@whyslow/measure/machine/index.ts'
import { findWorkingInputs } from '@whyslow/measure/samples/find-working.ts'
import { NO_FLAGS } from '@whyslow/measure/samples/flags.ts'
import { synthesize } from '@whyslow/measure/samples/synthetic.ts'
import type { BatchCost, CostLine } from '../../serve/batch-cost.ts'
import type { TryPredict } from '../../serve/batch-proof.ts'
import {
  crowdedText,
  type FolderServing,
  fewerText,
  modelSpecOf,
  platformOf,
  queueOf,
  readManifest,
  workersOf,
} from '../../serve/folder/folder-manifest.ts'
import { type GrpcPackage, startGrpcServer } from '../../serve/grpc/grpc-server.ts'
import type { ModelSpec } from '../../serve/protocol.ts'
import { type RunningServer, type ServerOptions, startServer } from '../../serve/server.ts'
import { MOST_BODY_BYTES, NO_SPINNING, STUCK_AFTER_MS, usualQueue } from '../../serve/server-defaults.ts'
import { settleBatches } from '../../serve/settle-batches.ts'
import type { WorkerTask } from '../../serve/worker-task.ts'
import { whyJoiningDoesNotPay } from './joining-pays.ts'
import { knownModel } from './known-model.ts'

/** How a server works: what `load` can tell the one that it starts, too. */
export interface SetupOptions {
  /** null: a worker for each CPU that may be used, with one thread. */
  readonly workers: number | null
  /** Threads of each worker; null: the CPUs divided among the workers. Not for a folder, whose own options say it. */
  readonly threads: number | null
  /** null: the usual one. Not for a folder, which has its own. */
  readonly engine: string | null
  /** Requests that may wait; null: as a folder says, else 32 for each worker, or two batches. */
  readonly queue: number | null
  /** Rows that requests are joined to, where they wait anyway; auto: by what predictions of several cost; null: each by itself. */
  readonly maxBatch: number | 'auto' | null
  /** Rows that are joined of fewer requests than make a whole batch, where `maxBatch` is a number; null: as many. */
  readonly fewRows: number | null
  /** How long the first request of an incomplete batch waits for others, ms. */
  readonly batchDelayMs: number
  /** What an answer may take, which an automatic choice of rows keeps to, ms; null: the deadline. */
  readonly batchWithinMs: number | null
  /** No request takes longer, whatever it says itself; null: as a folder says, else as long as it takes. */
  readonly deadlineSeconds: number | null
}

export interface ServeOptions extends SetupOptions {
  readonly host: string
  readonly port: number
  /** gRPC in addition to HTTP, which needs @grpc/grpc-js; null: HTTP alone. */
  readonly grpcPort: number | null
  /** What clients call the model; null: the file's name. */
  readonly name: string | null
  /** A prediction hangs when it takes longer than this, and than 100 times the p99. */
  readonly stuckAfterSeconds: number
  readonly mostBodyBytes: number
  /** Names under which clients may ask in addition to those of this machine; '*': any. On loopback none by default, else any. */
  readonly allowedHosts: readonly string[]
  /** A temporary folder: what is written for the engine is there. */
  readonly folder: string
  readonly log: (entry: Readonly<Record<string, unknown>>) => void
}

export const SETUP_DEFAULTS: SetupOptions = {
  workers: null,
  threads: null,
  engine: null,
  queue: null,
  maxBatch: null,
  fewRows: null,
  batchDelayMs: 0,
  batchWithinMs: null,
  deadlineSeconds: null,
}

export const SERVE_DEFAULTS: Omit<ServeOptions, 'folder'> = {
  ...SETUP_DEFAULTS,
  host: '127.0.0.1',
  port: 8000,
  grpcPort: null,
  name: null,
  stuckAfterSeconds: STUCK_AFTER_MS / 1000,
  mostBodyBytes: MOST_BODY_BYTES,
  allowedHosts: [],
  log: () => {},
}

/** What a server was opened with. */
export interface ServerSetup {
  readonly workers: number
  /** null: as a folder's own options say. */
  readonly threadsPerWorker: number | null
  readonly queueLimit: number
  /** Deadline of requests that name none; null: as long as it takes. */
  readonly deadlineMs: number | null
  /** 1: each request is predicted by itself. */
  readonly maxBatch: number
  /** Rows that are joined of fewer requests than make a whole batch. */
  readonly fewRows: number
  /** How long the first request of an incomplete batch waits for others. */
  readonly batchDelayMs: number
  /** What predictions of this many rows take; null: not measured, since the rows were told or cannot be joined. */
  readonly batchCosts: readonly BatchCost[] | null
  /** What fits them best. */
  readonly batchLine: CostLine | null
  /** Why an automatic choice joins none; null if it does, or the rows were told. */
  readonly whyAlone: string | null
  /** null: a folder's own. */
  readonly engine: string | null
  /** Whether idle threads of the engine spin; null: as a folder's own options say. */
  readonly spinning: boolean | null
}

export type ModelServer = RunningServer & ServerSetup

const threadFile = new URL('../../serve/predict-thread.js', compiledTwin(import.meta.url))
const codecThreadFile = new URL('../../serve/codec-worker.js', compiledTwin(import.meta.url))

/** Throws InputError if the model, the engine or the port cannot be used. */
export async function serve(file: string, given: Partial<ServeOptions> & Pick<ServeOptions, 'folder'>): Promise<ModelServer> {
  const options = { ...SERVE_DEFAULTS, ...given }
  const grpc = options.grpcPort === null ? null : await grpcAt(options.grpcPort)
  const opened = fs.existsSync(path.join(file, 'manifest.json')) ? folderTask(file, options) : await modelTask(file, options)
  const { workers, threadsPerWorker, maxBatch, fewRows, batchDelayMs } = opened
  const queueLimit = options.queue ?? opened.queue ?? usualQueue(workers, maxBatch)
  const name = options.name ?? nameOf(file)
  if (name === '' || name.includes('/'))
    throw new InputError(`--name ${name || "''"}: the name is part of request paths: give one that is not empty and has no slash`)
  const crowded = crowdedText(workers, opened.threads, readUsableCpus())
  if (crowded !== null) options.log({ level: 'warn', message: crowded })
  const deadlineMs = options.deadlineSeconds === null ? opened.deadlineMs : options.deadlineSeconds * 1000
  const running = await startServer({
    task: opened.task,
    threadFile,
    workers,
    specOf: (declared) =>
      modelSpecOf(name, opened.platform, {
        inputs: opened.inputs ?? declared.inputs,
        outputs: opened.outputs ?? declared.outputs,
      }),
    host: options.host,
    port: options.port,
    grpc,
    queueLimit,
    settle:
      maxBatch === 1
        ? null
        : (model, servers) =>
            settleBatches(model, servers, {
              mostRows: maxBatch,
              fewRows,
              delayMs: batchDelayMs,
              withinMs: options.batchWithinMs ?? deadlineMs,
              samples: (model, predict) => samplesFor(file, model, predict),
              whyNotPaying: whyJoiningDoesNotPay,
            }),
    timeoutMs: deadlineMs,
    stuckAfterMs: options.stuckAfterSeconds * 1000,
    mostBodyBytes: options.mostBodyBytes,
    allowedHosts: options.allowedHosts,
    codecThreadFile,
    version: toolVersion,
    log: options.log,
  })
  const { shipped, engine, options: engineOptions } = opened.task
  const own = shipped === null ? { engine, spinning: !isQuiet(engineOptions) } : { engine: null, spinning: null }
  const { mostRows, delayMs, costs, line, why } = running.batches
  const settled = {
    batchLine: line,
    maxBatch: mostRows,
    fewRows: running.batches.fewRows,
    batchDelayMs: delayMs,
    batchCosts: costs,
    whyAlone: why,
  }
  return { ...running, workers, threadsPerWorker, queueLimit, deadlineMs, ...settled, ...own }
}

/** Synthetic requests that the model was seen to take. */
async function samplesFor(file: string, model: ModelSpec, predict: TryPredict): Promise<readonly Feeds[]> {
  const { graph, values: known, withPixels } = await knownModel(file, model)
  let samples: readonly Feeds[] = []
  await findWorkingInputs(graph.inputs, graph, { ...NO_FLAGS, known }, (tried) => {
    samples = synthesize(withPixels(tried.inputs), graph)
    return predict(samples[0]!)
  })
  return samples
}

/** Throws InputError if the package is absent. */
async function grpcAt(port: number): Promise<NonNullable<ServerOptions['grpc']>> {
  const grpc = await importOptional<GrpcPackage>('@grpc/grpc-js', '--grpc-port: gRPC')
  return { port, start: (served, host) => startGrpcServer(served, { grpc, host, port }) }
}

const nameOf = (file: string): string => path.basename(path.resolve(file)).replace(/\.(onnx|h5|keras|tflite|json)$/i, '')

interface OpenedModel extends Pick<ModelServer, 'workers' | 'threadsPerWorker' | 'deadlineMs'> {
  /** null: the usual one. */
  readonly queue: number | null
  readonly maxBatch: number | 'auto'
  readonly fewRows: number | null
  readonly batchDelayMs: number
  readonly task: WorkerTask
  /** Threads of each session; null: as many as there are CPUs. */
  readonly threads: number | null
  readonly platform: string
  /** null: as the engine declares them. */
  readonly inputs: readonly InputDeclaration[] | null
  readonly outputs: readonly InputDeclaration[] | null
}

const isQuiet = ({ configEntries }: EngineOptions): boolean => configEntries['session.intra_op.allow_spinning'] === '0'

async function modelTask(file: string, { engine: id, folder, ...given }: ServeOptions): Promise<OpenedModel> {
  const engine = id ?? DEFAULTS.engine
  checkEngine(engine)
  const cpus = readUsableCpus()
  const canHaveSeveral = offersOf(engine).includes('worker-threads')
  const workers = given.workers ?? (canHaveSeveral ? cpus : 1)
  if (workers > 1 && !canHaveSeveral)
    throw new InputError(`--workers ${workers}: ${engine} holds one session in a process; give --workers 1`)
  const threads = given.threads ?? Math.max(1, Math.floor(cpus / workers))
  const model = await modelForEngine(await readModel(file), engine, folder)
  const options: EngineOptions = {
    threads,
    graphOptimization: 'all',
    executionMode: 'sequential',
    configEntries: {
      ...entriesForModel(model, engine),
      ...(workers > 1 && offersOf(engine).includes('configuration') ? NO_SPINNING : {}),
    },
    packageFrom: null,
  }
  const { inputs, outputs } = viewGraph(model)
  const declared = (values: typeof inputs): InputDeclaration[] =>
    values.map(({ name, kind, dtype, shape }) => ({
      name,
      isTensor: kind === 'tensor',
      dtype: dtype ?? null,
      shape: shape?.map((size) => size ?? '') ?? null,
    }))
  return {
    task: { engine, modelFile: fileForEngine(model), options, shipped: null },
    platform: model.source.format === 'onnx' ? 'onnx_onnxv1' : model.source.format,
    inputs: declared(inputs),
    outputs: declared(outputs),
    workers,
    maxBatch: given.maxBatch ?? 1,
    fewRows: given.fewRows,
    batchDelayMs: given.batchDelayMs,
    queue: null,
    deadlineMs: null,
    threadsPerWorker: threads,
    threads,
  }
}

/** Throws InputError if it is not a folder of `fix`, if a file is missing, or if an option contradicts its own. */
function folderTask(folder: string, { engine, threads, workers, ...given }: ServeOptions): OpenedModel {
  const told = engine !== null ? `--engine ${engine}` : threads !== null ? `--threads ${threads}` : null
  if (told !== null)
    throw new InputError(`${told}: ${folder} has its own engine and options; leave it out, or serve the model itself`)
  const shipped: ShippedFolder = { folder: path.resolve(folder), takesTensors: false, env: {} }
  const manifest = readManifest(folder, (name) => fs.readFileSync(path.join(folder, name), 'utf8'))
  const cpus = readUsableCpus()
  const count = workers ?? workersOf(manifest, cpus)
  const fewer = workers === null ? fewerText(manifest, count, cpus) : null
  if (fewer !== null) given.log({ level: 'warn', message: fewer })
  const missing = manifest.needs.filter((name) => findPackage(name, folder) === null)
  if (missing.length > 0)
    throw new InputError(`${folder}: its predict.mjs finds no ${missing.join(', ')}; run npm install --prefix ${folder}`)
  const options: EngineOptions = {
    threads: null,
    graphOptimization: 'all',
    executionMode: 'sequential',
    // Its own code heeds it.
    configEntries: count > 1 ? NO_SPINNING : {},
    packageFrom: null,
  }
  return {
    task: { engine: '', modelFile: path.join(folder, manifest.model), options, shipped },
    platform: platformOf(manifest.model),
    inputs: manifest.inputs,
    outputs: manifest.outputs,
    workers: count,
    ...batchingOf(given, manifest.serving),
    // Rows that are told are not those that it was found with.
    queue: given.maxBatch === null ? queueOf(manifest.serving, count) : null,
    deadlineMs: manifest.serving.deadlineMs,
    threadsPerWorker: null,
    threads: manifest.spinning === null ? 1 : manifest.threads,
  }
}

/** What is told, else what the folder says. */
function batchingOf(
  { maxBatch, fewRows, batchDelayMs }: Pick<ServeOptions, 'maxBatch' | 'fewRows' | 'batchDelayMs'>,
  serving: FolderServing,
): Pick<OpenedModel, 'maxBatch' | 'fewRows' | 'batchDelayMs'> {
  if (maxBatch !== null) return { maxBatch, fewRows, batchDelayMs }
  return {
    maxBatch: serving.maxBatch,
    fewRows: serving.fewRows,
    batchDelayMs: batchDelayMs === 0 ? serving.batchDelayMs : batchDelayMs,
  }
}
