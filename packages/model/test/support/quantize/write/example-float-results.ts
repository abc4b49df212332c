// Models whose convolutions and products read static int8 and give floats, as OpenVINO is given them.
import type { Model } from '@whyslow/graph/model.ts'
import { quantizableNodes } from '../../../../src/quantize/write/quantizable.ts'
import { quantize } from '../../../../src/quantize/write/quantize.ts'
import { observedRanges } from './check-quantize.ts'
import { here } from './example-options.ts'
import { plain } from './example-static.ts'

/** Convolutions and products alone. */
export async function withFloatResults(model: Model) {
  const nodes = quantizableNodes(model).filter(({ opType }) => ['Conv', 'Gemm', 'MatMul'].includes(opType))
  const layers = new Map(nodes.map((one) => [one.node, 'static' as const]))
  const ranges = await observedRanges(model, [plain])
  const inputs = new Map([...ranges].filter(([name]) => nodes.some(({ activationsIn }) => activationsIn.includes(name))))
  return quantize(model, { layers, ranges: inputs, options: { ...here, results: 'float' } })
}
