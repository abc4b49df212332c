// Layer and RMS normalization written out in pieces, put together again in the forms that the engine's own fusion misses: squares by
// Mul, a reciprocal of the root, the root by Pow, scale before the product (Keras) or the quotient, no scale or bias, casts to the type that is there.
// y = (x - mean) / sqrt(variance + epsilon) * scale + bias: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html; the engine's
// fusion: onnxruntime/core/optimizer/layer_norm_fusion.cc. ONNX Runtime also takes LayerNormalization below opset 17, and
// SimplifiedLayerNormalization (RMS), both in ai.onnx.

import { floatTensor, node } from '@whyslow/graph/build.ts'
import { findNorm, type NormPattern } from '@whyslow/graph/patterns/norm.ts'
import { isClosed, type Matching, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { TensorProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy, savingOfFusing } from '../kit/rewriting.ts'
import { countRun, isUnfused } from '../kit/unfused.ts'

export const fuseLayerNorm = defineRemedy(
  rewritingRemedy({
    id: 'fuse-layer-norm',
    title: 'Layer normalization written in pieces becomes one operator',
    treats: ['slow-normalization', 'unfused-operators', 'memory-bound-operators', 'dispatch-overhead'],
    effect: 'rounding',
    find: (matching, fresh, evidence) =>
      matching.graph.node.flatMap((add) => {
        const norm = findNorm(matching, add)
        return norm !== undefined && isUnfused(evidence, norm.anchor) ? (fuse(matching, norm, fresh) ?? []) : []
      }),
    changes({ replaced }) {
      const made = replaced.flatMap(({ add }) => add ?? [])
      return ['LayerNormalization', 'SimplifiedLayerNormalization'].flatMap((opType) => {
        const fused = made.filter((one) => one.opType === opType).length
        return fused === 0 ? [] : [`${count(fused, opType)} instead of ${count(partsOf(replaced, opType), 'node')}`]
      })
    },
    saving: savingOfFusing,
    took: (executed, { replaced }) => countRun(executed, /LayerNorm|RMSNorm/) >= replaced.length,
  }),
)

function partsOf(replaced: readonly Replacement[], opType: string): number {
  const same = replaced.filter(({ add }) => add?.[0]?.opType === opType)
  return same.reduce((sum, { parts }) => sum + parts.length, 0)
}

function fuse(matching: Matching, norm: NormPattern, fresh: (hint: string) => string): Replacement | undefined {
  const { x, centred, epsilon, parts, last } = norm
  const result = last.output[0]!
  if (!isClosed(matching, parts, [result])) return undefined
  const width = widthOf(matching, norm)
  if (width === undefined) return undefined
  const added: TensorProto[] = []
  const vector = (name: string | undefined, otherwise: number): string | undefined => {
    const constant = matching.constant(name)
    if (constant?.shape.length === 1 && constant.shape[0] === width) return name
    const values = name === undefined ? [otherwise] : matching.numbers(name)
    if (values === undefined || (values.length !== 1 && values.length !== width)) return undefined
    const made = fresh(`${result}_${otherwise === 1 ? 'scale' : 'bias'}`)
    added.push(
      floatTensor(
        made,
        [width],
        Array.from({ length: width }, (_, k) => values[values.length === 1 ? 0 : k]!),
      ),
    )
    return made
  }
  const scale = vector(norm.scale, 1)
  const bias = norm.bias === undefined ? '' : vector(norm.bias, 0)
  // RMS normalization has no bias: the sum stays a node of its own.
  if (scale === undefined || bias === undefined) return undefined
  const attributes = { axis: -1, epsilon: { float: epsilon } }
  const name = last.name || result
  if (centred) {
    const inputs = bias === '' ? [x, scale] : [x, scale, bias]
    return {
      parts: [...parts],
      remove: parts,
      addInitializers: added,
      add: [node({ opType: 'LayerNormalization', name }, inputs, [result], attributes)],
    }
  }
  const inner = bias === '' ? result : fresh(`${result}_normalized`)
  const simplified = node(
    { opType: 'SimplifiedLayerNormalization', name: bias === '' ? name : fresh(`${name}_normalized`) },
    [x, scale],
    [inner],
    attributes,
  )
  const sum = bias === '' ? [] : [node({ opType: 'Add', name }, [inner, bias], [result])]
  return { parts: [...parts], remove: parts, addInitializers: added, add: [simplified, ...sum] }
}

/** The last dimension of x: as known, else as the scale and the bias have it; undefined if they do not agree or broaden x. */
function widthOf({ shape, constant }: Matching, { x, scale, bias }: NormPattern): number | undefined {
  const sizes = shape(x)
  const known = sizes?.at(-1)
  const constants = [scale, bias].flatMap((name) => constant(name) ?? [])
  const widths = new Set(constants.filter(({ elementCount }) => elementCount > 1).map((one) => one.shape.at(-1)!))
  const width = typeof known === 'number' ? known : [...widths][0]
  if (width === undefined || [...widths].some((one) => one !== width)) return undefined
  const fits = constants.every((one) => {
    if (one.dtype !== 'float32' || (one.elementCount !== 1 && one.elementCount !== width)) return false
    return one.shape.length <= 1 || (sizes !== undefined && one.shape.length <= sizes.length)
  })
  return fits ? width : undefined
}
