// Runs an observed model over all samples, in the trial's process. One sample is in memory at a time. Arithmetic is that of the graph as
// it is written: no fusion, each prediction on one thread, so that ranges are the same on every machine and in every tool that does so.
// If it takes long, further threads take samples too, each with its own session.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { offersOf } from '@whyslow/measure/engines/index.ts'
import type { EngineOptions, Feeds } from '@whyslow/measure/engines/types.ts'
import { openInputs, type TaskInputs } from '@whyslow/measure/samples/saved.ts'
import { engineOf } from '@whyslow/measure/trials/engine-of.ts'
import { collector, mergeCollected, type Observers, type ValueStatistics } from './collect.ts'

export interface ObserveTask {
  readonly engine: string
  readonly options: EngineOptions
  readonly file: string
  readonly inputs: TaskInputs
  readonly observers: Observers
}

/** Samples that a thread takes at once. */
const BLOCK = 8
/** A thread takes about 100 ms to start and to open its session: what is left must be worth two of them. */
const WORTH_MS = 250
const MOST_THREADS = 8
/** Each thread has the weights once more. */
const MOST_BYTES = 256 * 2 ** 20

const threadFile = fileURLToPath(new URL('./observe-thread.js', compiledTwin(import.meta.url)))

/** `worthMs`: what must be left to do for a second thread. */
export async function observe(task: ObserveTask, worthMs = WORTH_MS): Promise<ValueStatistics> {
  const next = new Int32Array(new SharedArrayBuffer(4))
  const others: Promise<ValueStatistics>[] = []
  const threads = threadsFor(task)
  const own = await observeBlocks(task, next, (leftMs) => {
    while (others.length < threads - 1 && leftMs > worthMs * (others.length + 1)) others.push(onThread(task, next))
  })
  return mergeCollected([own, ...(await Promise.all(others))])
}

function threadsFor({ engine, options, file }: ObserveTask): number {
  if (!offersOf(engine).includes('worker-threads')) return 1
  const folder = path.dirname(file)
  const bytes = fs.readdirSync(folder).reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).size, 0)
  return Math.min(options.threads ?? os.availableParallelism(), MOST_THREADS, 1 + Math.floor(MOST_BYTES / bytes))
}

function onThread(task: ObserveTask, next: Int32Array): Promise<ValueStatistics> {
  const thread = new Worker(threadFile, { workerData: { task, next } })
  return new Promise((resolve, reject) => {
    thread.once('message', resolve)
    thread.once('error', reject)
    thread.once('exit', () => reject(new Error('a thread ended before its samples did')))
  })
}

/** Takes blocks of samples until `next` is past the last. `onLeft`: how long the rest would take this thread alone, ms. */
export async function observeBlocks(
  { engine, options, file, inputs, observers }: ObserveTask,
  next: Int32Array,
  onLeft: (leftMs: number) => void = () => {},
): Promise<ValueStatistics> {
  const session = await engineOf(engine).open(file, { ...options, graphOptimization: 'disabled', threads: 1 })
  const samples = openInputs(inputs)
  const { see, collected } = collector(observers)
  const start = performance.now()
  let done = 0
  for (let block = Atomics.add(next, 0, 1); block * BLOCK < samples.count; block = Atomics.add(next, 0, 1)) {
    for (let k = block * BLOCK; k < Math.min(samples.count, (block + 1) * BLOCK); k++) {
      see(await session.run(knownTo(session.inputs, samples.read(k))), block)
      done++
      // The first prediction is slower than others.
      if (done === 2) onLeft(((performance.now() - start) / 2) * (samples.count - 2))
    }
    onLeft(((performance.now() - start) / done) * Math.max(0, samples.count - Atomics.load(next, 0) * BLOCK))
  }
  await session.close()
  return collected()
}

const knownTo = (inputs: readonly { readonly name: string }[], feeds: Feeds): Feeds =>
  Object.fromEntries(inputs.flatMap(({ name }) => (feeds[name] === undefined ? [] : [[name, feeds[name]]])))
