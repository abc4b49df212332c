// Nodes that become one operator together: what belongs to a GELU, a norm or attention must keep its form until then.
import type { NodeProto } from 'onnx-buf'
import { findAttention } from '../patterns/attention.ts'
import { findGelu } from '../patterns/gelu.ts'
import { findNorm } from '../patterns/norm.ts'
import type { Matching } from './match.ts'

export function nodesOfPatterns(matching: Matching): Set<NodeProto> {
  return new Set(
    matching.graph.node.flatMap((one) => {
      const patterns = [findGelu(matching, one), findNorm(matching, one), findAttention(matching, one)]
      return patterns.flatMap((pattern) => [...(pattern?.parts ?? [])])
    }),
  )
}
