// Reading speed of one core from memory that fits in a cache level: a WebAssembly SIMD loop, assembled here byte by byte
// (https://webassembly.github.io/spec/core/binary/). An engine's kernel takes too long to start to show a cache of 1 MB.

import { performance } from 'node:perf_hooks'
import { percentileOf, sortAscending } from '../../statistics/index.ts'

const i32 = 0x7f
const v128 = 0x7b
/** Eight loads of 16 bytes a turn, added up in four chains. */
const loads = 8
const chains = 4
const bytesPerTurn = loads * 16
/** 128 as a signed LEB128 number. */
const bytesPerTurnLeb = [0x80, 0x01]
const pageBytes = 65536
/** Read in one timed slice: about 0.1 ms. */
const sliceBytes = 8 * 2 ** 20
/** Slices that run before the code is optimized. */
const warmUpSlices = 20

/** What is used of a global that Node has and the types of Node 20 lack. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}

interface Compiled {
  readonly memory: Uint8Array
  /** The sum of every fourth 32-bit word from pointer to end, modulo 2^32. The range is a multiple of 128 bytes, not empty. */
  sum(pointer: number, end: number): number
}

/** Unsigned LEB128. */
function leb(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  do {
    const low = rest & 0x7f
    rest >>>= 7
    bytes.push(rest === 0 ? low : low | 0x80)
  } while (rest !== 0)
  return bytes
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content]
}

function named(name: string): number[] {
  return [...leb(name.length), ...Buffer.from(name)]
}

/** sum(pointer, end) adds up all 16-byte words in between and gives the first lane; memory is exported. */
function moduleBytes(pages: number): Uint8Array<ArrayBuffer> {
  const get = (local: number) => [0x20, local]
  const set = (local: number) => [0x21, local]
  const simd = (code: number) => [0xfd, ...leb(code)]
  const load = (offset: number) => [...simd(0), 4, ...leb(offset)]
  const add = simd(174)
  const chain = (at: number) => 2 + (at % chains)
  const turn = Array.from({ length: loads }, (_, at) => [
    ...get(chain(at)),
    ...get(0),
    ...load(at * 16),
    ...add,
    ...set(chain(at)),
  ])
  const advance = [...get(0), 0x41, ...bytesPerTurnLeb, 0x6a, 0x22, 0, ...get(1), 0x49, 0x0d, 0]
  const loop = [0x03, 0x40, ...turn.flat(), ...advance, 0x0b]
  const total = [...get(2), ...get(3), ...add, ...get(4), ...add, ...get(5), ...add, ...simd(27), 0]
  const body = [...leb(1), ...leb(chains), v128, ...loop, ...total, 0x0b]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, i32, i32, 1, i32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...leb(pages)]),
    ...section(7, [2, ...named('sum'), 0, 0, ...named('memory'), 2, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ])
}

/** A sum over a memory of at least `bytes` bytes; null if WebAssembly SIMD is not to be had. */
export function compileSum(bytes: number): Compiled | null {
  try {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes(Math.ceil(bytes / pageBytes))))
    const { sum, memory } = instance.exports as { sum: Compiled['sum']; memory: { buffer: ArrayBuffer } }
    return { memory: new Uint8Array(memory.buffer), sum }
  } catch {
    return null
  }
}

/**
 * Bytes a second that one thread reads from `bytes` of memory, again and again: the upper end (90th percentile) of short
 * slices. null if WebAssembly SIMD is not to be had.
 */
export function readBytesPerSecond(bytes: number, ms: number): number | null {
  const whole = bytes - (bytes % bytesPerTurn)
  const compiled = compileSum(whole)
  if (!compiled) return null
  compiled.memory.fill(1)
  const passes = Math.max(1, Math.round(sliceBytes / whole))
  const rates: number[] = []
  const end = performance.now() + ms
  let turns = 0
  while (performance.now() < end) {
    const start = performance.now()
    for (let pass = 0; pass < passes; pass++) compiled.sum(0, whole)
    const seconds = (performance.now() - start) / 1e3
    if (turns++ >= warmUpSlices && seconds > 0) rates.push((passes * whole) / seconds)
  }
  return rates.length === 0 ? null : percentileOf(sortAscending(rates), 0.9)
}
