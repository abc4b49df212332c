// Images that a package written in JavaScript decodes, against sharp (libvips), where the user's program can load both: the same bytes, pixel by
// pixel, then in turns. PNG loses nothing, so that pixels are the same bits; decoders of JPEG round and enlarge colours in their own ways.
import { createRequire, Module } from 'node:module'
import { inTurns } from './in-turns.ts'
import type { CallAlternative } from './instead-of-calls.ts'

interface Pixels {
  readonly width: number
  readonly height: number
  /** Red, green, blue and alpha, a byte each. */
  readonly data: Uint8Array
}

type Format = 'png' | 'jpeg'
type Decoder = (bytes: Uint8Array) => Pixels | Promise<Pixels>

const MAGIC: Readonly<Record<Format, readonly number[]>> = { png: [0x89, 0x50, 0x4e, 0x47], jpeg: [0xff, 0xd8, 0xff] }
/** Packages by what they decode, and how they are asked. */
const PACKAGES: readonly {
  readonly name: string
  readonly formats: readonly Format[]
  readonly open: (module: never) => Decoder
}[] = [
  {
    name: 'pngjs',
    formats: ['png'],
    open:
      ({ PNG }: { PNG: { sync: { read: (bytes: Buffer) => Pixels } } }) =>
      (bytes) =>
        PNG.sync.read(Buffer.from(bytes)),
  },
  {
    name: 'upng-js',
    formats: ['png'],
    open: (upng: { decode: (bytes: ArrayBuffer) => Pixels; toRGBA8: (picture: Pixels) => ArrayBuffer[] }) => (bytes) => {
      const picture = upng.decode(Uint8Array.from(bytes).buffer)
      return { width: picture.width, height: picture.height, data: new Uint8Array(upng.toRGBA8(picture)[0]!) }
    },
  },
  {
    name: 'jpeg-js',
    formats: ['jpeg'],
    open:
      ({ decode }: { decode: (bytes: Uint8Array, options: object) => Pixels }) =>
      (bytes) =>
        decode(bytes, { useTArray: true }),
  },
  {
    name: 'jimp',
    formats: ['png', 'jpeg'],
    open: (module: { Jimp?: Jimp; read?: Jimp['read'] }) => async (bytes) =>
      (await (module.Jimp ?? (module as Jimp)).read(Buffer.from(bytes))).bitmap,
  },
]

interface Jimp {
  read(bytes: Buffer): Promise<{ readonly bitmap: Pixels }>
}

type Sharp = (bytes: Uint8Array) => {
  ensureAlpha(): {
    raw(): { toBuffer(options: { resolveWithObject: true }): Promise<{ data: Buffer; info: { width: number; height: number } }> }
  }
}

/** A step or two of 255 is rounding; of so few values more is. */
const MOST_STEPS = 2
const MOST_BEYOND = 0.001

/** `from`: a file of the user's, absolute. null: they are no bytes of an image, or not both packages are there and in use. */
export async function insteadOfDecoding(value: unknown, from: string): Promise<CallAlternative | null> {
  if (!(value instanceof Uint8Array)) return null
  const format = (Object.keys(MAGIC) as Format[]).find((one) => MAGIC[one].every((byte, k) => value[k] === byte))
  if (format === undefined) return null
  const require = createRequire(from)
  const sharp = requirePackage(require, 'sharp', true) as Sharp | null
  const used = PACKAGES.filter(({ formats }) => formats.includes(format)).map(({ name, open }) => ({
    name,
    open,
    module: requirePackage(require, name, false),
  }))
  const [own, other] = used.filter(({ module }) => module !== null)
  // Of two that are loaded, which one the call is of is not known.
  if (sharp === null || own === undefined || other !== undefined) return null
  const now = own.open(own.module as never)
  const instead = () => sharp(value).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  const [before, { data, info }] = [await now(value), await instead()]
  const equal = alike(before, { ...info, data })
  const on = `a ${format.toUpperCase()} of ${info.width} x ${info.height}`
  const code = ['const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true })']
  const turns = await inTurns(() => now(value), instead)
  return { of: 'decode', rule: 'decode-dominates', now: own.name, instead: 'sharp', equal, on, code, ...turns }
}

/** null: it is not there, or, unless it `may` be loaded, was not loaded by the program. */
export function requirePackage(require: NodeJS.Require, name: string, may: boolean): unknown {
  try {
    const file = require.resolve(name)
    const cache = (Module as unknown as { readonly _cache: Readonly<Record<string, unknown>> })._cache
    return may || file in cache ? require(file) : null
  } catch {
    return null
  }
}

function alike(a: Pixels, b: Pixels): CallAlternative['equal'] {
  if (a.width !== b.width || a.height !== b.height || a.data.length !== b.data.length) return 'different'
  let [beyond, isSame] = [0, true]
  for (let k = 0; k < b.data.length; k++) {
    const off = Math.abs(a.data[k]! - b.data[k]!)
    if (off > 0) isSame = false
    if (off > MOST_STEPS) beyond++
  }
  if (isSame) return 'bits'
  return beyond <= MOST_BEYOND * b.data.length ? 'rounding' : 'different'
}
