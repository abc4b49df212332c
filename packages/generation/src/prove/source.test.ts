import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { removeMade, scratch } from '../../../../test/support/made-folders.ts'
import { wavOf } from '../../test/support/wav.ts'
import type { Media } from '../generator.ts'
import { sourcesOf } from './source.ts'

afterAll(removeMade)

test('sounds of the user come first, made-up ones follow: none is read twice', () => {
  const mine = path.join(scratch(), 'mine.wav')
  fs.writeFileSync(mine, wavOf(1600))
  const encoder = { reads: 'sound', samplesPerSecond: 16_000, longestMs: 30_000 } as const
  const sources = sourcesOf({ encoder } as unknown as Parameters<typeof sourcesOf>[0], { sounds: [mine] })
  const [first, second, third] = [0, 1, 2].map((number) => (sources([number]).media as Extract<Media, { kind: 'sound' }>).samples)
  expect(first).toHaveLength(1600)
  expect(second).not.toHaveLength(1600)
  expect(third).not.toEqual(second)
})
