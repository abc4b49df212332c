// The process of a JavaScript program: answers what contestant.ts lists. The user's code runs here with the user's own rights and environment.
import { createHash } from 'node:crypto'
import { endWithParent } from '@whyslow/measure/trials/end-with-parent.ts'
import { holdStill, letGo, lookAtOthers, type WatchedWork } from './around/others.ts'
import { WatchedSessions } from './around/sessions.ts'
import { wait, watchTimers } from './around/timers.ts'
import { WatchedWorkers } from './around/workers.ts'
import type {
  AlternativesFound,
  Failure,
  OpenedContestant,
  OpenRequest,
  Output,
  PassTimes,
  Request,
  TimeRequest,
} from './contestant.ts'
import { needsSample, reasonOf, type UserTarget } from './contract.ts'
import { decodeValue } from './decode-value.ts'
import { encodeValue } from './encode-value.ts'
import { finishValue } from './finish-value.ts'
import { type Step, stepsOf, targetIn, wholeCall } from './program.ts'
import { copyOf, unsendableKind } from './same-value.ts'
import { takeItems } from './samples.ts'
import { type Passes, timePasses, timeWithGaps } from './time-passes.ts'
import type { Encoded } from './value.ts'

/** What goes wrong is told with where it was. */
let at: { stage: string; sample: number | null } = { stage: 'import', sample: null }
let file = ''
let target: UserTarget | null = null
let steps: readonly Step[] = []
let given: readonly Encoded[] | null = null
let own: readonly unknown[] = []
/** What goes on in addition to the calls; null: not requested. */
let watched: WatchedWork | null = null

endWithParent()
process.on('disconnect', () => process.exit(1))
process.on('uncaughtException', (error) => fail(error))
process.on('unhandledRejection', (error) => fail(error))
process.on('message', async (request: Request) => {
  try {
    process.send!({ answer: await answer(request) })
  } catch (error) {
    fail(error)
  }
})

function fail(error: unknown): void {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const failed: Failure = { kind: 'threw', reason: reasonOf(error), ...at, line: lineIn(stack) }
  process.send?.({ failed })
}

function lineIn(stack: string): number | null {
  const frame = stack.split('\n').find((line) => line.includes(file) && /:\d+:\d+\)?$/.test(line))
  return frame === undefined ? null : Number(frame.match(/:(\d+):\d+\)?$/)![1])
}

async function answer(request: Request): Promise<unknown> {
  switch (request.ask) {
    case 'open':
      if (request.watched) watched = { timers: watchTimers(), sessions: new WatchedSessions(), workers: new WatchedWorkers() }
      return open(request)
    case 'samples':
      return ownSamples(request.most)
    case 'give':
      given = request.samples
      return {}
    case 'keep':
      given = null
      return {}
    case 'output':
      return output(request.sample)
    case 'others':
      return others(request.order)
    case 'time':
      return time(request)
  }
}

async function open({ file: path, call, start = 'imported' }: OpenRequest): Promise<OpenedContestant> {
  file = path
  const runtime = `Node ${process.version.slice(1)}`
  const script = { runtime, stages: [], hasSamples: false, takesSample: false, importMs: 0, loadMs: null, packages: [] }
  if (start === 'script') return script
  const begin = process.hrtime.bigint()
  target = await targetIn({ file, call, start, arguments: [] })
  const importMs = msSince(begin)
  if (target.kind === 'script') return script
  let model: unknown
  let loadMs: number | null = null
  if (target.load !== null) {
    at = { stage: 'load', sample: null }
    const loading = process.hrtime.bigint()
    model = await target.load()
    loadMs = msSince(loading)
  }
  steps = stepsOf(target, model)
  const stages = steps.map(({ name }) => name)
  return { ...script, stages, hasSamples: target.samples !== null, takesSample: needsSample(target, model), importMs, loadMs }
}

const msSince = (begin: bigint): number => Number(process.hrtime.bigint() - begin) / 1e6

async function ownSamples(most: number): Promise<unknown> {
  at = { stage: 'samples', sample: null }
  own = (await takeItems(target!.samples, { most })).list
  const samples = own.map(encodeValue)
  let stays: string | null = null
  for (const [k, sample] of own.entries()) stays ??= unsendableKind(sample, samples[k]!)
  return { samples, stays }
}

/** One for a single call. */
const sampleAt = (index: number): unknown => (given === null ? copyOf(own[index]) : decodeValue(given[index]!))

/** The program's own is the same object each time. */
const sameSampleAt = (index: number): unknown => (given === null ? own[index] : sampleAt(index))

async function output(index: number): Promise<Output> {
  const sample = sampleAt(index)
  const before = digestOf(sample)
  let value = sample
  let ns = 0n
  within(true)
  for (const { name, run } of steps) {
    at = { stage: name, sample: index }
    process.send!({ at })
    const start = process.hrtime.bigint()
    value = await finishValue(run(value))
    ns += process.hrtime.bigint() - start
  }
  within(false)
  const copied = given !== null || sample !== own[index]
  return { value: encodeValue(value), timeMs: Number(ns) / 1e6, wroteInput: digestOf(sample) !== before, copied }
}

function digestOf(value: unknown): string {
  const { tree, buffers } = encodeValue(value)
  const hash = createHash('sha1').update(JSON.stringify(tree))
  for (const bytes of buffers) hash.update(bytes)
  return hash.digest('hex')
}

async function time({ order, leastMs, leastPasses, copies, alone, gapMs, still = [] }: TimeRequest): Promise<PassTimes> {
  at = { stage: 'the whole call', sample: null }
  const { call, samples } = alone ? await predictAlone(order) : wholeCalls(order, copies)
  if (watched !== null) await holdStill(watched, still, () => onePass(call, samples()))
  const pass = { call, samples: () => passOf(samples), leastPasses }
  try {
    if (gapMs !== undefined) return { passMs: await timeWithGaps({ ...pass, gapMs, within }, process.hrtime.bigint, wait) }
    within(true)
    return { passMs: await timePasses({ ...pass, leastMs }) }
  } finally {
    within(false)
    if (watched !== null) await letGo(watched, still)
  }
}

/** What is called, and the samples of a pass. */
type Calls = Pick<Passes, 'call' | 'samples'>

function wholeCalls(order: readonly number[], copies: boolean): Calls {
  const kept = order.map(sameSampleAt)
  return { call: wholeCall(steps), samples: copies ? () => order.map(sampleAt) : () => kept }
}

/** predict alone, on what the stages before it made once. */
async function predictAlone(order: readonly number[]): Promise<Calls> {
  const place = steps.length === 1 || steps[0]!.name !== 'preprocess' ? 0 : 1
  const before = wholeCall(steps.slice(0, place))
  const made: unknown[] = []
  for (const index of order) made.push(await finishValue(before(sameSampleAt(index))))
  return { call: steps[place]!.run, samples: () => made }
}

/** The samples of a pass, which sessions that are held answer for. */
function passOf(samples: Passes['samples']): readonly unknown[] {
  watched?.sessions.pass()
  return samples()
}

/** Whether a call is on its way, for what is watched. */
function within(isCall: boolean): void {
  watched?.timers.within(isCall)
}

async function onePass(call: Passes['call'], samples: readonly unknown[]): Promise<void> {
  within(true)
  try {
    for (const sample of samples) await finishValue(call(sample))
  } finally {
    within(false)
  }
}

function others(order: readonly number[]): Promise<AlternativesFound> {
  if (watched === null) throw new Error('it was not opened to be watched')
  at = { stage: 'the whole call', sample: null }
  const { call, samples } = wholeCalls(order, true)
  return lookAtOthers(watched, () => onePass(call, samples()))
}
