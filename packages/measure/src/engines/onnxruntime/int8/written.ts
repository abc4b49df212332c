// What of quantization a graph holds as it is written, whatever the engine makes of it.
import { graphsWithin } from '@whyslow/graph/neighbours.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { isDequantize, isQuantize } from './conversion.ts'
import { INT8_OPERATORS } from './int8-kernels.ts'

/** Numbers of nodes, and of float16 constants. */
export interface WrittenQuantization {
  /** QuantizeLinear and DequantizeLinear. */
  readonly conversions: number
  /** MatMulInteger, ConvInteger. */
  readonly integerProducts: number
  /** Operators that take and give integers with their scales: QLinearConv, QGemm … */
  readonly quantizedOperators: number
  /** Products with weights of some bits: MatMulNBits … */
  readonly fewBitProducts: number
  readonly float16Constants: number
}

const INTEGER_PRODUCTS = new Set(['MatMulInteger', 'ConvInteger', 'MatMulInteger16'])
const FEW_BITS = new Set(['MatMulNBits', 'MatMulBnb4', 'GatherBlockQuantized'])

export function writtenQuantization(graph: GraphView): WrittenQuantization {
  const graphs = graphsWithin(graph)
  const nodes = graphs.flatMap((one) => one.nodes)
  const count = (is: (node: (typeof nodes)[number]) => boolean) => nodes.filter(is).length
  const other = ({ opType }: { opType: string }) =>
    INT8_OPERATORS.has(opType) && !INTEGER_PRODUCTS.has(opType) && !FEW_BITS.has(opType) && opType !== 'NhwcMaxPool'
  const constants = graphs.flatMap((one) => Object.values(one.constants))
  return {
    conversions: count((node) => isQuantize(node) || isDequantize(node)),
    integerProducts: count(({ opType }) => INTEGER_PRODUCTS.has(opType)),
    quantizedOperators: count(other),
    fewBitProducts: count(({ opType }) => FEW_BITS.has(opType)),
    float16Constants: constants.filter(({ dtype, shape }) => dtype === 'float16' && shape.length > 0).length,
  }
}

/** False for a model in float32, and for one whose weights alone are float16. */
export function isQuantized({ conversions, integerProducts, quantizedOperators, fewBitProducts }: WrittenQuantization): boolean {
  return conversions + integerProducts + quantizedOperators + fewBitProducts > 0
}
