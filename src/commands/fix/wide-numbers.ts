// Models for which an engine that computes numbers of 64 bits in 32 would give other numbers, told from the graph. Ids, masks and sizes, which
// is what whole numbers in models are as a rule, fit; inputs that do not are refused when they come (engines/openvino/wide-numbers.ts).
import type { GraphView } from '../../graph/types.ts'

const MOST = 2 ** 31 - 1
/** A factor from here on takes the product of two such beyond 32 bits. */
const LARGE_FACTOR = 46_341
const WHOLE = new Set(['int64', 'uint64', 'uint32'])
/** By their bits: hashes. */
const BITWISE = new Set(['BitShift', 'BitwiseAnd', 'BitwiseOr', 'BitwiseXor', 'BitwiseNot'])
/** Of others, such as the ends of slices, a number beyond 32 bits means as far as it goes. */
const COMPUTES = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Mod',
  'Pow',
  'Equal',
  'Greater',
  'GreaterOrEqual',
  'Less',
  'LessOrEqual',
  'Where',
])

/** The node that computes with whole numbers beyond 32 bits, or may; undefined: none is seen. */
export function wideNode({ nodes, constants, types, inputs }: GraphView): string | undefined {
  const dtypeOf = (value: string) =>
    constants[value]?.dtype ?? types[value]?.dtype ?? inputs.find(({ name }) => name === value)?.dtype ?? null
  const isWhole = (value: string) => WHOLE.has(dtypeOf(value) ?? '')
  return nodes.find(({ opType, domain, inputs: read, outputs }) => {
    if (domain !== '') return false
    if (BITWISE.has(opType)) return [...read, ...outputs].some(isWhole)
    if (!COMPUTES.has(opType)) return false
    const limit = opType === 'Mul' ? LARGE_FACTOR : MOST
    return read.some((value) => isWhole(value) && constants[value]?.values?.some((x) => Math.abs(x) > limit))
  })?.name
}

/** float64 at an end: its digits beyond float32's are what the caller sees. */
export const hasDoubleEnds = ({ inputs, outputs }: GraphView): boolean =>
  [...inputs, ...outputs].some(({ dtype }) => dtype === 'float64')
