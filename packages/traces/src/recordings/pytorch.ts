// PyTorch's profiler: Kineto's trace.json (github.com/pytorch/kineto, libkineto/src/output_json.cpp), since schema version 1 and before,
// on CPUs, NVIDIA, AMD, Intel, MTIA and others.
import { isObject } from '@whyslow/graph/json.ts'
import { readChrome } from './chrome-timeline.ts'
import type { Head, TraceReader } from './reader.ts'
import { kindCode, type RecordedDevice, type Recording, type Timeline } from './recording.ts'
import type { TraceSource } from './source.ts'

const SCHEMA = 1
const FLAGS = {
  record_shapes: 'shapes',
  with_stack: 'stacks',
  profile_memory: 'memory',
  with_flops: 'flops',
  with_modules: 'modules',
}

function recognises({ kind, text, keys }: Head): string | undefined {
  if (kind !== 'object') return undefined
  if (keys.includes('schemaVersion') && (keys.includes('deviceProperties') || keys.includes('traceEvents')))
    return 'its members schemaVersion and traceEvents'
  const category =
    /"cat"\s*:\s*"(cpu_op|Operator|cuda_runtime|gpu_memcpy|ac2g|user_annotation|cpu_instant_event|python_function)"/.exec(text)
  if (category !== null) return `events of the category ${category[1]}`
  return /"cat"\s*:\s*"(Kernel|Runtime|Memcpy)"/.test(text) && keys.includes('traceEvents')
    ? 'events of Kineto’s older categories'
    : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const { timeline, metadata, memory, warnings } = await readChrome(source)
  const devices = devicesOf(metadata.deviceProperties)
  const clipped = devices.some(({ name }) => AMD.test(name)) ? clipToNext(timeline) : 0
  const schema = metadata.schemaVersion
  const isNewer = typeof schema === 'number' && schema > SCHEMA
  const flags = Object.entries(FLAGS).flatMap(([key, what]) => (metadata[key] === 1 || metadata[key] === true ? [what] : []))
  const hasShapes = timeline.details.some(({ shapes }) => shapes !== undefined)
  return {
    kind: 'timeline',
    format: 'pytorch',
    version: typeof schema === 'number' ? String(schema) : null,
    recognisedBy,
    recordedWith: [...new Set([...flags, ...(hasShapes ? ['shapes'] : []), ...(memory ? ['memory'] : [])])],
    devices,
    slowed: true,
    warnings: [
      ...warnings,
      ...(isNewer ? [`the file is of schema ${schema}; this whyslow knows ${SCHEMA}`] : []),
      ...(clipped > 0 ? [`${clipped} kernels ran into the next one of their queue, as ROCm writes some, and are cut there`] : []),
    ],
    timeline,
    memory,
  }
}

const AMD = /AMD|Radeon|Instinct|gfx/i

/** A queue runs one kernel after the other, and some of ROCm's durations go on into the next (AMD-AGI/TraceLens#669). How many did. */
function clipToNext({ length, kind, track, startUs, durationUs }: Timeline): number {
  const events = new Uint32Array(length)
  let count = 0
  for (let event = 0; event < length; event++) if (DEVICE_KINDS.has(kind[event]!)) events[count++] = event
  const sorted = events.slice(0, count).sort((a, b) => track[a]! - track[b]! || startUs[a]! - startUs[b]!)
  let clipped = 0
  for (let i = 0; i + 1 < sorted.length; i++) {
    const [event, next] = [sorted[i]!, sorted[i + 1]!]
    const room = startUs[next]! - startUs[event]!
    // Writers round to three decimals.
    if (track[event] !== track[next] || durationUs[event]! <= room + 1e-2) continue
    durationUs[event] = room
    clipped++
  }
  return clipped
}

const DEVICE_KINDS: ReadonlySet<number> = new Set([kindCode('kernel'), kindCode('communication'), kindCode('copy')])

function devicesOf(properties: unknown): RecordedDevice[] {
  if (!Array.isArray(properties)) return []
  return properties.filter(isObject).map((one) => ({
    name: typeof one.name === 'string' ? one.name : 'a device',
    computeCapability: capabilityOf(one),
    memoryBytes: numberOr(one.totalGlobalMem),
    multiprocessors: numberOr(one.numSms),
    flopsPerSecond: null,
    bytesPerSecond: null,
  }))
}

/** ROCm states numbers of its own in the same members. */
function capabilityOf(one: Readonly<Record<string, unknown>>): number | null {
  const isOther = typeof one.name === 'string' && (AMD.test(one.name) || /Intel/i.test(one.name))
  if (isOther || typeof one.computeMajor !== 'number' || typeof one.computeMinor !== 'number') return null
  return one.computeMajor + one.computeMinor / 10
}

const numberOr = (value: unknown): number | null => (typeof value === 'number' && value > 0 ? value : null)

export const pytorch: TraceReader = { id: 'pytorch', title: 'PyTorch profiler (Kineto)', recognises, read }
