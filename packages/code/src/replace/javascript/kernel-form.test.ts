// Loops over pixels beside the kernels that do the same, however they are written; and what only looks like them.

import * as kernels from '@whyslow/compile/kernels/index.ts'
import { describe, expect, test } from 'vitest'
import { findCandidates } from './candidates.ts'
import { type KernelForm, kernelForm } from './kernel-form.ts'
import type { Run, Values } from './prove.ts'

const HEIGHT = 12
const WIDTH = 25
const PIXELS = HEIGHT * WIDTH
const bytes = Uint8Array.from({ length: 3 * PIXELS }, (_, k) => (k * 31) % 256)
const floats = Float32Array.from({ length: 3 * PIXELS }, (_, k) => Math.sin(k) * 3)
const mean = [0.485, 0.456, 0.406]
const std = [0.229, 0.224, 0.225]

/** The loop's kernel, and the source's names by their values. */
function formOf(
  body: string,
  given: Readonly<Record<string, unknown>>,
  more: readonly Readonly<Record<string, unknown>>[] = [],
): KernelForm {
  const { found, refused } = findCandidates(`function f() {\n${body}\n}`, 'a.mjs', () => true)
  expect(refused).toEqual([])
  const [one] = found
  const valuesOf = (own: Readonly<Record<string, unknown>>): Values => one!.atoms.map(({ text }) => own[text])
  const loop = new Function(...one!.atoms.map(({ name }) => name), `"use strict";\n${one!.before}`) as Run
  return kernelForm(one!.atoms, [given, ...more].map(valuesOf), loop)
}

const out = () => new Float32Array(3 * PIXELS)
/** Another of the same size. */
const next = { pixels: bytes.map((byte) => 255 - byte) }
const picture = (pixels: unknown) => ({ pixels, out: out(), height: HEIGHT, width: WIDTH, mean, std })

const NESTED = `for (let c = 0; c < 3; c++)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      out[c * height * width + y * width + x] = (pixels[(y * width + x) * 3 + c] / 255 - mean[c]) / std[c]`
const FLAT = 'for (let i = 0; i < pixels.length; i++) out[i] = pixels[i] / 127.5 - 1'

describe('a kernel is found', () => {
  test.each([
    ['three loops', NESTED],
    [
      'one over pixels, a line for each channel',
      `for (let i = 0, k = 0; i < height * width; i++, k += 3) {
        out[i] = (pixels[k] / 255 - mean[0]) / std[0]
        out[i + height * width] = (pixels[k + 1] / 255 - mean[1]) / std[1]
        out[i + 2 * height * width] = (pixels[k + 2] / 255 - mean[2]) / std[2]
      }`,
    ],
    [
      'one over elements',
      'for (let k = 0; k < pixels.length; k++) out[(k % 3) * height * width + Math.floor(k / 3)] = (pixels[k] / 255 - mean[k % 3]) / std[k % 3]',
    ],
  ])('for bytes to the tensor of a network: %s', (_, text) => {
    const { code, equal } = formOf(text, picture(bytes), [{ ...picture(bytes), ...next }])
    expect(equal).toBe('rounding')
    expect(code).toEqual([
      "import { tensorKernel } from 'whyslow/kernels'",
      'const kernel = tensorKernel({ height, width, channels: 3 }, { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] }) // once',
      'kernel.input.set(pixels) // not needed if it is decoded into kernel.input',
      'out.set(kernel.run())',
    ])
  })

  test('for bytes and for floats times a factor', () => {
    const { code } = formOf(FLAT, picture(bytes))
    expect(code.slice(0, 2)).toEqual([
      "import { bytesKernel } from 'whyslow/kernels'",
      'const kernel = bytesKernel(pixels.length) // once',
    ])
    expect(formOf(FLAT, picture(floats)).code[0]).toBe("import { affineKernel } from 'whyslow/kernels'")
  })

  test('for floats that only move: the same bits', () => {
    const text = NESTED.replace('(pixels[(y * width + x) * 3 + c] / 255 - mean[c]) / std[c]', 'pixels[(y * width + x) * 3 + c]')
    const { code, equal } = formOf(text, picture(floats))
    expect([code[1], equal]).toEqual(['const kernel = layoutKernel({ height, width, channels: 3 }) // once', 'bits'])
  })

  test('the lines do what the loop does', () => {
    const { code } = formOf(NESTED, picture(bytes), [{ ...picture(bytes), ...next }])
    const [, ...lines] = code
    const own = out()
    new Function('tensorKernel', 'height', 'width', 'pixels', 'out', lines.join('\n'))(
      kernels.tensorKernel,
      HEIGHT,
      WIDTH,
      bytes,
      own,
    )
    kernels.toTensor(bytes, { height: HEIGHT, width: WIDTH, channels: 3 }, { mean, std, scale: 1 / 255 }).forEach((value, k) => {
      expect(own[k]).toBeCloseTo(value, 5)
    })
  })
})

describe('none is', () => {
  test.each<[string, string, Readonly<Record<string, unknown>>, RegExp]>([
    ['other arithmetic', FLAT.replace('/ 127.5 - 1', '** 2'), picture(bytes), /other arithmetic/],
    ['a limit at one of the bytes', FLAT.replace('pixels[i]', 'Math.min(pixels[i], 254)'), picture(bytes), /.+/],
    [
      'a limit far away',
      FLAT.replace('pixels[i]', 'Math.min(pixels[i], 1e30)'),
      picture(floats),
      /something else than the kernel/,
    ],
    ['whole numbers', FLAT.replace('pixels[i]', '(pixels[i] | 0)'), picture(floats), /something else than the kernel/],
    ['columns before rows', NESTED.replace('y * width + x]', 'x * height + y]'), picture(bytes), /another order/],
    ['some elements alone', FLAT.replace('i++', 'i += 2'), picture(bytes), /every element/],
    ['a list', FLAT, picture([...bytes]), /typed array/],
    ['doubles to write', FLAT, { ...picture(bytes), out: new Float64Array(3 * PIXELS) }, /Float32Array/],
    ['two pictures', FLAT.replace('/ 127.5', '+ mean[i]'), { ...picture(bytes), mean: bytes.slice() }, /one typed array/],
    ['in place', 'for (let i = 0; i < out.length; i++) out[i] = out[i] * 2', picture(bytes), /does not read/],
    ['a copy', 'for (let i = 0; i < out.length; i++) out[i] = pixels[i]', picture(floats), /copies/],
    ['few elements', FLAT, { pixels: bytes.slice(0, 30), out: new Float32Array(30) }, /some size/],
  ])('%s', (_, text, given, says) => {
    expect(() => formOf(text, given)).toThrow(says)
  })

  test('numbers that may be others with the next picture', () => {
    expect(() => formOf(NESTED, picture(bytes))).toThrow('mean may change with the image, and only one was seen')
    const perPicture = { ...picture(bytes), height: 101, width: 57 }
    expect(() => formOf('for (let i = 0; i < pixels.length; i++) out[i] = (pixels[i] - height) / width', perPicture)).toThrow(
      /only one was seen/,
    )
  })

  test('terms that cancel each other', () => {
    const near = Float32Array.from({ length: 3 * PIXELS }, (_, k) => 10_000 + (k % 7) * 1e-3)
    const text = 'for (let i = 0; i < pixels.length; i++) out[i] = (pixels[i] - 10000) / 0.001'
    expect(() => formOf(text, picture(near))).toThrow(/something else than the kernel/)
  })

  test('a move that loses the sign of nothing', () => {
    const text = NESTED.replace(
      '(pixels[(y * width + x) * 3 + c] / 255 - mean[c]) / std[c]',
      'pixels[(y * width + x) * 3 + c] + 0',
    )
    expect(() => formOf(text, picture(floats))).toThrow(/something else than the kernel/)
  })

  test('numbers that change from call to call', () => {
    const text = FLAT.replace('127.5', 'height')
    expect(() => formOf(text, picture(bytes), [{ ...picture(bytes), ...next, height: 13 }])).toThrow(
      /something else than the kernel/,
    )
  })

  test('pictures of several sizes', () => {
    const other = { ...picture(bytes.slice(0, 900 - 3)), out: new Float32Array(897) }
    expect(() => formOf(FLAT, picture(bytes), [other])).toThrow(/several sizes/)
  })
})
