import { expect, test } from 'vitest'
import { encodeModule, type WasmFunction } from './bytes.ts'
import { cSource } from './c-source.ts'
import * as wasm from './code.ts'
import { decodeModule } from './decode.ts'

const moduleOf = (...functions: readonly WasmFunction[]) => encodeModule({ functions, memoryBytes: 64, data: [] })

/** Adds 0.5 to as many float32 numbers as it is told, from address 16 on. */
const addHalf: WasmFunction = {
  exportedAs: 'half',
  params: ['i32'],
  results: [],
  locals: ['i32', 'f32'],
  body: [
    ...wasm.loopWhile(
      [
        ...wasm.set(2, wasm.apply('f32.add', wasm.load('f32.load', wasm.get(1), 16), wasm.floatConstant('f32', 0.5))),
        ...wasm.store('f32.store', wasm.get(1), wasm.get(2), 16),
        ...wasm.advance(1, 4),
        ...wasm.advance(0, -1),
      ],
      wasm.get(0),
    ),
  ],
}

/** The lines of a function, without the numbers of variables that nothing else uses. */
const bodyOf = (source: string, head: string): string[] => {
  const from = source.indexOf(`${head} {`)
  return source
    .slice(from, source.indexOf('\n}', from))
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
}

test('each value of the stack is a variable, loops and their condition are where they were', () => {
  expect(bodyOf(cSource(moduleOf(addHalf)), 'API void half(u8 *m, u32 l0)')).toEqual([
    'u32 l1 = 0;',
    'f32 l2 = 0;',
    'for (;;) {',
    'const u32 t0 = l1;',
    'const f32 t1 = load_f32(m + t0 + 16u);',
    'const f32 t2 = bits_f32(0x3f000000u);',
    'const f32 t3 = t1 + t2;',
    'l2 = t3;',
    'const u32 t4 = l1;',
    'const f32 t5 = l2;',
    'store_f32(m + t4 + 16u, t5);',
    'const u32 t6 = l1;',
    'const u32 t7 = 4u;',
    'const u32 t8 = t6 + t7;',
    'l1 = t8;',
    'const u32 t9 = l0;',
    'const u32 t10 = 4294967295u;',
    'const u32 t11 = t9 + t10;',
    'l0 = t11;',
    'const u32 t12 = l0;',
    'if (t12) continue;',
    'break; }',
  ])
})

test('a function that others call is of this file alone, and is given the memory', () => {
  const caller: WasmFunction = {
    exportedAs: 'all',
    params: ['i32'],
    results: [],
    locals: [],
    body: wasm.ifElse(wasm.get(0), wasm.call(1, wasm.get(0)), wasm.call(1, wasm.constant(1))),
  }
  const { exportedAs: _, ...inner } = addHalf
  const source = cSource(moduleOf(caller, inner))
  expect(source).toContain('static void internal1(u8 *m, u32 l0);')
  expect(bodyOf(source, 'API void all(u8 *m, u32 l0)')).toEqual([
    'const u32 t0 = l0;',
    'if (t0) {',
    'const u32 t1 = l0;',
    'internal1(m, t1);',
    '} else {',
    'const u32 t2 = 1u;',
    'internal1(m, t2);',
    '}',
  ])
})

test('what stands between `select` and its operands keeps its type', () => {
  const body = wasm.store(
    'f64.store',
    wasm.constant(8),
    wasm.apply('select', wasm.floatConstant('f64', 1), wasm.load('f64.load', wasm.constant(0)), wasm.get(0)),
  )
  const source = cSource(moduleOf({ exportedAs: 'choose', params: ['i32'], results: [], locals: [], body }))
  expect(source).toContain('const f64 t5 = t4 ? t1 : t3;')
})

test('what has no words in C is an error, and so is a module that is cut off', () => {
  const odd = (body: readonly number[]): WasmFunction => ({ exportedAs: 'odd', params: [], results: [], locals: [], body })
  expect(() => cSource(moduleOf(odd([0x00])))).toThrow('instruction 0 has no words in C')
  expect(() => cSource(moduleOf(odd([0xfd, 0x05])))).toThrow('vector instruction 5 has no words in C')
  expect(() => cSource(moduleOf(odd([0x03, 0x40, 0x41, 1, 0x0d, 1, 0x0b])))).toThrow('a branch leads elsewhere')
  expect(() => decodeModule(moduleOf(addHalf).subarray(0, -5))).toThrow('ends too early')
})

test('numbers of all lengths are read as they were written', () => {
  const values = [0, 1, -1, 63, 64, -64, -65, 8191, 2 ** 31 - 1, -(2 ** 31)]
  const body = values.flatMap((value) => wasm.set(0, wasm.constant(value)))
  const source = cSource(moduleOf({ exportedAs: 'f', params: ['i32'], results: [], locals: [], body }))
  for (const [k, value] of values.entries()) expect(source).toContain(`const u32 t${k} = ${value >>> 0}u;`)
})
