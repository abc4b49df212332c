// Kernels of whyslow/kernels beside the plain loop and beside C with -O3 -march=native, which it compiles: node bench/kernels.mjs [--out folder]
// Each is the least of as many runs as fit into 300 ms, after a warm-up; a picture of 640 x 640, and a product of two arrays of a million numbers.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as kernels from '../dist/compile/kernels/index.js'
import { keepResult } from './result.mjs'

const size = { height: 640, width: 640, channels: 3 }
const elements = 640 * 640 * 3
const million = 1_000_000
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], scale: 1 / 255 }

function best(run) {
  for (let k = 0; k < 5; k++) run()
  let least = Number.POSITIVE_INFINITY
  const begin = process.hrtime.bigint()
  while (process.hrtime.bigint() - begin < 300_000_000n) {
    const start = process.hrtime.bigint()
    run()
    least = Math.min(least, Number(process.hrtime.bigint() - start))
  }
  return least / 1e6
}

function inC() {
  const folder = mkdtempSync(join(tmpdir(), 'kernels-'))
  try {
    const program = join(folder, 'kernels')
    const source = fileURLToPath(new URL('kernels/kernels.c', import.meta.url))
    const made = spawnSync('cc', ['-O3', '-march=native', '-o', program, source], { encoding: 'utf8' })
    if (made.status !== 0) return new Map()
    const lines = spawnSync(program, { encoding: 'utf8' }).stdout.trim().split('\n')
    return new Map(lines.map((line) => [line.split(' ')[0], Number(line.split(' ')[1]) / 1e6]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const c = inC()
const bytes = Uint8Array.from({ length: elements }, (_, k) => (k * 37) % 256)
const floats = Float32Array.from(bytes)
const out = new Float32Array(elements)
const tensor = kernels.tensorKernel(size, imagenet)
tensor.input.set(bytes)
const whole = kernels.bytesKernel(elements)
whole.input.set(bytes)
const layout = kernels.layoutKernel(size)
layout.input.set(floats)
const back = kernels.layoutKernel(size, 'hwc')
back.input.set(floats)
const labels = bytes.slice(0, 16_384).map((byte) => byte % 64)
const hot = new Float32Array(16_384 * 64)
const rows = Array.from({ length: 2048 }, (_, row) => floats.subarray((row % 2000) * 512, (row % 2000) * 512 + 512 - (row % 256)))
const stacked = new Float32Array(2048 * 512)
const affine = kernels.affineKernel(elements)
affine.input.set(floats)

const [a, b] = [0, 1].map((turn) => Array.from({ length: million }, (_, k) => (k * 7 + turn) / 3))
const [typedA, typedB] = [a, b].map((list) => Float64Array.from(list))
const typedC = new Float64Array(million)
const kernelsMeasured = {
  product: {
    plain: () => {
      const made = []
      for (let k = 0; k < a.length; k++) made.push(a[k] * b[k])
      return made
    },
    pass: () => {
      for (let k = 0; k < million; k++) typedC[k] = typedA[k] * typedB[k]
    },
  },
  affine: {
    plain: () => kernels.plain.standardScale(floats, [123], [58]),
    pass: () => kernels.standardScale(floats, [123], [58], out),
    simd: () => affine.run(0.0171, -2.1),
  },
  toFloat: {
    plain: () => kernels.plain.toFloat(bytes),
    pass: () => kernels.toFloat(bytes, out),
    simd: () => whole.run(1 / 255, 0),
  },
  toTensor: {
    plain: () => kernels.plain.hwcToChw(kernels.plain.normalize(bytes, imagenet), size),
    pass: () => kernels.toTensor(bytes, size, imagenet, out),
    simd: () => tensor.run(),
  },
  hwcToChw: {
    plain: () => kernels.plain.hwcToChw(floats, size),
    pass: () => kernels.hwcToChw(floats, size, out),
    simd: () => layout.run(),
  },
  chwToHwc: {
    plain: () => kernels.plain.chwToHwc(floats, size),
    pass: () => kernels.chwToHwc(floats, size, out),
    simd: () => back.run(),
  },
  oneHot: {
    plain: () => kernels.plain.oneHot(labels, 64),
    pass: () => kernels.oneHot(labels, 64, hot),
  },
  padStack: {
    plain: () => kernels.plain.padStack(rows),
    pass: () => kernels.padStack(rows, 0, stacked),
  },
}

const cell = (ms) => (ms === undefined ? '–' : ms.toFixed(2)).padStart(9)
const screen = ['ms           plain loop  one pass      SIMD         C   best over C']
console.log(screen[0])
const raw = {}
for (const [name, forms] of Object.entries(kernelsMeasured)) {
  const [plain, pass, simd] = ['plain', 'pass', 'simd'].map((form) => (forms[form] ? best(forms[form]) : undefined))
  const native = c.get(name)
  const ratio = native === undefined ? '–' : (Math.min(pass, simd ?? Number.POSITIVE_INFINITY) / native).toFixed(2)
  screen.push(`${name.padEnd(12)} ${cell(plain)} ${cell(pass)} ${cell(simd)} ${cell(native)} ${ratio.padStart(12)}`)
  console.log(screen.at(-1))
  raw[name] = { plain, pass, simd, native }
}
await keepResult({ screen }, raw)
