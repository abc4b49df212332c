// Writes GGUF files: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
import { ggmlNumber } from '../../../src/recognize/ggml-types.ts'

export type Entry =
  | { readonly u32: number }
  | { readonly f32: number }
  | { readonly text: string }
  | { readonly bool: boolean }
  | { readonly texts: readonly string[] }
  | { readonly i32s: readonly number[] }
  | { readonly f32s: readonly number[] }

export interface TensorToWrite {
  readonly name: string
  /** The innermost dimension first. */
  readonly shape: readonly number[]
  /** Its name, or the number of one that has none. */
  readonly type: string
  readonly bytes: Uint8Array
}

export interface GgufParts {
  readonly version?: number
  readonly metadata: Readonly<Record<string, Entry>>
  readonly tensors: readonly TensorToWrite[]
}

const ALIGNMENT = 32
const [U32, I32, F32, BOOL, TEXT, LIST] = [4, 5, 6, 7, 8, 9]

export function writeGguf({ version = 3, metadata, tensors }: GgufParts): Buffer {
  const header = [Buffer.from('GGUF'), u32(version), u64(tensors.length), u64(Object.keys(metadata).length)]
  const entries = Object.entries(metadata).flatMap(([key, entry]) => [text(key), ...bytesOfEntry(entry)])
  let offset = 0
  const infos = tensors.map(({ name, shape, type, bytes }) => {
    const info = Buffer.concat([
      text(name),
      u32(shape.length),
      ...shape.map(u64),
      u32(ggmlNumber(type) ?? Number(type)),
      u64(offset),
    ])
    offset += aligned(bytes.byteLength)
    return info
  })
  const start = Buffer.concat([...header, ...entries, ...infos])
  return Buffer.concat([start, padding(start.length), ...tensors.flatMap(({ bytes }) => [bytes, padding(bytes.byteLength)])])
}

function bytesOfEntry(entry: Entry): Buffer[] {
  if ('u32' in entry) return [u32(U32!), u32(entry.u32)]
  if ('f32' in entry) return [u32(F32!), f32(entry.f32)]
  if ('bool' in entry) return [u32(BOOL!), Buffer.from([entry.bool ? 1 : 0])]
  if ('text' in entry) return [u32(TEXT!), text(entry.text)]
  if ('texts' in entry) return [u32(LIST!), u32(TEXT!), u64(entry.texts.length), ...entry.texts.map(text)]
  if ('i32s' in entry) return [u32(LIST!), u32(I32!), u64(entry.i32s.length), ...entry.i32s.map(u32)]
  return [u32(LIST!), u32(F32!), u64(entry.f32s.length), ...entry.f32s.map(f32)]
}

const aligned = (size: number): number => Math.ceil(size / ALIGNMENT) * ALIGNMENT
const padding = (size: number): Buffer => Buffer.alloc(aligned(size) - size)

function u32(value: number): Buffer {
  const made = Buffer.alloc(4)
  made.writeUInt32LE(value >>> 0)
  return made
}

function u64(value: number): Buffer {
  const made = Buffer.alloc(8)
  made.writeBigUInt64LE(BigInt(value))
  return made
}

function f32(value: number): Buffer {
  const made = Buffer.alloc(4)
  made.writeFloatLE(value)
  return made
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(bytes.length), bytes])
}
