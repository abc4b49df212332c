import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { expect, test } from 'vitest'
import type { TensorValue } from '../engines/types.ts'
import { photoTensor } from './photo-tensors.ts'
import { photo, resizedCut } from './photos.ts'
import { UNIT_RGB } from './picture-numbers.ts'

const folder = new URL('./photos/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.jpg'))
const last = { channels: 3, height: 1, width: 2, frames: null }
const first = { channels: 1, height: 2, width: 3, frames: null }
const bytes = { ...UNIT_RGB, scale: 1 }
const drawn = (shape: readonly number[], axes: Parameters<typeof photoTensor>[1]['axes'], given = {}, number = 0) =>
  photoTensor({ dtype: 'float32', shape, ...given }, { axes, numbers: bytes, ...given }, number, mulberry32(1))
const values = ({ data }: TensorValue) => Array.from(data as Float32Array)

test('together they are small, and SOURCE.md tells each one', () => {
  expect(files).toHaveLength(6)
  expect(files.reduce((sum, name) => sum + statSync(new URL(name, folder)).size, 0)).toBeLessThan(200_000)
  const source = readFileSync(new URL('SOURCE.md', folder), 'utf8')
  for (const name of files) expect(source).toMatch(new RegExp(`^\\| ${name} .*(public domain|CC0)`, 'm'))
})

test('a photo is decoded once, as RGB', () => {
  const person = photo('person')
  expect(person).toMatchObject({ width: 368, height: 368 })
  expect(person.data).toHaveLength(368 * 368 * 3)
  expect(photo('person')).toBe(person)
  // The suit of the astronaut is orange.
  const [red, green, blue] = person.data.subarray((177 * 368 + 97) * 3)
  expect(red).toBeGreaterThan(green! + 40)
  expect(green).toBeGreaterThan(blue!)
})

test('a cut is resized with the mean of the pixels that it covers, and mirrored', () => {
  const data = Uint8Array.from([0, 100, 200, 50].flatMap((value) => [value, value, value]))
  const whole = { x: 0, y: 0, width: 4, height: 1, mirrored: false }
  const reds = (cut: typeof whole, width: number) =>
    [...resizedCut({ width: 4, height: 1, data }, cut, { width, height: 1 })].filter((_, at) => at % 3 === 0)
  expect(reds(whole, 4)).toEqual([0, 100, 200, 50])
  expect(reds({ ...whole, mirrored: true }, 4)).toEqual([50, 200, 100, 0])
  expect(reds({ ...whole, x: 1, width: 2 }, 2)).toEqual([100, 200])
  // Triangle of two pixels around 0.5: weights .75, .75, .25 of 0, 100, 200; and of 50, 200, 100 around 2.5.
  expect(reds(whole, 2)).toEqual([Math.round(125 / 1.75), Math.round((0.75 * 50 + 0.75 * 200 + 0.25 * 100) / 1.75)])
})

test('channels are where the model has them, and in BGR if it takes that', () => {
  const ordered = values(drawn([1, 24, 32, 3], last))
  const planes = values(drawn([1, 3, 24, 32], first))
  const bgr = values(drawn([1, 3, 24, 32], first, { numbers: { ...bytes, bgr: true } }))
  for (const place of [0, 100, 700]) {
    const pixel = ordered.slice(3 * place, 3 * place + 3)
    expect([0, 1, 2].map((channel) => planes[channel * 768 + place])).toEqual(pixel)
    expect([2, 1, 0].map((channel) => bgr[channel * 768 + place])).toEqual(pixel)
  }
})

test('one channel is grey, a fourth is opaque, and types that hold bytes hold whole numbers', () => {
  const rgb = values(drawn([1, 16, 16, 3], last)).slice(0, 3)
  expect(values(drawn([1, 16, 16, 1], last))[0]).toBe(Math.round(0.299 * rgb[0]! + 0.587 * rgb[1]! + 0.114 * rgb[2]!))
  const alpha = values(drawn([1, 16, 16, 4], last)).filter((_, at) => at % 4 === 3)
  expect(new Set(alpha)).toEqual(new Set([255]))
  const signed = drawn([1, 16, 16, 3], last, { dtype: 'int8', numbers: { ...bytes, mean: [128] } })
  expect(signed.data).toBeInstanceOf(Int8Array)
  expect(values(signed).slice(0, 3)).toEqual(rgb.map((value) => value - 128))
})

test('each image of a batch is another, the seventh a part of the first', () => {
  const batch = values(drawn([7, 3, 16, 16], first))
  const images = Array.from({ length: 7 }, (_, image) => batch.slice(image * 768, (image + 1) * 768).join())
  expect(new Set(images).size).toBe(7)
  expect(values(drawn([1, 3, 16, 16], first, {}, 2)).join()).toBe(images[2])
})

test('frames of a video move slowly over one photo', () => {
  const axes = { channels: 1, frames: 2, height: 3, width: 4 }
  const video = values(drawn([1, 3, 4, 32, 32], axes))
  const frame = (k: number) => video.slice(k * 1024, (k + 1) * 1024)
  const apart = (a: number[], b: number[]) => a.reduce((sum, value, at) => sum + Math.abs(value - b[at]!), 0) / a.length
  const other = values(drawn([1, 3, 4, 32, 32], axes, {}, 1)).slice(0, 1024)
  expect(apart(frame(0), frame(1))).toBeGreaterThan(0.5)
  expect(apart(frame(0), frame(1))).toBeLessThan(apart(frame(0), other) / 2)
})

test('an input as wide as a line holds lines of print: dark on light', () => {
  const line = values(drawn([1, 1, 48, 320], first))
  const sorted = [...line].sort((a, b) => a - b)
  expect(sorted[Math.floor(sorted.length / 2)]).toBeGreaterThan(170)
  expect(sorted[Math.floor(sorted.length / 50)]).toBeLessThan(120)
})
