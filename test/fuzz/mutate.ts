// Changes to a file that a reader must survive: bits, and what a format's structure is made of (counts, lengths, offsets, numbers in
// texts, messages in messages, members of archives), set to extremes, copied over each other, swapped.
import { unzipSync, zipSync } from 'fflate'

export type Random = () => number
/** Larger files would take the time of thousands. */
const LONGEST_BYTES = 2 ** 22
export type Kind = 'binary' | 'text' | 'protobuf' | 'zip' | 'npy'

/** A changed copy, and what was changed. `others`: files of the same format, to take parts of. */
export type Mutation = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => [Uint8Array, string]

export const below = (random: Random, end: number): number => Math.floor(random() * end)
export const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)]!

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

function range(bytes: Uint8Array, random: Random, longest = 64): [number, number] {
  const from = below(random, bytes.length + 1)
  return [from, Math.min(bytes.length, from + below(random, longest))]
}

function flipBits(given: Uint8Array, random: Random): [Uint8Array, string] {
  const bytes = given.slice()
  const places = Array.from({ length: 1 + below(random, 4) }, () => below(random, bytes.length))
  for (const at of places) bytes[at]! ^= 1 << below(random, 8)
  return [bytes, `bits at ${places.join()}`]
}

/** What stands for counts, lengths and offsets that lead astray. */
function extremeNumber(random: Random, length: number): number {
  return pick(random, [
    ...[
      0,
      1,
      2,
      0x7f,
      0x80,
      0xff,
      0x7fff,
      0xffff,
      0x7fff_ffff,
      0x8000_0000,
      0xffff_fffe,
      0xffff_ffff,
      2 ** 40,
      2 ** 53 - 1,
      2 ** 63,
    ],
    ...[length, length - 1, length + 1, length - 8, below(random, length + 1), 8 * below(random, length / 8 + 1)],
    ...[-1, -2, -below(random, length + 1), 1_000_000, 50_000_000],
  ])
}

function setNumber(given: Uint8Array, random: Random): [Uint8Array, string] {
  const bytes = Buffer.from(given)
  const width = pick(
    random,
    [1, 2, 4, 4, 8, 8].filter((one) => one <= bytes.length),
  )
  const at = random() < 0.8 ? width * below(random, Math.floor(bytes.length / width)) : below(random, bytes.length - width + 1)
  const value = BigInt.asUintN(8 * width, BigInt(extremeNumber(random, bytes.length)))
  const big = random() < 0.3
  for (let k = 0; k < width; k++) bytes[at + (big ? width - 1 - k : k)] = Number((value >> BigInt(8 * k)) & 0xffn)
  return [new Uint8Array(bytes), `${value} in ${width} bytes at ${at}${big ? ', high bytes first' : ''}`]
}

/** One word over another: two offsets that lead to one object, a count that is another's. */
function copyWord(given: Uint8Array, random: Random): [Uint8Array, string] {
  const bytes = given.slice()
  const width = pick(random, [4, 8])
  const [from, to] = [width * below(random, bytes.length / width), width * below(random, bytes.length / width)]
  bytes.copyWithin(to, from, Math.min(bytes.length, from + width))
  return [bytes, `${width} bytes from ${from} over those at ${to}`]
}

function cut(given: Uint8Array, random: Random): [Uint8Array, string] {
  const to = below(random, given.length)
  return [given.slice(0, to), `cut at ${to}`]
}

function drop(given: Uint8Array, random: Random): [Uint8Array, string] {
  const [from, to] = range(given, random)
  return [joined(given.subarray(0, from), given.subarray(to)), `without ${from} to ${to}`]
}

function repeat(given: Uint8Array, random: Random): [Uint8Array, string] {
  const [from, to] = range(given, random, 400)
  const times = pick(random, [2, 2, 3, 10, 100])
  const part = given.subarray(from, to)
  return [joined(given.subarray(0, to), ...Array(times).fill(part), given.subarray(to)), `${from} to ${to}, ${times} times more`]
}

function insert(given: Uint8Array, random: Random): [Uint8Array, string] {
  const at = below(random, given.length + 1)
  const noise = Uint8Array.from({ length: 1 + below(random, 16) }, () => below(random, 256))
  return [joined(given.subarray(0, at), noise, given.subarray(at)), `${noise.length} bytes put in at ${at}`]
}

function splice(given: Uint8Array, random: Random, others: readonly Uint8Array[]): [Uint8Array, string] {
  const other = pick(random, others)
  const [at, from] = [below(random, given.length + 1), below(random, other.length + 1)]
  return [joined(given.subarray(0, at), other.subarray(from)), `up to ${at}, then another file from ${from}`]
}

const BINARY: readonly Mutation[] = [
  setNumber,
  setNumber,
  setNumber,
  copyWord,
  copyWord,
  flipBits,
  cut,
  drop,
  repeat,
  insert,
  splice,
]

const WORDS = (
  '-1 0 1 2 0.5 1e9 2147483646 2147483647 4294967296 -2147483648 9007199254740993 1e308 1e400 -1e400 1e-400 NaN Infinity null true ' +
  '"" "x" [] {} [[]] "__proto__" "constructor" 10000000 100000'
).split(' ')
const NUMBER = /-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/gi
const QUOTED = /(["'])(?:(?!\1)[^\\\n]){0,200}\1/g
const BRACKETS = /[[{]/g

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

/** Replaces one match of `expression`; without any it gives the text as it was. */
function replaceOne(
  text: string,
  expression: RegExp,
  random: Random,
  by: (found: string, all: readonly string[]) => string,
): [string, string] {
  const all = [...text.matchAll(expression)]
  if (all.length === 0) return [text, 'nothing']
  const { index, 0: found } = pick(random, all)
  const word = by(
    found,
    all.map(([one]) => one),
  )
  return [
    text.slice(0, index) + word + text.slice(index + found.length),
    `${word.slice(0, 40)} for ${found.slice(0, 40)} at ${index}`,
  ]
}

const onText =
  (change: (text: string, random: Random) => [string, string]): Mutation =>
  (given, random) => {
    const [text, says] = change(textOf(given), random)
    return [bytesOf(text), says]
  }

const hostileWord = onText((text, random) => replaceOne(text, NUMBER, random, () => pick(random, WORDS)))
const otherNumber = onText((text, random) => replaceOne(text, NUMBER, random, (_, all) => pick(random, all)))
const otherText = onText((text, random) =>
  replaceOne(text, QUOTED, random, (_, all) => pick(random, [...all, pick(random, WORDS)])),
)
/** A value in lists in lists, or in objects in objects. */
const nested = onText((text, random) => {
  const starts = [...text.matchAll(BRACKETS)].map(({ index }) => index)
  if (starts.length === 0) return [text, 'nothing']
  const [at, depth] = [pick(random, starts), pick(random, [5, 300, 5000, 100_000])]
  const old = valueAt(text, at)
  const key = random() < 0.5 ? '' : `{${/"[^"]{0,20}":/.exec(old)?.[0] ?? '"x":'}`
  const [open, close] = key === '' ? ['[', ']'] : [key, '}']
  const value = open.repeat(depth) + old + close.repeat(depth)
  return [text.slice(0, at) + value + text.slice(at + old.length), `${depth} levels of ${open} at ${at}`]
})
/** The value that begins at a bracket, many times, or another that begins at one. */
const otherValue = onText((text, random) => {
  const starts = [...text.matchAll(BRACKETS)].map(({ index }) => index)
  if (starts.length < 2) return [text, 'nothing']
  const [from, to] = [pick(random, starts), pick(random, starts)]
  const [value, old] = [valueAt(text, from), valueAt(text, to)]
  if (random() < 0.3) {
    const times = pick(random, [1, 10, 300])
    return [text.slice(0, to) + `${old},`.repeat(times) + text.slice(to), `${times} more of what begins at ${to}`]
  }
  return [text.slice(0, to) + value + text.slice(to + old.length), `the value at ${from} for that at ${to}`]
})

/** Up to 5000 characters. */
function valueAt(text: string, start: number): string {
  let depth = 0
  for (let at = start; at < Math.min(text.length, start + 5000); at++) {
    if ('[{'.includes(text[at]!)) depth++
    if (']}'.includes(text[at]!) && --depth === 0) return text.slice(start, at + 1)
  }
  return text[start]!
}

const swapLines = onText((text, random) => {
  const lines = text.split('\n')
  const [a, b] = [below(random, lines.length), below(random, lines.length)]
  if (random() < 0.3) lines.splice(a, 1 + below(random, 3))
  else [lines[a], lines[b]] = [lines[b]!, lines[a]!]
  return [lines.join('\n'), `lines ${a} and ${b}`]
})

const TEXT: readonly Mutation[] = [
  ...[hostileWord, hostileWord, hostileWord, hostileWord, otherNumber, otherText, otherText, otherValue, otherValue],
  ...[nested, swapLines, flipBits, cut, drop, repeat, splice],
]

interface Part {
  readonly number: number
  readonly wire: number
  /** Of the key, of what is behind the key, and of what a length leads to. */
  readonly at: number
  readonly valueAt: number
  readonly from: number
  readonly to: number
}

function varintAt(bytes: Uint8Array, start: number): [bigint, number] | undefined {
  let value = 0n
  for (let at = start, shift = 0n; at < bytes.length && shift < 70n; at++, shift += 7n) {
    value |= BigInt(bytes[at]! & 0x7f) << shift
    if (bytes[at]! < 0x80) return [value, at + 1]
  }
  return undefined
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = []
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    if (rest <= 0x7fn) return Uint8Array.from(bytes)
  }
}

/** Undefined if the bytes are not a message. */
function partsOf(bytes: Uint8Array): Part[] | undefined {
  const parts: Part[] = []
  for (let at = 0; at < bytes.length; ) {
    const key = varintAt(bytes, at)
    if (key === undefined || key[0] < 8n) return undefined
    const [wire, valueAt] = [Number(key[0] & 7n), key[1]]
    const value = wire === 0 || wire === 2 ? varintAt(bytes, valueAt) : ([0n, valueAt + (wire === 1 ? 8 : 4)] as const)
    if (value === undefined || ![0, 1, 2, 5].includes(wire)) return undefined
    const [from, to] = wire === 2 ? [value[1], value[1] + Number(value[0])] : [valueAt, value[1]]
    if (to > bytes.length) return undefined
    parts.push({ number: Number(key[0] >> 3n), wire, at, valueAt, from, to })
    at = to
  }
  return parts
}

/** A field somewhere in the messages, with the lengths of all around it put right. */
const changeField: Mutation = (given, random, others) => {
  const parts = partsOf(given)
  if (parts === undefined || parts.length === 0) return pick(random, BINARY)(given, random, others)
  const part = pick(random, parts)
  const content = given.subarray(part.from, part.to)
  const [before, after] = [given.subarray(0, part.at), given.subarray(part.to)]
  const chance = random()
  if (part.wire === 2 && content.length > 0 && chance < 0.7) {
    const [changed, says] = changeField(content, random, others)
    return [
      joined(before, given.subarray(part.at, part.valueAt), varint(BigInt(changed.length)), changed, after),
      `field ${part.number}: ${says}`,
    ]
  }
  const whole = given.subarray(part.at, part.to)
  if (chance < 0.75) return [joined(before, after), `without field ${part.number}`]
  if (chance < 0.85) {
    const times = pick(random, [1, 2, 100])
    return [joined(before, ...Array(times + 1).fill(whole), after), `field ${part.number}, ${times} times more`]
  }
  if (chance < 0.9) {
    const other = pick(random, parts)
    return [joined(before, given.subarray(other.at, other.to), after), `field ${other.number} for field ${part.number}`]
  }
  const value = extremeNumber(random, given.length)
  return [joined(before, varint(BigInt(part.number * 8)), varint(BigInt(value)), after), `${value} for field ${part.number}`]
}

const PROTOBUF: readonly Mutation[] = [changeField, changeField, changeField, changeField, changeField, ...BINARY]

/** The header, its length put right; else the bytes. */
const changeNpy: Mutation = (given, random, others) => {
  const end = given.indexOf(10) + 1
  if (end < 11 || random() < 0.3) return pick(random, BINARY)(given, random, others)
  const [header, says] = pick(random, TEXT)(
    given.subarray(10, end),
    random,
    others.map((one) => one.subarray(10, one.indexOf(10) + 1)),
  )
  const changed = joined(given.subarray(0, 10), header, given.subarray(end))
  new DataView(changed.buffer).setUint16(8, header.length & 0xffff, true)
  return [changed, says]
}

function kindOf(bytes: Uint8Array): Kind {
  if (bytes[0] === 0x93 && bytes[1] === 0x4e) return 'npy'
  return bytes[0] === 0x7b || bytes[0] === 0x5b ? 'text' : 'binary'
}

/** Without those that claim to be large: room is made for them before they are unpacked. */
const membersOf = (archive: Uint8Array): Record<string, Uint8Array> =>
  unzipSync(archive, { filter: ({ originalSize }) => originalSize < LONGEST_BYTES })

/** A member of the archive with a checksum that is right, so that what reads it is reached. */
const changeMember: Mutation = (given, random, others) => {
  const members = membersOf(given)
  const names = Object.keys(members)
  const name = pick(random, names)
  const other = pick(random, names)
  const chance = random()
  let says: string
  if (chance < 0.8) {
    const [content, what] = mutate(members[name]!, random, {
      kind: kindOf(members[name]!),
      others: [members[name]!, members[other]!],
    })
    members[name] = content
    says = `${name}: ${what}`
  } else if (chance < 0.9) {
    ;[members[name], members[other]] = [members[other]!, members[name]!]
    says = `${name} and ${other} swapped`
  } else if (chance < 0.95) {
    delete members[name]
    says = `without ${name}`
  } else {
    members[name] = pick(
      random,
      others.map((one) => membersOf(one)[name] ?? new Uint8Array(0)),
    )
    says = `${name} of another file`
  }
  return [zipSync(members, { level: 0 }), says]
}

const MUTATIONS: Readonly<Record<Kind, readonly Mutation[]>> = {
  binary: BINARY,
  text: TEXT,
  protobuf: PROTOBUF,
  npy: [changeNpy],
  zip: [changeMember, changeMember, changeMember, changeMember, (given, ...rest) => pick(rest[0], BINARY)(given, ...rest)],
}

export function mutate(
  given: Uint8Array,
  random: Random,
  { kind, others }: { readonly kind: Kind; readonly others: readonly Uint8Array[] },
): [Uint8Array, string] {
  let bytes = given
  const said: string[] = []
  for (let left = pick(random, [1, 1, 1, 2, 4]); left > 0 && bytes.length > 0; left--) {
    let [changed, says]: [Uint8Array, string] = [bytes, '']
    try {
      ;[changed, says] = pick(random, MUTATIONS[kind])(bytes, random, others)
    } catch {
      // What is no archive any more.
      ;[changed, says] = pick(random, BINARY)(bytes, random, others)
    }
    if (changed.length > LONGEST_BYTES) break
    bytes = changed
    said.push(says)
  }
  return [bytes, said.join('; ')]
}
