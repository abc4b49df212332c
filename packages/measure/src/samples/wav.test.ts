import { describe, expect, test } from 'vitest'
import type { ResolvedInput } from './resolved.ts'
import { readWav, soundNote, windowsOf } from './wav.ts'

/** A file of one chunk that is skipped, the format and the data. */
function wav(body: Uint8Array, { kind = 1, channels = 1, bits = 16, rate = 16_000 } = {}): Uint8Array {
  const bytes = new Uint8Array(12 + 9 + 1 + 24 + 8 + body.length)
  const view = new DataView(bytes.buffer)
  const text = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at)
  text(0, 'RIFF')
  text(8, 'WAVE')
  text(12, 'junk')
  view.setUint32(16, 1, true)
  text(22, 'fmt ')
  view.setUint32(26, 16, true)
  view.setUint16(30, kind, true)
  view.setUint16(32, channels, true)
  view.setUint32(34, rate, true)
  view.setUint16(44, bits, true)
  text(46, 'data')
  view.setUint32(50, body.length, true)
  bytes.set(body, 54)
  return bytes
}
const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
const numbers = (bytes: Uint8Array) => Array.from(readWav(bytes, 'a.wav').samples)

describe('a .wav file', () => {
  test.each([
    ['16 bits', wav(bytesOf(Int16Array.of(16_384, -32_768))), [0.5, -1]],
    ['8 bits', wav(Uint8Array.of(192, 0), { bits: 8 }), [0.5, -1]],
    ['24 bits', wav(Uint8Array.of(0, 0, 0x40, 0, 0, 0x80), { bits: 24 }), [0.5, -1]],
    ['32 bits', wav(bytesOf(Int32Array.of(2 ** 30, -(2 ** 31))), { bits: 32 }), [0.5, -1]],
    ['floats', wav(bytesOf(Float32Array.of(0.5, -1)), { kind: 3, bits: 32 }), [0.5, -1]],
    ['two channels', wav(bytesOf(Int16Array.of(16_384, 0, 0, -16_384)), { channels: 2 }), [0.25, -0.25]],
  ])('of %s', (_, bytes, expected) => {
    expect(numbers(bytes)).toEqual(expected)
  })

  test.each([
    ['something else', new Uint8Array(60), /^a\.wav: not a \.wav file/],
    ['compressed', wav(Uint8Array.of(1, 2), { kind: 7, bits: 8 }), /^a\.wav: a kind of \.wav that is not read/],
    ['cut off', wav(new Uint8Array(0)).subarray(0, 20), /^a\.wav: no sound/],
  ])('%s: one line', (_, bytes, reason) => {
    expect(() => readWav(bytes, 'a.wav')).toThrow(reason)
  })
})

const input = (length: number, isFree: boolean): ResolvedInput => ({
  ...{ name: 'x', dtype: 'float32', shape: [1, length], assumed: [], rankIsFree: false },
  freeAxes: isFree
    ? [{ axis: 1, symbol: 'time', meaning: 'length', from: 'guess' } as unknown as ResolvedInput['freeAxes'][number]]
    : [],
})
const sound = { samplesPerSecond: 16_000, samples: Float32Array.of(1, 2, 3, 4, 5) }
const windows = (one: ResolvedInput) =>
  windowsOf(sound, [one], 'a.wav').map(({ tensors }) => Array.from(tensors.get('x')!.data as Float32Array))

test('windows where the length is fixed, the whole where it is free, silence where it is too short', () => {
  expect(windows(input(2, false))).toEqual([
    [1, 2],
    [3, 4],
  ])
  expect(windows(input(9, true))).toEqual([[1, 2, 3, 4, 5]])
  expect(windows(input(7, false))).toEqual([[1, 2, 3, 4, 5, 0, 0]])
  expect(soundNote(sound, [input(2, false)])).toMatch(
    /^Sound became 'x' in windows of 2 samples, values -1\.\.1, at the recorded 16000 Hz/,
  )
})

test('inputs that are no sound: one line that says what to give', () => {
  const two = [input(2, false), { ...input(2, false), name: 'state' }]
  expect(() => windowsOf(sound, two, 'a.wav')).toThrow(/^a\.wav: sound fits one input .*'x' float32 .*'state'.*--value/)
})
