// speedscope's file format (https://www.speedscope.app/file-format-schema.json): frames once, and for each thread samples of stacks with
// their weights, or frames as they open and close.
import { fieldsOf, type JsonObject, textOrNull } from '@whyslow/graph/json.ts'
import { type Frame, StackTally } from './frames.ts'
import type { Head, TraceReader } from './reader.ts'
import type { FunctionTimes, Recording } from './recording.ts'
import { damageError, listOf, numberOf, readObject } from './small-json.ts'
import type { TraceSource } from './source.ts'

const TO_MS: Readonly<Record<string, number>> = { nanoseconds: 1e-6, microseconds: 1e-3, milliseconds: 1, seconds: 1e3 }

function recognises({ kind, text, keys }: Head): string | undefined {
  if (kind !== 'object') return undefined
  if (/speedscope\.app\/file-format-schema\.json/.test(text)) return 'its $schema'
  return keys.includes('shared') && keys.includes('profiles') ? 'its members shared and profiles' : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const file = await readObject(source)
  const frames = listOf(fieldsOf(file.shared).frames).map(frameOf)
  const threads = listOf(file.profiles).map((profile) => threadTimes(source.file, fieldsOf(profile), frames))
  const ranked = threads.filter((one) => one !== undefined).sort((a, b) => weightOf(b) - weightOf(a))
  const [judged, ...others] = ranked
  if (judged === undefined) throw damageError(source.file, 'no profile in it has samples')
  return {
    ...{
      kind: 'functions',
      format: 'speedscope',
      version: null,
      recognisedBy,
      recordedWith: ['stacks'],
      devices: [],
      slowed: false,
    },
    warnings:
      others.length === 0
        ? []
        : [`of ${ranked.length} threads the one that works most is judged: threads do not add up to a time`],
    functions: judged,
  }
}

/** A thread that waits is not the one that is judged; one that calls a model is. */
const weightOf = ({ totalMs, samples, idleShare, model }: FunctionTimes): number =>
  (totalMs ?? samples ?? 0) * (1 - idleShare) * (model === null ? 1 : 1000)

function frameOf(value: unknown): Frame {
  const { name, file, line } = fieldsOf(value)
  return { name: textOrNull(name) ?? '(no name)', file: textOrNull(file), line: typeof line === 'number' ? line : null }
}

function threadTimes(file: string, profile: JsonObject, frames: readonly Frame[]): FunctionTimes | undefined {
  const tally = new StackTally()
  const scale = TO_MS[String(profile.unit)]
  const count = profile.type === 'evented' ? addEvents(file, profile, frames, tally) : addSamples(file, profile, frames, tally)
  if (tally.whole === 0) return undefined
  const isCounted = profile.type === 'evented'
  return tally.times({
    how: isCounted ? 'calls' : 'samples',
    totalMs: scale === undefined ? null : tally.whole * scale,
    samples: isCounted ? null : count,
  })
}

function addSamples(file: string, profile: JsonObject, frames: readonly Frame[], tally: StackTally): number {
  const weights = listOf(profile.weights)
  const samples = listOf(profile.samples)
  for (const [at, stack] of samples.entries()) {
    const named = listOf(stack).map((index) => frames[numberOf(index, -1)])
    if (named.some((frame) => frame === undefined)) throw damageError(file, 'a sample names a frame that is not there')
    tally.add(named as Frame[], weights.length === 0 ? 1 : numberOf(weights[at]))
  }
  return samples.length
}

/** Between two events the frames that are open run; the innermost by itself. */
function addEvents(file: string, profile: JsonObject, frames: readonly Frame[], tally: StackTally): number {
  const open: Frame[] = []
  let before = numberOf(profile.startValue)
  const events = listOf(profile.events)
  for (const event of events) {
    const { type, frame, at } = fieldsOf(event)
    const named = frames[numberOf(frame, -1)]
    if (named === undefined) throw damageError(file, 'an event names a frame that is not there')
    tally.add(open, numberOf(at, before) - before)
    before = Math.max(before, numberOf(at, before))
    if (type === 'O') open.push(named)
    else open.pop()
    if (open.length > 10_000) throw damageError(file, 'frames that never close')
  }
  return events.length
}

export const speedscope: TraceReader = { id: 'speedscope', title: 'speedscope', recognises, read }
