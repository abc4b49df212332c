// Loops over lists and what is written in their place, run side by side on values and on numbers made to tell them apart.
import { describe, expect, test } from 'vitest'
import { findCandidates } from './candidates.ts'
import { adversaries, checkKinds, prove, type Run, takeTurns } from './prove.ts'

const places = (text: string) => findCandidates(text, 'a.mjs', () => true)

/** The only place of a source, with both sides as functions. */
function only(text: string) {
  const { found, refused } = places(text)
  expect(refused).toEqual([])
  expect(found).toHaveLength(1)
  const [one] = found
  const names = one!.atoms.map(({ name }) => name)
  const make = (body: string) => new Function(...names, `"use strict";\n${body}`) as Run
  return { ...one!, run: [make(one!.before), make(one!.after)] as const }
}

/** Values by the atoms' texts. */
function check(text: string, values: Readonly<Record<string, unknown>>): readonly string[] {
  const { atoms, run, code } = only(text)
  const seen = atoms.map((atom) => {
    expect(values).toHaveProperty([atom.text])
    return values[atom.text]
  })
  checkKinds(atoms, seen)
  prove(atoms, [seen], ...run)
  return code
}

const a = [1, -2.5, Number.NaN, 0.1, 7]
const b = [3, 0, 1e300, -0, Number.POSITIVE_INFINITY]

describe('what is written instead of a loop gives the same bits', () => {
  test.each<[string, string, Readonly<Record<string, unknown>>, string[]]>([
    [
      'a map',
      'function f(pixels) { return pixels.map((p) => (p / 255 - 0.485) / 0.229) }',
      { pixels: a },
      [
        'const out = new Float64Array(pixels.length)',
        'for (let i = 0; i < pixels.length; i++) {',
        '  const p = pixels[i]',
        '  out[i] = (p / 255 - 0.485) / 0.229',
        '}',
        'return out',
      ],
    ],
    [
      'a list that is pushed into',
      'function f(a, b) {\n  const c = []\n  for (let i = 0; i < a.length; i++) c.push(a[i] * b[i])\n  return c\n}',
      { a, b },
      ['const c = new Float64Array(a.length)', 'for (let i = 0; i < a.length; i++) c[i] = a[i] * b[i]'],
    ],
    [
      'a list that is spread into a new one',
      'function f(a) {\n  let c = []\n  for (const x of a) c = [...c, x * 2]\n  return c\n}',
      { a },
      ['const c = new Float64Array(a.length)', 'for (let i = 0; i < a.length; i++) {', '  const x = a[i]', '  c[i] = x * 2', '}'],
    ],
    [
      'a list that is made anew by concat',
      'function f(a, b) {\n  let c = []\n  for (let i = 0; i < a.length; i++) c = c.concat([a[i] * b[i]])\n  return c\n}',
      { a, b },
      ['const c = new Float64Array(a.length)', 'for (let i = 0; i < a.length; i++) c[i] = a[i] * b[i]'],
    ],
    [
      'a test in front of what is pushed',
      'function f(a, low) {\n  const c = []\n  for (const x of a) if (x > low) c.push(x * 2)\n  return c\n}',
      { a, low: 0 },
      [
        'const all = new Float64Array(a.length)',
        'let at = 0',
        'for (let i = 0; i < a.length; i++) {',
        '  const x = a[i]',
        '  if (x > low) all[at++] = x * 2',
        '}',
        'const c = all.subarray(0, at)',
      ],
    ],
    [
      'a sum',
      'function f(s) {\n  let t = 0\n  for (let i = 0; i < s.a.length; i++) t += s.a[i] * s.b[i]\n  return t\n}',
      { 's.a': a, 's.b': b, t: 0 },
      ['for (let i = 0; i < s.a.length; i++) t += s.a[i] * s.b[i]'],
    ],
    [
      'reduce',
      'const f = (a) => a.reduce((s, x) => s + x * x, 0)',
      { a },
      [
        'let out = 0',
        'for (let i = 0; i < a.length; i++) {',
        '  const x = a[i]',
        '  const s = out',
        '  out = s + x * x',
        '}',
        'return out',
      ],
    ],
  ])('%s', (_, text, values, code) => expect(check(text, values)).toEqual(code))

  const out = [0, 0, 0, 0, 0]
  test.each<[string, string, Readonly<Record<string, unknown>>]>([
    ['into a list that is there', 'function f() { for (let i = 0; i < a.length; i++) out[i] = a[i] + b[i] }', { a, b, out }],
    ['in place', 'function f() { for (let i = 0; i < a.length; i++) a[i] = (a[i] - m) / s }', { a, m: 2, s: 0 }],
    ['each from the one before', 'function f() { for (let i = 1; i < a.length; i++) a[i] = a[i - 1] * 0.5 + b[i] }', { a, b }],
    [
      'two chained maps',
      'const f = (a, m) => { const y = a.map((x) => x - m).map((z) => Math.max(z, 0)); return y.length }',
      { a, m: 1 },
    ],
    ['from a length', 'const f = (a, b) => Array.from({ length: a.length }, (_, i) => a[i] + b[i])', { a, b }],
    ['into float32', 'const f = (a) => Float32Array.from(a, (x) => x / 3)', { a }],
    ['of a map into float32', 'const f = (a) => new Float32Array(a.map((x) => x / 3))', { a }],
    ['bits of integers', 'const f = (a) => a.map((x) => (x << 3) ^ (x >>> 1))', { a: [1, 2 ** 31, 2 ** 33 + 5, -7] }],
    [
      'forEach',
      'function f(a) { const c = []\na.forEach((x, k) => { const y = x * k; c.push(y > 0 ? y : 0) })\nreturn c }',
      { a },
    ],
    [
      'of a size',
      'function f(a, n) { const c = new Array(n)\nfor (let i = 0; i < n; i++) { c[i] = -a[i] }\nreturn c }',
      { a, n: 5 },
    ],
    [
      'moved',
      'function f() { for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) out[x * h + y] = a[y * w + x] }',
      { a: [1, 2, 3, 4, 5, 6], out: [0, 0, 0, 0, 0, 0], h: 2, w: 3 },
    ],
    ['by a function of the file', 'const half = (x) => x / 2\nconst f = (a) => a.map(half)', { a, half: (x: number) => x / 2 }],
    [
      'over bytes into a list',
      'function f(a) { const c = []\nfor (const x of a) c.push(x / 255)\nreturn c }',
      { a: Uint8Array.of(1, 2, 255) },
    ],
    [
      'turns that end early',
      'function f(a) { const c = []\nfor (let i = 0; i < a.length; i++) { if (a[i] < 0) continue\nc.push(a[i]) }\nreturn c }',
      { a },
    ],
  ])('%s', (_, text, values) => void check(text, values))
})

describe('what is not certain is not offered', () => {
  test.each([
    ['calls', 'function f(a) { for (let i = 0; i < a.length; i++) a[i] = g(a[i]) }', 'it calls g'],
    ['randomness', 'const f = (a) => a.map((x) => x * Math.random())', 'it calls Math.random'],
    ['texts', 'const f = (a) => a.map((x) => "n" + x)', /is not arithmetic/],
    ['objects', 'const f = (a) => a.map((x) => x.value)', 'x.value is made in the loop'],
    [
      'a length that is not known',
      'function f(a) { const c = []\nfor (const x of a) for (const y of a) c.push(x * y)\nreturn c }',
      /not known before/,
    ],
    ['waiting', 'async function f(a) { for (const x of a) await x }', /is not arithmetic/],
  ])('%s', (_, text, reason) => {
    const { found, refused } = places(text)
    expect(found).toEqual([])
    expect(refused[0]!.reason).toMatch(reason)
  })

  test.each<[string, string, Readonly<Record<string, unknown>>]>([
    ['texts in the list', 'const f = (a) => a.map((x) => x * 2)', { a: ['1', '2'] }],
    ['holes', 'const f = (a) => a.map((x) => x * 2)', { a: new Array(3) }],
    ['truths', 'const f = (a) => a.map((x) => x > 1)', { a }],
    [
      'elements that are not all written',
      'function f(a) { const c = new Array(5)\nfor (let i = 1; i < a.length; i++) c[i] = a[i]\nreturn c }',
      { a },
    ],
    ['a list that gets longer', 'function f() { for (let i = 0; i < a.length; i++) out[i] = a[i] }', { a, out: [] }],
    ['a text for a number', 'const f = (a, k) => a.map((x) => x + k)', { a, k: '1' }],
  ])('%s', (_, text, values) => expect(() => check(text, values)).toThrow())
})

test('numbers made to tell them apart have the lengths that fit, and arrays that are one stay one', () => {
  const { atoms } = only('function f(a, b, n) { for (let i = 0; i < n; i++) a[i] = b[i] }')
  const list = [1, 2, 3]
  const all = [
    ...adversaries(
      atoms,
      atoms.map(({ text }) => (text === 'n' ? 3 : list)),
    ),
  ]
  expect(all.length).toBeGreaterThan(10)
  for (const values of all) {
    const [n, ...lists] = [...values].sort((x, y) => Number(typeof y === 'number') - Number(typeof x === 'number'))
    expect(lists[0]).toBe(lists[1])
    expect(lists[0]).toHaveLength(n as number)
  }
})

test('both take turns, and neither is given what the other wrote', () => {
  let time = 0
  const seen: unknown[] = []
  const spend = (ms: number) => (list: unknown) => {
    seen.push((list as number[])[0])
    ;(list as number[])[0] = 9
    time += ms
    return []
  }
  const { pairsMs, conversionMs } = takeTurns([[1]], spend(20), spend(4), () => time)
  expect(pairsMs).toHaveLength(9)
  expect(pairsMs[0]).toEqual([20, 4])
  expect(conversionMs).toBe(0)
  expect(new Set(seen)).toEqual(new Set([1]))
})
