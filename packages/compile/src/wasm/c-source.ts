// A module as C, instruction by instruction, so that a compiler makes of it what an engine of WebAssembly would, to the last bit. Each value of
// the operand stack is a variable of its own, in the order of the module; compilers take them away. It reads what bytes.ts and code.ts write:
// functions without results, one memory without data, branches to the start of the innermost loop. The memory is a parameter of each function.
// Vectors need GCC or Clang (https://gcc.gnu.org/onlinedocs/gcc/Vector-Extensions.html).

import type { PlainOpcode } from './code.ts'
import * as codes from './code.ts'
import { ByteReader, type DecodedFunction, decodeModule } from './decode.ts'

type Type = 'u32' | 'u64' | 'f32' | 'f64' | 'v128'

/** Throws an Error if the module holds what is not among these instructions. */
export function cSource(module: Uint8Array): string {
  const functions = decodeModule(module)
  const declared = functions.map((one, index) => `${headOf(one, index)};`)
  const bodies = functions.map((one, index) => `${headOf(one, index)} {\n${bodyOf(one, functions)}\n}`)
  return `${[HEAD, ...declared, '', ...bodies].join('\n')}\n`
}

const nameOf = ({ exportedAs }: DecodedFunction, index: number): string => exportedAs ?? `internal${index}`

function headOf(one: DecodedFunction, index: number): string {
  const parameters = one.params.map((type, k) => `${typeOf(type)} l${k}`)
  return `${one.exportedAs === undefined ? 'static' : 'API'} void ${nameOf(one, index)}(${['u8 *m', ...parameters].join(', ')})`
}

const TYPES: Readonly<Record<number, Type>> = { 127: 'u32', 126: 'u64', 125: 'f32', 124: 'f64', 123: 'v128' }

const typeOf = (code: number): Type => TYPES[code]!

interface Value {
  readonly name: string
  readonly type: Type
}

function bodyOf({ params, locals, body }: DecodedFunction, functions: readonly DecodedFunction[]): string {
  const writer = new BodyWriter([...params, ...locals].map(typeOf), body, functions)
  for (let k = params.length; k < params.length + locals.length; k++) writer.declare(k)
  while (!writer.reader.isAtEnd()) writeInstruction(writer)
  return writer.lines.map((line) => `  ${line}`).join('\n')
}

/** Lines of a function, and what stands on the stack of its module. */
class BodyWriter {
  readonly lines: string[] = []
  readonly reader: ByteReader
  readonly types: readonly Type[]
  readonly functions: readonly DecodedFunction[]
  /** What closes each open block. */
  readonly open: ('}' | 'break; }')[] = []
  private readonly stack: Value[] = []
  private made = 0

  constructor(types: readonly Type[], body: Uint8Array, functions: readonly DecodedFunction[]) {
    this.types = types
    this.reader = new ByteReader(body)
    this.functions = functions
  }

  declare(local: number): void {
    const type = this.types[local]!
    this.lines.push(`${type} l${local} = ${type === 'v128' ? '{0}' : '0'};`)
  }

  push(type: Type, text: string): void {
    const name = `t${this.made++}`
    this.lines.push(`const ${type} ${name} = ${text};`)
    this.stack.push({ name, type })
  }

  pop(): Value {
    const value = this.stack.pop()
    if (value === undefined) throw new Error('the stack of the module is empty')
    return value
  }

  /** The names of the topmost values, in the order in which they were pushed. */
  names(count: number): string[] {
    return Array.from({ length: count }, () => this.pop().name).reverse()
  }

  top(): Value {
    return this.stack.at(-1)!
  }

  /** Fills in operands: `$0` is the deepest. */
  apply({ takes, gives, text }: Instruction, immediate = 0): void {
    const operands = this.names(takes)
    const filled = text.replace(/\$(\d|n)/g, (_, k: string) => (k === 'n' ? String(immediate) : operands[Number(k)]!))
    if (gives === null) this.lines.push(`${filled};`)
    else this.push(gives, filled)
  }

  applyToMemory(instruction: Instruction): void {
    this.reader.unsigned()
    this.apply(instruction, this.reader.unsigned())
  }
}

function writeInstruction(writer: BodyWriter): void {
  const code = writer.reader.byte()
  const [plain, memory, other] = [PLAIN[code], MEMORY[code], OTHERS[code]]
  if (plain !== undefined) writer.apply(plain)
  else if (memory !== undefined) writer.applyToMemory(memory)
  else if (other !== undefined) other(writer)
  else throw new Error(`instruction ${code} has no words in C`)
}

/** What remains, by the byte: blocks, branches, calls, locals, constants, and what a second byte tells apart. */
const OTHERS: Readonly<Record<number, (writer: BodyWriter) => void>> = {
  3: ({ reader, lines, open }) => {
    reader.byte()
    lines.push('for (;;) {')
    open.push('break; }')
  },
  4: (writer) => {
    writer.reader.byte()
    writer.lines.push(`if (${writer.pop().name}) {`)
    writer.open.push('}')
  },
  5: ({ lines }) => void lines.push('} else {'),
  11: ({ lines, open }) => void lines.push(open.pop()!),
  13: (writer) => {
    if (writer.reader.unsigned() !== 0 || writer.open.at(-1) !== 'break; }')
      throw new Error('a branch leads elsewhere than to its loop')
    writer.lines.push(`if (${writer.pop().name}) continue;`)
  },
  16: (writer) => {
    const index = writer.reader.unsigned()
    const callee = writer.functions[index]!
    writer.lines.push(`${nameOf(callee, index)}(${['m', ...writer.names(callee.params.length)].join(', ')});`)
  },
  27: (writer) => {
    const [condition, no, yes] = [writer.pop(), writer.pop(), writer.pop()]
    writer.push(yes.type, `${condition.name} ? ${yes.name} : ${no.name}`)
  },
  32: (writer) => {
    const local = writer.reader.unsigned()
    writer.push(writer.types[local]!, `l${local}`)
  },
  33: (writer) => void writer.lines.push(`l${writer.reader.unsigned()} = ${writer.pop().name};`),
  34: (writer) => void writer.lines.push(`l${writer.reader.unsigned()} = ${writer.top().name};`),
  65: (writer) => writer.push('u32', `${writer.reader.signed() >>> 0}u`),
  67: (writer) => writer.push('f32', `bits_f32(0x${writer.reader.little(4).toString(16)}u)`),
  68: (writer) => writer.push('f64', `bits_f64(0x${writer.reader.little(8).toString(16)}ull)`),
  252: (writer) => {
    const truncates = TRUNCATED[writer.reader.unsigned()]
    // A copy names its memories.
    if (truncates === undefined) writer.reader.take(2)
    writer.apply(truncates ?? COPY)
  },
  253: (writer) => {
    const kind = writer.reader.unsigned()
    const [plain, memory] = [VECTOR[kind], VECTOR_MEMORY[kind]]
    if (kind === 12) writer.push('v128', `(v128){${writer.reader.take(16).join(', ')}}`)
    else if (memory !== undefined) writer.applyToMemory(memory)
    else if (plain !== undefined) writer.apply(plain)
    else throw new Error(`vector instruction ${kind} has no words in C`)
  },
}

interface Instruction {
  readonly takes: number
  /** null: it leaves nothing. */
  readonly gives: Type | null
  readonly text: string
}

const unary = (gives: Type, text: string): Instruction => ({ takes: 1, gives, text })
const binary = (gives: Type, text: string): Instruction => ({ takes: 2, gives, text })
const signed = (sign: string): Instruction => binary('u32', `(int32_t)$0 ${sign} (int32_t)$1`)
const plain = (gives: Type, sign: string): Instruction => binary(gives, `$0 ${sign} $1`)

/** Instructions by the byte that code.ts writes: each of its instructions has words here. */
const byCode = <Name extends string>(
  all: Readonly<Record<Name, number | readonly [number, number]>>,
  words: Readonly<Record<Name, Instruction>>,
): Readonly<Record<number, Instruction>> =>
  Object.fromEntries(
    (Object.keys(words) as Name[]).map((name) => {
      const code = all[name]
      return [typeof code === 'number' ? code : code[0], words[name]]
    }),
  )

const PLAIN = byCode<Exclude<PlainOpcode, 'select'>>(codes.PLAIN_OPCODES, {
  'i32.eqz': unary('u32', '$0 == 0'),
  'i32.eq': plain('u32', '=='),
  'i32.ne': plain('u32', '!='),
  'i32.lt_s': signed('<'),
  'i32.lt_u': plain('u32', '<'),
  'i32.gt_s': signed('>'),
  'i32.gt_u': plain('u32', '>'),
  'i32.le_u': plain('u32', '<='),
  'i32.ge_s': signed('>='),
  'i32.ge_u': plain('u32', '>='),
  'f32.eq': plain('u32', '=='),
  'f32.ne': plain('u32', '!='),
  'f32.lt': plain('u32', '<'),
  'f32.gt': plain('u32', '>'),
  'f32.le': plain('u32', '<='),
  'f32.ge': plain('u32', '>='),
  'f64.eq': plain('u32', '=='),
  'f64.ne': plain('u32', '!='),
  'f64.lt': plain('u32', '<'),
  'f64.gt': plain('u32', '>'),
  'f64.le': plain('u32', '<='),
  'f64.ge': plain('u32', '>='),
  'i32.add': plain('u32', '+'),
  'i32.sub': plain('u32', '-'),
  'i32.mul': plain('u32', '*'),
  'i32.and': plain('u32', '&'),
  'i32.or': plain('u32', '|'),
  'i32.shl': binary('u32', '$0 << ($1 & 31)'),
  'i32.shr_s': binary('u32', '(u32)((int32_t)$0 >> ($1 & 31))'),
  'i32.shr_u': binary('u32', '$0 >> ($1 & 31)'),
  'f32.neg': unary('f32', '-$0'),
  'f32.trunc': unary('f32', '__builtin_truncf($0)'),
  'f32.add': plain('f32', '+'),
  'f32.mul': plain('f32', '*'),
  'f64.abs': unary('f64', '__builtin_fabs($0)'),
  'f64.neg': unary('f64', '-$0'),
  'f64.trunc': unary('f64', '__builtin_trunc($0)'),
  'f64.add': plain('f64', '+'),
  'f64.mul': plain('f64', '*'),
  'f32.demote': unary('f32', '(f32)$0'),
  'f64.promote': unary('f64', '(f64)$0'),
})

const load = (gives: Type, what: string): Instruction => unary(gives, `load_${what}(m + $0 + $nu)`)
const store = (what: string): Instruction => ({ takes: 2, gives: null, text: `store_${what}(m + $0 + $nu, $1)` })

const MEMORY = byCode<keyof typeof codes.MEMORY>(codes.MEMORY, {
  'i32.load': load('u32', 'u32'),
  'i64.load': load('u64', 'u64'),
  'f32.load': load('f32', 'f32'),
  'f64.load': load('f64', 'f64'),
  'i32.load8_u': load('u32', 'u8'),
  'i32.load16_u': load('u32', 'u16'),
  'i32.store': store('u32'),
  'f32.store': store('f32'),
  'f64.store': store('f64'),
  'i32.store8': store('u8'),
  'i32.store16': store('u16'),
})

const VECTOR_MEMORY = byCode<keyof typeof codes.VECTOR_MEMORY>(codes.VECTOR_MEMORY, {
  'v128.load': load('v128', 'v128'),
  'v128.load8_splat': load('v128', 'splat8'),
  'v128.load32_splat': load('v128', 'splat32'),
  'v128.load64_splat': load('v128', 'splat64'),
  'v128.store': store('v128'),
})

const lanes = (type: string, sign: string): Instruction => binary('v128', `(v128)((${type})$0 ${sign} (${type})$1)`)

const VECTOR = byCode<keyof typeof codes.VECTOR>(codes.VECTOR, {
  'i8x16.gt_s': lanes('s8x16', '>'),
  'v128.and': lanes('v128', '&'),
  'i8x16.sub': lanes('v128', '-'),
  'i8x16.max_u': binary('v128', 'max_u8($0, $1)'),
  'f32x4.add': lanes('f32x4', '+'),
  'f32x4.mul': lanes('f32x4', '*'),
  'f32x4.pmax': binary('v128', 'chosen((v128)((f32x4)$0 < (f32x4)$1), $1, $0)'),
  'f64x2.add': lanes('f64x2', '+'),
  'f64x2.mul': lanes('f64x2', '*'),
  'f64x2.pmax': binary('v128', 'chosen((v128)((f64x2)$0 < (f64x2)$1), $1, $0)'),
})

const TRUNCATED: Readonly<Record<number, Instruction>> = {
  0: unary('u32', 'truncated((f64)$0)'),
  2: unary('u32', 'truncated($0)'),
}

const COPY: Instruction = { takes: 3, gives: null, text: 'memmove(m + $0, m + $1, $2)' }

const HEAD = `#include <float.h>
#include <stdint.h>
#include <string.h>
#if !defined(__GNUC__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || FLT_EVAL_METHOD != 0
#error "needs GCC or Clang, little-endian, and arithmetic in the type of its operands"
#endif
#define API __attribute__((visibility("default")))
typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef float f32;
typedef double f64;
typedef uint8_t v128 __attribute__((vector_size(16)));
typedef int8_t s8x16 __attribute__((vector_size(16)));
typedef float f32x4 __attribute__((vector_size(16)));
typedef double f64x2 __attribute__((vector_size(16)));
#define LOAD(name, kept, given) static inline given load_##name(const u8 *at) { kept value; memcpy(&value, at, sizeof value); return value; }
#define STORE(name, kept, given) static inline void store_##name(u8 *at, given what) { const kept value = (kept)what; memcpy(at, &value, sizeof value); }
LOAD(u8, uint8_t, u32) LOAD(u16, uint16_t, u32) LOAD(u32, u32, u32) LOAD(u64, u64, u64) LOAD(f32, f32, f32) LOAD(f64, f64, f64) LOAD(v128, v128, v128)
STORE(u8, uint8_t, u32) STORE(u16, uint16_t, u32) STORE(u32, u32, u32) STORE(f32, f32, f32) STORE(f64, f64, f64) STORE(v128, v128, v128)
static inline v128 load_splat8(const u8 *at) { const u8 x = *at; return (v128){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
static inline v128 load_splat32(const u8 *at) { const f32 x = load_f32(at); return (v128)(f32x4){x, x, x, x}; }
static inline v128 load_splat64(const u8 *at) { const f64 x = load_f64(at); return (v128)(f64x2){x, x}; }
static inline v128 chosen(v128 where, v128 yes, v128 no) { return (where & yes) | (~where & no); }
static inline v128 max_u8(v128 a, v128 b) { return chosen((v128)(a > b), a, b); }
static inline f32 bits_f32(u32 bits) { f32 value; memcpy(&value, &bits, sizeof value); return value; }
static inline f64 bits_f64(u64 bits) { f64 value; memcpy(&value, &bits, sizeof value); return value; }
static inline u32 truncated(f64 x) {
  return x != x ? 0 : x <= -2147483648.0 ? 0x80000000u : x >= 2147483647.0 ? 0x7fffffffu : (u32)(int32_t)x;
}
`
