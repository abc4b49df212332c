import { InputError } from '@whyslow/graph/input-error.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { describe, expect, it } from 'vitest'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { writeGguf } from '../../test/support/gguf/write-gguf.ts'
import { llamaGguf } from '../../test/support/gguf/write-llama.ts'
import { readGguf } from './gguf.ts'
import { ggufModel } from './gguf-model.ts'

const sourceOf = (bytes: Uint8Array) => ({
  sizeBytes: bytes.byteLength,
  read: (offset: number, length: number) => {
    if (offset + length > bytes.byteLength) throw new RangeError('beyond the end')
    return bytes.slice(offset, offset + length)
  },
})
const read = (bytes: Uint8Array) => readGguf(sourceOf(bytes), 'm.gguf')
const messageOf = (bytes: Uint8Array): string => {
  try {
    read(bytes)
    return 'read'
  } catch (error) {
    expect(error).toBeInstanceOf(InputError)
    return (error as Error).message
  }
}

const weights = decoderWeights()
const whole = llamaGguf(weights)

describe('readGguf', () => {
  it('reads metadata of every kind, and tensors with their types', () => {
    const metadata = {
      a: { u32: 7 },
      b: { text: 'é' },
      c: { texts: ['x', ''] },
      d: { f32s: [0.5, -2] },
      e: { bool: true },
      f: { i32s: [-1, 3] },
    }
    const bytes = writeGguf({ metadata, tensors: [{ name: 't', shape: [32, 2], type: 'Q4_1', bytes: new Uint8Array(40) }] })
    const { version, metadata: found, tensors } = read(bytes)
    expect(version).toBe(3)
    expect(Object.fromEntries(found)).toEqual({ a: 7, b: 'é', c: ['x', ''], d: [0.5, -2], e: true, f: [-1, 3] })
    // Q4_1: 0.625 bytes a weight.
    expect(tensors).toEqual([
      { name: 't', shape: [32, 2], type: { name: 'Q4_1', block: 32, bytes: 20 }, elements: 64, sizeBytes: 40 },
    ])
  })

  const patched = (at: number, value: number, bytes = 4) => {
    const changed = Buffer.from(whole)
    if (bytes === 4) changed.writeUInt32LE(value, at)
    else changed.writeBigUInt64LE(BigInt(value), at)
    return changed
  }
  it.each([
    ['another signature', patched(0, 0), /is not a GGUF file/],
    ['an old version', patched(4, 1), /is GGUF of version 1, and versions 2 and 3 are read/],
    ['the other byte order', patched(4, 0x03000000), /big-endian/],
    ['more tensors than bytes', patched(8, 2 ** 40, 8), /count of tensors says 1099511627776 items/],
    ['more metadata than bytes', patched(16, 2 ** 40, 8), /metadata entries says/],
    ['a key longer than the file', patched(24, 2 ** 33, 8), /a metadata key would end at byte/],
    [
      'no weights',
      whole.subarray(0, whole.length - 2048),
      /is cut off: tensor .* ends at byte \d+, and the file has \d+; download it again/,
    ],
    [
      'a tensor of an unknown type',
      writeGguf({ metadata: {}, tensors: [{ name: 't', shape: [32], type: '99', bytes: new Uint8Array(18) }] }),
      /has tensor t of ggml type 99, which is not known; update whyslow/,
    ],
  ])('one line: %s', (_, bytes, message) => {
    expect(messageOf(bytes)).toMatch(message)
    expect(messageOf(bytes)).not.toContain('\n')
  })

  it('makes no list of what a large file has room for, and no vocabulary has', () => {
    const start = writeGguf({ metadata: { a: { i32s: [1] } }, tensors: [] })
    // The count of the list: after the header of 24, the key of 9, its type and that of the items.
    start.writeBigUInt64LE(2n ** 28n, 24 + 9 + 8)
    const source = {
      sizeBytes: 2 ** 40,
      read: (offset: number, length: number) => Buffer.concat([start.subarray(offset), Buffer.alloc(length)]).subarray(0, length),
    }
    expect(() => readGguf(source, 'm.gguf')).toThrow(
      'm.gguf is cut off or damaged: a says 268435456 items, more than there can be',
    )
  })

  it('every file that is cut off is one line', () => {
    for (let size = 0; size < whole.length - 64; size += 97) expect(messageOf(whole.subarray(0, size))).toMatch(/^m\.gguf /)
  })

  it('flipped bytes are read or one line, soon and without memory for what is not there', () => {
    const random = mulberry32(1)
    const header = 6000
    for (let round = 0; round < 400; round++) {
      const bytes = Buffer.from(whole)
      for (let k = 0; k < 3; k++) bytes[Math.floor(random() * header)] = Math.floor(random() * 256)
      expect(messageOf(bytes)).toMatch(/^(m\.gguf |read)/)
    }
  })
})

describe('ggufModel', () => {
  it('tells what the metadata and the tensors say', () => {
    const { numbers, endIds, problem, name } = ggufModel(read(llamaGguf(weights, 'Q8_0')))!
    // 2 layers of 32 wide, 2 heads of 16, one of keys and values.
    const layer = 32 * 32 * 2 + 2 * 32 * 16 + 3 * 32 * 64
    const [embedding, head, norms] = [64 * 32, 64 * 32, 5 * 32]
    expect({ name, problem, endIds }).toEqual({ name: 'tiny', problem: null, endIds: [0] })
    expect(numbers).toEqual({
      architecture: 'llama',
      layers: 2,
      heads: 2,
      kvHeads: 1,
      headSize: 16,
      vocabulary: 64,
      context: 128,
      dtype: 'Q8_0',
      cacheDtype: 'float16',
      parameters: 2 * layer + embedding + head + norms,
      // Of the embedding one row; Q8_0 has 34 bytes for 32 weights, norms have 4 for each.
      bytesPerToken: ((2 * layer + head + 32) * 34) / 32 + norms * 4,
      cacheBytesPerToken: 2 * 2 * 16 * 2,
    })
  })

  it('a tied embedding is read whole: it is the head', () => {
    const tied = ggufModel(read(llamaGguf(decoderWeights({ tied: true }))))!.numbers
    const untied = ggufModel(read(whole))!.numbers
    expect(tied.bytesPerToken).toBe(untied.bytesPerToken! - 32 * 4)
  })

  it('one row of a table for each layer, too (Gemma 3n)', () => {
    const bytesOf = (names: readonly string[]) => {
      const tensors = names.map((name) => ({ name, shape: [4, 8], type: 'F32' as const, bytes: new Uint8Array(128) }))
      return ggufModel(read(writeGguf({ metadata: { 'general.architecture': { text: 'gemma3n' } }, tensors })))!.numbers
        .bytesPerToken
    }
    const names = ['blk.0.x.weight', 'token_embd.weight', 'per_layer_token_embd.weight']
    // The embedding is the head as well.
    expect(bytesOf(names)).toBe(128 + 128 + 16)
    expect(bytesOf([...names, 'output.weight'])).toBe(128 + 16 + 16 + 128)
  })

  it('takes the most of a list, however long it is', () => {
    const many = Array.from({ length: 200_000 }, (_, k) => k % 7)
    expect(architecture('llama', { 'llama.attention.head_count': { i32s: many } })!.numbers.heads).toBe(6)
    expect(architecture('llama', { 'llama.attention.head_count': { i32s: [] } })!.numbers.heads).toBeNull()
  })

  const architecture = (text: string, more: Parameters<typeof writeGguf>[0]['metadata'] = {}) =>
    ggufModel(
      read(
        writeGguf({
          metadata: { 'general.architecture': { text }, ...more },
          tensors: [{ name: 'blk.0.x', shape: [4], type: 'F32', bytes: new Uint8Array(16) }],
        }),
      ),
    )
  it('one line for an architecture that is not known; no to encoders', () => {
    expect(architecture('frobnicator')!.problem).toMatch(
      /^the GGUF architecture 'frobnicator' is not known here, .*; update whyslow/,
    )
    expect(architecture('nomic-bert')).toBeNull()
    expect(architecture('llama', { 'general.type': { text: 'adapter' } })).toBeNull()
    expect(architecture('qwen2', { 'qwen2.attention.causal': { bool: false } })).toBeNull()
    expect(architecture('qwen3')!.problem).toBeNull()
  })
})
