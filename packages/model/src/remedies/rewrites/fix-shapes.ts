// Free dimensions of the inputs fixed to the sizes fed. The engine then knows every shape when it loads: shape arithmetic is folded,
// and memory is planned once. Branches that sizes decide are taken without asking. onnxruntime-node ignores `freeDimensionOverrides`, so that the model itself is changed.
// Dimensions: https://github.com/onnx/onnx/blob/main/docs/IR.md#static-tensor-shapes
import { create } from '@bufbuild/protobuf'
import { isConstantNode } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { withGraph } from '@whyslow/graph/edit.ts'
import { withKnownBranches } from '@whyslow/graph/rewrite/known-branches.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { declaration } from '@whyslow/graph/view.ts'
import { readsOf } from '@whyslow/graph/walk.ts'
import { type GraphProto, TensorShapeProto_DimensionSchema, type ValueInfoProto } from 'onnx-buf'
import { defineRemedy, type RemedyInput, rewriteProposal } from '../kit/remedy.ts'
import { savingByRemoving } from '../kit/unfused.ts'

const TREATS = ['dispatch-overhead', 'unfused-operators', 'cold-start']

export const fixShapes = defineRemedy({
  id: 'fix-shapes',
  title: 'Free dimensions are fixed to the sizes fed',
  treats: TREATS,
  effect: 'exact',
  kind: 'rewrite',
  goals: ['latency', 'throughput', 'load-time', 'memory'],
  apply(setup, evidence) {
    const { graph } = setup.model.proto
    // With several samples in a prediction, the sizes fed are no longer those of the evidence.
    if (!evidence.constraints.fixShapes || graph === undefined || setup.batchFactor !== 1) return []
    const fed = new Map(evidence.inputs.map((input) => [input.name, input]))
    const sizes = symbolSizes(graph, fed)
    const input = graph.input.map((one) => fixed(one, sizes, fed.get(one.name)?.shape))
    const changes = graph.input.flatMap((one, index) => (input[index] === one ? [] : [sayShape(input[index]!)]))
    if (changes.length === 0) return []
    const others = (list: readonly ValueInfoProto[]) => list.map((one) => fixed(one, sizes))
    const changed = copyWith(graph, { input, output: others(graph.output), valueInfo: others(graph.valueInfo) })
    const model = withGraph(setup.model, changed)
    const known = withKnownBranches(model)
    const taken = known && `${count(known.replaced.length, 'If')} replaced by the branch that these sizes take`
    return rewriteProposal(setup, {
      model: known?.model ?? model,
      changes: taken ? [...changes, taken] : changes,
      predictedSavingMs: savingByRemoving(evidence, TREATS, shapeArithmetic(graph)),
      took: ({ inputs }) => inputs.every(({ shape }) => shape?.every((size) => typeof size === 'number') ?? true),
    })
  },
})

/** Symbols that every input which bears them was fed in one size. */
function symbolSizes(graph: GraphProto, fed: ReadonlyMap<string, RemedyInput>): Map<string, number> {
  const seen = new Map<string, Set<number>>()
  for (const info of graph.input) {
    const { shape } = declaration(info)
    const as = fed.get(info.name)?.shape
    if (as === undefined || shape?.length !== as.length) continue
    shape.forEach((size, axis) => {
      if (typeof size === 'string') seen.set(size, new Set([...(seen.get(size) ?? []), as[axis]!]))
    })
  }
  return new Map([...seen].flatMap(([symbol, sizes]) => (sizes.size === 1 ? [[symbol, [...sizes][0]!] as const] : [])))
}

/** The declaration with symbols replaced by their sizes, and free dimensions by those of `as`. The same object if it has none. */
function fixed(info: ValueInfoProto, sizes: ReadonlyMap<string, number>, as?: readonly number[]): ValueInfoProto {
  const tensor = info.type?.value.case === 'tensorType' ? info.type.value.value : undefined
  const declared = declaration(info).shape
  if (tensor?.shape === undefined || declared === null || (as !== undefined && as.length !== declared.length)) return info
  const dim = tensor.shape.dim.map((one, axis) => {
    const said = declared[axis]!
    if (typeof said === 'number') return one
    const size = as?.[axis] ?? (said === null ? undefined : sizes.get(said))
    if (size === undefined) return one
    return create(TensorShapeProto_DimensionSchema, {
      value: { case: 'dimValue', value: BigInt(size) },
      denotation: one.denotation,
    })
  })
  if (dim.every((one, axis) => one === tensor.shape!.dim[axis])) return info
  const value = { case: 'tensorType' as const, value: copyWith(tensor, { shape: copyWith(tensor.shape, { dim }) }) }
  return copyWith(info, { type: copyWith(info.type!, { value }) })
}

function sayShape(info: ValueInfoProto): string {
  return `input '${info.name}' takes ${declaration(info).shape!.join('x')} only`
}

/** Nodes that work on shapes and constants alone: with all shapes known they are computed at load. */
function shapeArithmetic(graph: GraphProto) {
  const known = new Set(graph.initializer.map(({ name }) => name))
  return graph.node.filter((node) => {
    const onShapes = node.opType === 'Shape' || node.opType === 'Size'
    if (!onShapes && !isConstantNode(node) && (node.input.length === 0 || !readsOf(node).every((name) => known.has(name)))) {
      return false
    }
    for (const name of node.output) known.add(name)
    return true
  })
}
