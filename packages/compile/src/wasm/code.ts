// Instructions of WebAssembly as bytes: https://webassembly.github.io/spec/core/binary/instructions.html
// An expression is the bytes that leave its value on the stack; functions here put them together, operands first.
import { signedLeb128, unsignedLeb128 } from './bytes.ts'

export type Code = readonly number[]

export const PLAIN_OPCODES = {
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_s': 0x48,
  'i32.lt_u': 0x49,
  'i32.gt_u': 0x4b,
  'i32.gt_s': 0x4a,
  'i32.le_u': 0x4d,
  'i32.ge_s': 0x4e,
  'i32.ge_u': 0x4f,
  'f32.eq': 0x5b,
  'f32.ne': 0x5c,
  'f32.lt': 0x5d,
  'f32.gt': 0x5e,
  'f32.le': 0x5f,
  'f32.ge': 0x60,
  'f64.eq': 0x61,
  'f64.ne': 0x62,
  'f64.lt': 0x63,
  'f64.gt': 0x64,
  'f64.le': 0x65,
  'f64.ge': 0x66,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.shl': 0x74,
  'i32.shr_s': 0x75,
  'i32.shr_u': 0x76,
  'f32.neg': 0x8c,
  'f32.add': 0x92,
  'f32.mul': 0x94,
  'f32.trunc': 0x8f,
  'f64.abs': 0x99,
  'f64.neg': 0x9a,
  'f64.trunc': 0x9d,
  'f64.add': 0xa0,
  'f64.mul': 0xa2,
  'f32.demote': 0xb6,
  'f64.promote': 0xbb,
  select: 0x1b,
} as const
export type PlainOpcode = keyof typeof PLAIN_OPCODES

/** Each with the alignment that its address has, as an exponent of 2. */
export const MEMORY = {
  'i32.load': [0x28, 2],
  'i64.load': [0x29, 3],
  'f32.load': [0x2a, 2],
  'f64.load': [0x2b, 3],
  'i32.load8_u': [0x2d, 0],
  'i32.load16_u': [0x2f, 1],
  'i32.store': [0x36, 2],
  'f32.store': [0x38, 2],
  'f64.store': [0x39, 3],
  'i32.store8': [0x3a, 0],
  'i32.store16': [0x3b, 1],
} as const

export const VECTOR_MEMORY = {
  'v128.load': [0, 2],
  'v128.load8_splat': [7, 0],
  'v128.load32_splat': [9, 2],
  'v128.load64_splat': [10, 3],
  'v128.store': [11, 2],
} as const

export const VECTOR = {
  'i8x16.gt_s': 39,
  'v128.and': 78,
  'i8x16.sub': 113,
  'i8x16.max_u': 121,
  'f32x4.add': 228,
  'f32x4.mul': 230,
  'f32x4.pmax': 235,
  'f64x2.add': 240,
  'f64x2.mul': 242,
  'f64x2.pmax': 247,
} as const

/** Operands, then the instruction. */
export const apply = (name: PlainOpcode, ...operands: readonly Code[]): number[] => [...operands.flat(), PLAIN_OPCODES[name]]
export const vector = (name: keyof typeof VECTOR, ...operands: readonly Code[]): number[] => [
  ...operands.flat(),
  0xfd,
  ...unsignedLeb128(VECTOR[name]),
]

export const constant = (value: number): number[] => [0x41, ...signedLeb128(value)]
const bytesOf = (array: Float32Array | Float64Array): number[] => [...new Uint8Array(array.buffer)]
export const floatConstant = (type: 'f32' | 'f64', value: number): number[] =>
  type === 'f32' ? [0x43, ...bytesOf(Float32Array.of(value))] : [0x44, ...bytesOf(Float64Array.of(value))]

export const get = (local: number): number[] => [0x20, ...unsignedLeb128(local)]
export const set = (local: number, value: Code): number[] => [...value, 0x21, ...unsignedLeb128(local)]
export const tee = (local: number, value: Code): number[] => [...value, 0x22, ...unsignedLeb128(local)]

/** A vector of zeros. */
export const zeros = (): number[] => [0xfd, 0x0c, ...new Array(16).fill(0)]

/** Loads from `address` + `offset` bytes. */
export const load = (name: keyof typeof MEMORY, address: Code, offset = 0): number[] => memory(MEMORY[name], address, offset)
export const store = (name: keyof typeof MEMORY, address: Code, value: Code, offset = 0): number[] => [
  ...address,
  ...memory(MEMORY[name], value, offset),
]
export const loadVector = (name: keyof typeof VECTOR_MEMORY, address: Code, offset = 0): number[] =>
  vectorMemory(VECTOR_MEMORY[name], address, offset)
export const storeVector = (address: Code, value: Code, offset = 0): number[] => [
  ...address,
  ...vectorMemory(VECTOR_MEMORY['v128.store'], value, offset),
]

const memory = ([code, align]: readonly [number, number], operand: Code, offset: number): number[] => [
  ...operand,
  code,
  align,
  ...unsignedLeb128(offset),
]
const vectorMemory = ([code, align]: readonly [number, number], operand: Code, offset: number): number[] => [
  ...operand,
  0xfd,
  ...unsignedLeb128(code),
  align,
  ...unsignedLeb128(offset),
]

/** Toward zero, to the nearest that 32 signed bits hold; NaN is 0. */
export const truncate = (type: 'f32' | 'f64', value: Code): number[] => [...value, 0xfc, type === 'f32' ? 0 : 2]
export const copy = (to: Code, from: Code, length: Code): number[] => [...to, ...from, ...length, 0xfc, 0x0a, 0, 0]

/** `body`, over and over while `condition`, which stands at its end. */
export const loopWhile = (body: Code, condition: Code): number[] => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b]
export const ifElse = (condition: Code, then: Code, otherwise: Code = []): number[] => [
  ...condition,
  0x04,
  0x40,
  ...then,
  ...(otherwise.length > 0 ? [0x05, ...otherwise] : []),
  0x0b,
]
export const call = (index: number, ...operands: readonly Code[]): number[] => [
  ...operands.flat(),
  0x10,
  ...unsignedLeb128(index),
]

export const add = (a: Code, b: Code): number[] => apply('i32.add', a, b)
/** `local` grows by `step`. */
export const advance = (local: number, step: number): number[] => set(local, add(get(local), constant(step)))
