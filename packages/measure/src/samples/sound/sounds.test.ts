import { mulberry32 } from '@whyslow/graph/random.ts'
import { describe, expect, it } from 'vitest'
import { soundOf } from './sounds.ts'
import { spectrumOf } from './spectra.ts'

const RATE = 16000
const seconds = (sound: 'speech' | 'music', count: number, seed = 1) => soundOf(sound, count * RATE, RATE, mulberry32(seed))

/** Energy of the bins from `low` to `high` of 257, frame by frame. */
function energies(wave: Float32Array, low: number, high: number): number[] {
  const frames = Math.floor((wave.length - 512) / 160)
  const magnitudes = spectrumOf('magnitude', wave, frames, 257)
  return Array.from({ length: frames }, (_, frame) => {
    let sum = 0
    for (let bin = low; bin < high; bin++) sum += magnitudes[frame * 257 + bin]! ** 2
    return sum
  })
}
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

describe('soundOf', () => {
  it.each(['speech', 'music'] as const)(
    '%s is loud and quiet in turns, has most energy below 2 kHz, and stays within -1 … 1',
    (sound) => {
      const wave = seconds(sound, 3)
      expect(wave.every((value) => Math.abs(value) <= 1)).toBe(true)
      const low = energies(wave, 1, 64)
      const high = energies(wave, 64, 256)
      expect(total(low)).toBeGreaterThan(10 * total(high))
      // Neither stays at one level: the quietest tenth has far less energy than the loudest.
      const sorted = low.toSorted((a, b) => a - b)
      expect(sorted[Math.floor(0.9 * low.length)]!).toBeGreaterThan(10 * sorted[Math.floor(0.1 * low.length)]!)
    },
  )
  it('speech has consonants, whose energy is above 2 kHz, music hardly any', () => {
    const hissing = (wave: Float32Array) => {
      const low = energies(wave, 1, 64)
      return energies(wave, 64, 256).filter((value, frame) => value > low[frame]! && value > 1e-2).length / low.length
    }
    expect(hissing(seconds('speech', 5))).toBeGreaterThan(0.02)
    expect(hissing(seconds('music', 5))).toBeLessThan(0.005)
  })
  it('is the same for the same seed, and another for another', () => {
    expect(seconds('speech', 1)).toEqual(seconds('speech', 1))
    expect(seconds('speech', 1)).not.toEqual(seconds('speech', 1, 2))
  })
})

describe('spectrumOf', () => {
  const tone = (hertz: number) => Float32Array.from({ length: 4096 }, (_, k) => Math.sin((2 * Math.PI * hertz * k) / RATE))
  const loudest = (values: Float32Array) => values.indexOf(Math.max(...values))
  it('has a tone in its bin: magnitudes in steps of 31.25 Hz, mel bands where the scale puts it', () => {
    const magnitudes = spectrumOf('magnitude', tone(1000), 1, 257)
    expect(loudest(magnitudes)).toBe(32)
    // Half the samples' sum under a Hann window of 512.
    expect(magnitudes[32]).toBeCloseTo(128, 0)
    const bands = [300, 1000, 3000].map((hertz) => loudest(spectrumOf('log-mel', tone(hertz), 1, 40)))
    expect(bands).toEqual([...bands].sort((a, b) => a - b))
    expect(new Set(bands).size).toBe(3)
  })
  it('MFCC: the first is the level, and silence has no others', () => {
    const silent = spectrumOf('mfcc', new Float32Array(4096), 1, 13)
    // 40 bands of ln 1e-6, times √(2 / 40).
    expect(silent[0]).toBeCloseTo(Math.sqrt(2 / 40) * 40 * Math.log(1e-6), 2)
    expect(silent.subarray(1).every((value) => Math.abs(value) < 1e-3)).toBe(true)
    expect(spectrumOf('mfcc', tone(1000), 1, 13)[0]).toBeGreaterThan(silent[0]!)
  })
})
