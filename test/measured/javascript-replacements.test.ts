// Loops of JavaScript and the passes over typed arrays in their place, in a process of their own, on programs as they stand. (That they are
// equal on arrays made to tell them apart is in packages/code/src/replace/javascript/candidates.test.ts.)
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceJavascriptLoops } from '@whyslow/code/replace/javascript-loops.ts'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-js-loops-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function replaced(text: string, name = 'program.mjs', words: readonly string[] = []) {
  const file = join(folder, name)
  writeFileSync(file, text)
  const lines = text.split('\n').map((_, at) => at + 1)
  const question = { file, call: null, data: null, arguments: words, hot: () => lines }
  return replaceJavascriptLoops({ ...question, budgetMs: 2000, limitMs: 60_000 })
}

test('a script as it stands', async () => {
  const { replacements, failed } = await replaced(
    'const n = 200000\nconst a = Array.from({ length: n }, () => Math.random())\nconst c = []\nfor (let i = 0; i < n; i++) {\n  c.push(a[i] * 2)\n}\nconsole.log(c.length)\nprocess.exit(0)\n',
  )
  expect(failed).toBeNull()
  expect(replacements).toMatchObject([
    {
      line: 4,
      endLine: 6,
      equal: 'bits',
      form: 'typed array',
      code: ['const c = new Float64Array(n)', expect.anything(), '  c[i] = a[i] * 2', '}'],
    },
  ])
})

test('stages in TypeScript, with an enum; what holds more than numbers is refused', async () => {
  const { replacements, refused } = await replaced(
    'enum Size { N = 100000 }\nexport const samples = (): unknown[] => [{ list: Array.from({ length: Size.N }, (_, i) => i % 251), words: ["1", "2"] }]\nexport function preprocess(s: { list: number[]; words: number[] }): number[] {\n  const twice = s.words.map((w) => w * 2)\n  return s.list.map((p) => p / twice.length)\n}\nexport const predict = (x: number[]): number => x[1]!\n',
    'stages.ts',
  )
  expect(replacements.map(({ line }) => line)).toEqual([5])
  expect(refused).toContainEqual({ line: 4, function: 'preprocess', reason: 's.words holds more than numbers' })
})

test('pixels that are moved and scaled one by one: a kernel, on the pictures that were seen', async () => {
  const { replacements } = await replaced(
    `const [height, width, mean, std] = [240, 320, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]
export const samples = () => [31, 37].map((step) => Uint8Array.from({ length: height * width * 3 }, (_, k) => (k * step) % 256))
export function preprocess(pixels) {
  const out = new Float32Array(3 * height * width)
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        out[c * height * width + y * width + x] = (pixels[(y * width + x) * 3 + c] / 255 - mean[c]) / std[c]
  return out
}
export const predict = (x) => x[1]
`,
    'pixels.mjs',
  )
  expect(replacements).toMatchObject([
    {
      line: 5,
      equal: 'rounding',
      form: 'kernel with SIMD',
      code: [
        "import { tensorKernel } from 'whyslow/kernels'",
        expect.stringContaining('tensorKernel({ height, width, channels: 3 }, { mean: [123.675, 116.28, 103.53], std: ['),
        expect.stringContaining('kernel.input.set(pixels)'),
        'out.set(kernel.run())',
      ],
    },
  ])
})

test('a program that throws, and one that ends itself, leave an answer', async () => {
  const loop = 'const a = [1, 2, 3]\nconst c = a.map((x) => x * 2)\n'
  expect(await replaced(`${loop}throw new Error('no')\n`)).toMatchObject({ failed: 'Error: no' })
  expect((await replaced(`${loop}process.kill(process.pid, 'SIGKILL')\n`)).failed).toMatch(/ended before it answered/)
})

test('a script is given its arguments', async () => {
  const text = "const a = [1, 2, 3]\nconst c = a.map((x) => x * 2)\nif (process.argv[2] !== '--fast') throw new Error('no')\n"
  expect(await replaced(text, 'argued.mjs', ['--fast'])).toMatchObject({ failed: null, ran: true })
})
