import { describe, expect, test } from 'vitest'
import { stripTypes } from './strip-types.ts'

const code = (text: string) => {
  const found = stripTypes(text, 'a.ts')
  if (!found.ok) throw new Error(found.reason)
  expect(found.code.length).toBe(text.length)
  return found.code.replace(/ +/g, ' ').trim()
}

describe('stripTypes', () => {
  test.each([
    ['const a: number = 1', 'const a = 1'],
    ['function f(this: X, a?: string, ...b: T[]): void {}', 'function f( a , ...b ) {}'],
    ['const b = (x as Y)!', 'const b = (x )'],
    ['const c = <T,>(x: T): T => x satisfies T', 'const c = (x ) => x'],
    ['import { type A, b } from "./c"; b()', 'import { b } from "./c"; b()'],
    ['import { A } from "./types"; let x: A', 'let x'],
    ['export type { A } from "./b"', ''],
    [
      'interface A { x: number }\nclass B<T> extends C<T> implements A { private readonly x = 1; y!: number; z?(): void }',
      'class B extends C { x = 1; y ; }',
    ],
    ['declare const g: number; abstract class D { abstract m(): void; static async n() {} }', 'class D { static async n() {} }'],
    ['f<number>(1); new Map<string, number>()', 'f (1); new Map ()'],
  ])('%s', (text, expected) => expect(code(text)).toBe(expected))

  test('what cannot be written out is refused with its line', () => {
    expect(stripTypes('let a\nnamespace N { export const x = 1 }', 'a.ts')).toEqual({ ok: false, reason: 'a namespace', line: 2 })
    expect(stripTypes('@service\nclass A {}', 'a.ts')).toEqual({ ok: false, reason: 'a decorator', line: 1 })
  })

  /** What an expression gives after TypeScript that was made JavaScript, on as many lines. */
  const given = (text: string, expression: string): unknown => {
    const found = stripTypes(text, 'a.ts')
    if (!found.ok) throw new Error(found.reason)
    expect(found.code.split('\n')).toHaveLength(text.split('\n').length)
    return new Function(`${found.code}; return ${expression}`)()
  }

  test.each([
    ['enum A { X, Y, Z = 7, W }', '[A.X, A.Y, A.W, A[7], A[0]]', [0, 1, 8, 'Z', 'X']],
    ["const enum B {\n  // letters\n  P = 'p',\n  'Q-q' = 'q', // the last\n}", "[B.P, B['Q-q'], B.p]", ['p', 'q', undefined]],
    [
      'enum C { One = 1 << 1, Both = One | 4, Neg = -1, Last = C.One + `a`.length }',
      '[C.Both, C.Neg, C[-1], C.Last]',
      [6, -1, 'Neg', 3],
    ],
    ['enum Empty {}', 'Object.keys(Empty)', []],
    ['const x = 2; enum D { A = x as number }\n(function () {})()', 'D.A', 2],
  ])('%s', (text, expression, expected) => expect(given(text, expression)).toEqual(expected))

  test.each([
    [
      'class A { constructor(private readonly x: number, y: number, public z = 2, protected w?: string) { this.y = y } y: number }',
      '{ ...new A(1, 5) }',
      { x: 1, y: 5, z: 2, w: undefined },
    ],
    [
      'class B { constructor(protected a: string) {} }\nclass C extends B { constructor(readonly c: number) { super(`b`)\n this.d = c } d }',
      '{ ...new C(3) }',
      { a: 'b', c: 3, d: 3 },
    ],
  ])('%s', (text, expression, expected) => expect(given(text, `(${expression})`)).toEqual(expected))
})
