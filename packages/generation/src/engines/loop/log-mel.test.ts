import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { framesOf, logMel } from './log-mel.ts'

interface Recorded {
  readonly bands: number
  readonly seconds: number
  readonly shape: readonly [number, number]
  readonly mean: number
  readonly frames: Readonly<Record<string, readonly number[]>>
}

const file = path.resolve(import.meta.dirname, '../../../../../fixtures/features/whisper.json')
const { cases, rate } = JSON.parse(fs.readFileSync(file, 'utf8')) as {
  readonly cases: readonly Recorded[]
  readonly rate: number
}

/** As fixtures/make/whisper_features.py makes it. */
const chirp = (seconds: number) =>
  Float32Array.from({ length: Math.trunc(seconds * rate) }, (_, k) => {
    const t = k / rate
    const tone = (hertz: number) => Math.sin(2 * Math.PI * hertz * t)
    return 0.5 * tone(220 + 900 * t) + 0.2 * tone(3100) + (t < 0.4 ? 0.25 * tone(60) : 0)
  })

describe('logMel', () => {
  it.each(cases)(
    '$bands bands of $seconds s: as WhisperFeatureExtractor makes them',
    ({ bands, seconds, shape, mean, frames }) => {
      const settings = { samplesPerSecond: rate, bands, window: 400, hop: 160, length: 30 * rate }
      const made = logMel(settings)(chirp(seconds))
      const width = framesOf(settings)
      expect([bands, width]).toEqual(shape)
      expect(made.reduce((sum, value) => sum + value, 0) / made.length).toBeCloseTo(mean, 4)
      for (const [frame, values] of Object.entries(frames))
        for (const [band, value] of values.entries())
          expect(Math.abs(made[band * width + Number(frame)]! - value), `band ${band} of frame ${frame}`).toBeLessThan(1e-3)
    },
  )

  it('is silence of silence, and hears no more than its window', () => {
    const settings = { samplesPerSecond: rate, bands: 4, window: 400, hop: 160, length: rate }
    expect(new Set(logMel(settings)(new Float32Array(10)))).toEqual(new Set([-1.5]))
    const long = chirp(2)
    expect(logMel(settings)(long)).toEqual(logMel(settings)(long.subarray(0, rate)))
  })
})
