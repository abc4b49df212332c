// pprof's profile.proto (https://github.com/google/pprof/blob/main/proto/profile.proto), what Go, Node's pprof packages, gperftools and many
// others write: stacks of locations, leaf first, with one value for each sample type; strings, functions and locations by number.
import { InputError } from '@whyslow/graph/input-error.ts'
import { type Frame, StackTally } from './frames.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Recording } from './recording.ts'
import { damageError } from './small-json.ts'
import { type TraceSource, wholeOf } from './source.ts'
import { type Field, toSigned, walkFields, walkPacked } from './wire.ts'

/** Tables stand behind the samples that use them: the file is held whole. */
const MOST_BYTES = 2 ** 29
const MOST_DEPTH = 10_000
const TO_MS: Readonly<Record<string, number>> = { nanoseconds: 1e-6, microseconds: 1e-3, milliseconds: 1, seconds: 1e3 }
/** Go's profiles of mutexes and of blocking: no time of a CPU. */
const WAITING = new Set(['delay', 'contentions'])
/** More than the profile was long by this is several threads. [ours] */
const SEVERAL_THREADS = 1.05

/** Its first field is a type of samples: two small numbers and nothing else, as in no other format that begins with this byte. */
function recognises({ bytes }: Head): string | undefined {
  const length = bytes[1] ?? 0
  if (bytes[0] !== 0x0a || length < 2 || length > 12 || bytes.length < 2 + length) return undefined
  const numbers: number[] = []
  try {
    walkFields(bytes, 2, 2 + length, ({ number, wire }) => numbers.push(wire === 0 ? number : -1))
  } catch {
    return undefined
  }
  const isType = numbers.length <= 2 && numbers.every((number) => number === 1 || number === 2)
  return isType && [0x0a, 0x12].includes(bytes[2 + length] ?? 0) ? 'its first field, a type of samples' : undefined
}

interface Profile {
  readonly types: { type: number; unit: number }[]
  readonly samples: [from: number, to: number][]
  /** Mapping and lines of each location. */
  readonly locations: Map<number, { mapping: number; address: number; lines: { function: number; line: number }[] }>
  readonly functions: Map<number, { name: number; file: number }>
  /** Its file. */
  readonly mappings: Map<number, number>
  readonly strings: string[]
  durationNs: number
  defaultType: number
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const warnings: string[] = []
  const bytes = await wholeOf(source, MOST_BYTES)
  const profile = profileOf(source.file, bytes)
  const { index, type, unit } = judgedType(source.file, profile)
  const tally = new StackTally()
  const frames = framesOf(profile)
  const counted = profile.types.findIndex((one) => /^(samples?|count)$/.test(profile.strings[one.type] ?? ''))
  let count = 0
  for (const [from, to] of profile.samples) {
    const { locations, values } = sampleOf(bytes, from, to)
    if (locations.length > MOST_DEPTH) throw damageError(source.file, 'a stack that never ends')
    const value = values[index] ?? 0
    if (!(value > 0)) continue
    const named = locations.map((id) => frames.get(id))
    if (named.some((one) => one === undefined)) throw damageError(source.file, 'a sample names a location that is not there')
    // Leaf first in the file; within a location, what was inlined before what it was inlined into.
    tally.add((named as Frame[][]).flat().reverse(), value)
    count += counted < 0 ? 1 : (values[counted] ?? 0)
  }
  if (tally.whole === 0) throw new InputError(`${source.file}: no sample of ${type} in this profile; record it again`)
  const scale = TO_MS[unit]
  const totalMs = scale === undefined ? null : tally.whole * scale
  if (totalMs !== null && profile.durationNs > 0 && totalMs > SEVERAL_THREADS * (profile.durationNs / 1e6))
    warnings.push('times are of several threads together, more than the profile was long')
  return {
    ...{ kind: 'functions', format: 'pprof', version: null, recognisedBy, recordedWith: ['stacks'], devices: [], slowed: false },
    warnings,
    functions: tally.times({ how: 'samples', totalMs, samples: count }),
  }
}

function profileOf(file: string, bytes: Buffer): Profile {
  const profile: Profile = {
    ...{ types: [], samples: [], locations: new Map(), functions: new Map(), mappings: new Map(), strings: [] },
    ...{ durationNs: 0, defaultType: 0 },
  }
  try {
    walkFields(bytes, 0, bytes.length, (field) => takeField(bytes, field, profile))
  } catch (error) {
    if (error instanceof InputError) throw damageError(file, error.message)
    throw error
  }
  if (profile.strings[0] !== '') throw damageError(file, 'its table of strings does not begin with an empty one')
  return profile
}

function takeField(bytes: Buffer, field: Field, profile: Profile): void {
  const { number, wire, from, to } = field
  if (wire === 0) {
    if (number === 10) profile.durationNs = toSigned(field.value)
    else if (number === 14) profile.defaultType = field.value
    return
  }
  if (wire !== 2) return
  if (number === 1) {
    const [, type = 0, unit = 0] = numbersOf(bytes, from, to)
    profile.types.push({ type, unit })
  } else if (number === 2) profile.samples.push([from, to])
  else if (number === 3) {
    const [, id = 0, , , , name = 0] = numbersOf(bytes, from, to)
    profile.mappings.set(id, name)
  } else if (number === 4) takeLocation(bytes, from, to, profile)
  else if (number === 5) {
    const [, id = 0, name = 0, , path = 0] = numbersOf(bytes, from, to)
    profile.functions.set(id, { name, file: path })
  } else if (number === 6) profile.strings.push(bytes.toString('utf8', from, to))
}

/** Numbers of a message by their field, up to the tenth. */
function numbersOf(bytes: Buffer, from: number, to: number): number[] {
  const numbers: number[] = []
  walkFields(bytes, from, to, ({ number, wire, value }) => {
    if (wire === 0 && number <= 10) numbers[number] = value
  })
  return numbers
}

function takeLocation(bytes: Buffer, from: number, to: number, { locations }: Profile): void {
  const [, id = 0, mapping = 0, address = 0] = numbersOf(bytes, from, to)
  const lines: { function: number; line: number }[] = []
  walkFields(bytes, from, to, (field) => {
    if (field.number !== 4 || field.wire !== 2) return
    const [, called = 0, line = 0] = numbersOf(bytes, field.from, field.to)
    lines.push({ function: called, line: toSigned(line) })
  })
  locations.set(id, { mapping, address, lines })
}

/** Packed or one by one. */
function sampleOf(bytes: Buffer, from: number, to: number): { locations: number[]; values: number[] } {
  const told: [number[], number[]] = [[], []]
  walkFields(bytes, from, to, (field) => {
    const list = told[field.number - 1]
    if (list === undefined) return
    if (field.wire === 0) list.push(field.value)
    else if (field.wire === 2) walkPacked(bytes, field.from, field.to, (value) => list.push(value))
  })
  return { locations: told[0], values: told[1].map(toSigned) }
}

/** Frames of each location, innermost first. */
function framesOf({ locations, functions, mappings, strings }: Profile): Map<number, Frame[]> {
  const text = (index: number | undefined): string | null => strings[index ?? 0] || null
  const frames = new Map<number, Frame[]>()
  for (const [id, { mapping, address, lines }] of locations) {
    const library = text(mappings.get(mapping))
    const named = lines.map(({ function: called, line }): Frame => {
      const known = functions.get(called)
      return { name: text(known?.name) ?? '(no name)', file: text(known?.file) ?? library, line: line > 0 ? line : null }
    })
    frames.set(id, named.length > 0 ? named : [{ name: `0x${address.toString(16)}`, file: library, line: null }])
  }
  return frames
}

/** Which values are judged: the default where it is a time of running, else the last such; counts of samples if there is none. */
function judgedType(file: string, { types, strings, defaultType }: Profile): { index: number; type: string; unit: string } {
  const all = types.map(({ type, unit }, index) => ({
    index,
    type: strings[type] ?? '',
    unit: strings[unit] ?? '',
    number: type,
  }))
  const timed = all.filter(({ type, unit }) => TO_MS[unit] !== undefined && !WAITING.has(type))
  const chosen =
    timed.find(({ number }) => defaultType !== 0 && number === defaultType) ??
    timed.at(-1) ??
    all.find(({ type, unit }) => unit === 'count' && /^samples?$/.test(type))
  if (chosen !== undefined) return chosen
  const told = all.map(({ type, unit }) => `${type} in ${unit}`).join(', ')
  throw new InputError(`${file}: this pprof profile holds ${told || 'no values'}, no time; record a profile of the CPU`)
}

export const pprof: TraceReader = { id: 'pprof', title: 'pprof', recognises, read }
