import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import { describe, expect, it } from 'vitest'
import { featuresOf } from './features.ts'

const input = (name: string, shape: ValueDeclaration['shape']): ValueDeclaration => ({
  name,
  kind: 'tensor',
  dtype: 'float32',
  shape,
})
const whisper = {
  ...{ feature_extractor_type: 'WhisperFeatureExtractor', sampling_rate: 16000, feature_size: 80, n_fft: 400 },
  ...{ hop_length: 160, chunk_length: 30 },
}
const place = (preprocessor: Record<string, unknown> | null) => ({ preprocessor, folder: 'model', file: 'encoder.onnx' })
const MEL = input('input_features', ['batch', 80, 3000])
const sound = (seconds: number, samplesPerSecond = 16000) => ({
  ...{ kind: 'sound' as const, samplesPerSecond },
  samples: Float32Array.from({ length: seconds * samplesPerSecond }, (_, k) => Math.sin(k)),
})

describe('featuresOf', () => {
  it("Whisper's window, however short the sound", () => {
    const features = featuresOf(MEL, place(whisper))
    expect(features.facts).toEqual({ reads: 'sound', samplesPerSecond: 16000, longestMs: 30_000 })
    const { tensor, heardMs, wholeMs } = features.make(sound(0.5))
    expect([tensor.shape, heardMs, wholeMs]).toEqual([[1, 80, 3000], 500, 30_000])
  })

  it('samples as they are, or of the mean 0 and the variance 1', () => {
    const raw = input('input_values', ['batch', 'length'])
    const { tensor, heardMs, wholeMs } = featuresOf(raw, place({ sampling_rate: 16000 })).make(sound(1))
    expect([tensor.shape, heardMs, wholeMs]).toEqual([[1, 16000], 1000, 1000])
    expect(tensor.data).toEqual(sound(1).samples)
    const normed = featuresOf(raw, place({ sampling_rate: 16000, do_normalize: true })).make(sound(1)).tensor.data as Float32Array
    expect(normed.reduce((sum, value) => sum + value ** 2, 0) / normed.length).toBeCloseTo(1, 3)
  })

  it('an image of the size that is declared or configured, another for another seed', () => {
    const features = featuresOf(input('pixel_values', ['batch', 3, 'height', 'width']), place({ size: { height: 8, width: 16 } }))
    const [one, other] = [1, 2].map((seed) => features.make({ kind: 'image', seed }).tensor)
    expect(one!.shape).toEqual([1, 3, 8, 16])
    expect(one!.data).not.toEqual(other!.data)
  })

  it.each([
    [null, MEL, /^encoder\.onnx reads sound, and model\/preprocessor_config\.json does not exist, .* put the model's own there$/],
    [
      { ...whisper, feature_extractor_type: 'Other' },
      MEL,
      /says "Other": .* WhisperFeatureExtractor makes alone; measure encoder\.onnx/,
    ],
    [{ ...whisper, hop_length: undefined }, MEL, /does not say all of sampling_rate, .* put the model's own there$/],
    [{ ...whisper, chunk_length: 1e6 }, MEL, /sizes that no model of sound has/],
    [{ ...whisper, feature_size: 128 }, MEL, /reads input_features of \[batch, 80, 3000\], and .* makes \[1, 128, 3000\]/],
    [{}, input('input_values', ['b', 'n']), /says no sampling_rate/],
    [{ size: 9000 }, input('pixel_values', ['b', 3, 'h', 'w']), /images of 9000 × 9000: too large/],
  ])('%j is one line', (preprocessor, declared, message) => {
    expect(() => featuresOf(declared, place(preprocessor))).toThrow(message)
  })

  it.each([
    [sound(1, 8000), /8000 samples a second and the model reads 16000; convert it: ffmpeg/],
    [sound(31), /31 s is longer than the 30 s that the model reads; cut it/],
    [sound(0), /there is no sound in it/],
    [{ kind: 'image' as const, seed: 1 }, /reads sound, not images/],
  ])('a sound that it does not read is one line', (media, message) => {
    expect(() => featuresOf(MEL, place(whisper)).make(media)).toThrow(message)
  })
})
