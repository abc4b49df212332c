// A network of two convolutions, and the same marked with the ranges of these values.
import { node } from '@whyslow/graph/build.ts'
import { withMarkedRanges } from '../../../../src/quantize/write/marked.ts'
import { observedRanges } from './check-quantize.ts'
import { make, plain } from './example-static.ts'

export const network = make([
  node('Conv', ['x', 'point', 'conv_bias'], ['a']),
  node('Relu', ['a'], ['r']),
  node('Conv', ['r', 'conv'], ['y'], { pads: [1, 1, 1, 1] }),
])

export const marked = async (values: readonly string[]) =>
  withMarkedRanges(network, new Set(values), await observedRanges(network, [plain]))
