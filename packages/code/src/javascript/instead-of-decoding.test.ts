// sharp in place of a decoder of JavaScript: pixels alike, and silence where it cannot be known. The packages are stand-ins that say what an image
// holds; the real ones were tried by hand (docs/findings/decode-dominates.md). No test looks at how long something takes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { useSteppingClock } from '../../test/support/stepping-clock.ts'
import { insteadOfDecoding } from './instead-of-decoding.ts'

useSteppingClock()
const root = mkdtempSync(join(tmpdir(), 'whyslow-decode-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const PIXELS = [10, 20, 30, 255, 11, 21, 31, 255]
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]
const JPEG = [0xff, 0xd8, 0xff, 0xe0]
const OF = `{ width: 2, height: 1, data: Uint8Array.of(${PIXELS}) }`
const PACKAGES: Readonly<Record<string, string>> = {
  pngjs: `exports.PNG = { sync: { read: () => (${OF}) } }`,
  'jpeg-js': `exports.decode = () => (${OF})`,
  jimp: `exports.Jimp = { read: async () => ({ bitmap: ${OF} }) }`,
}
let programs = 0

/** A program's file with these packages beside it, all of them loaded but `sharp`, which gives these pixels. */
function program(packages: readonly string[], pixels: readonly number[] | null = PIXELS, isLoaded = true): string {
  const folder = join(root, String(++programs))
  const written = pixels === null ? [] : [['sharp', sharpOf(pixels)] as const]
  for (const [name, text] of [...packages.map((name) => [name, PACKAGES[name]!] as const), ...written]) {
    mkdirSync(join(folder, 'node_modules', name), { recursive: true })
    writeFileSync(join(folder, 'node_modules', name, 'index.js'), text)
  }
  const file = join(folder, 'app.mjs')
  const require = createRequire(file)
  if (isLoaded) for (const name of packages) require(name)
  return file
}

const sharpOf = (pixels: readonly number[]): string =>
  `module.exports = () => ({ ensureAlpha: () => ({ raw: () => ({ toBuffer: async () => ({
    data: Buffer.from([${pixels}]), info: { width: ${pixels.length / 4}, height: 1 } }) }) }) })`

const off = (by: number) => PIXELS.map((value, k) => (k === 0 ? value + by : value))

test.each([
  ['png', PNG, 'pngjs'],
  ['jpeg', JPEG, 'jpeg-js'],
  ['png', PNG, 'jimp'],
  ['jpeg', JPEG, 'jimp'],
])('a %s, decoded by the package that the program has loaded', async (format, magic, name) => {
  expect(await insteadOfDecoding(Uint8Array.from(magic), program([name]))).toMatchObject({
    of: 'decode',
    rule: 'decode-dominates',
    now: name,
    instead: 'sharp',
    equal: 'bits',
    on: `a ${format.toUpperCase()} of 2 x 1`,
    code: [expect.stringContaining('sharp(bytes)')],
  })
})

test.each([
  ['rounding', off(2)],
  ['different', off(3)],
  ['different', PIXELS.slice(0, 4)],
] as const)('%s, where pixels are not the same', async (equal, pixels) => {
  expect(await insteadOfDecoding(Uint8Array.from(JPEG), program(['jpeg-js'], pixels))).toMatchObject({ equal })
})

test.each<[string, unknown, string]>([
  ['without sharp', Uint8Array.from(PNG), program(['pngjs'], null)],
  ['of a package that is there and was not loaded', Uint8Array.from(PNG), program(['pngjs'], PIXELS, false)],
  ['of two that were loaded', Uint8Array.from(PNG), program(['pngjs', 'jimp'])],
  ['of a package that decodes another format', Uint8Array.from(PNG), program(['jpeg-js'])],
  ['of what is no picture', Uint8Array.from([1, 2, 3, 4]), program(['pngjs'])],
  ['of a path', 'picture.png', program(['pngjs'])],
])('none %s', async (_, value, file) => {
  expect(await insteadOfDecoding(value, file)).toBeNull()
})
