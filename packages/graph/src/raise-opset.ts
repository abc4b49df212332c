// A model written for an older version of ai.onnx, written for a newer one: what QuantizeLinear per axis, DynamicQuantizeLinear and
// integer kernels ask for. From version 7 (broadcasting as numpy does it) up to 13. What changed from version to version:
// https://github.com/onnx/onnx/blob/main/docs/Changelog.md; each change that alters a node's meaning has its entry below, operators
// whose newer versions only take more types stay unchanged.

import { create } from '@bufbuild/protobuf'
import { type GraphProto, type NodeProto, OperatorSetIdProtoSchema } from 'onnx-buf'
import { attributeView } from './attributes.ts'
import { attribute, floatTensor, int64Tensor, node as makeNode } from './build.ts'
import { copyWith } from './copy.ts'
import { freshNames, mapSubgraphs, withGraph } from './edit.ts'
import type { Model } from './model.ts'
import type { AttributeView, ValueDeclaration } from './types.ts'
import { declaration } from './view.ts'

/** The oldest version that can be raised, and the newest that it can be raised to. */
const RAISED_FROM = 7
const RAISED_TO = 13

export type Raised =
  | { readonly model: Model; readonly reason?: undefined }
  | { readonly model?: undefined; readonly reason: string }

/**
 * The model at `opset` or above it; the same model if it is there already. A reason if that cannot be: an operator whose new
 * form cannot be told without running it, or a version out of reach.
 */
export function raiseOpset(model: Model, opset: number): Raised {
  const { graph, opsetImport } = model.proto
  const imported = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')
  const from = Number(imported?.version ?? 1n)
  if (from >= opset) return { model }
  if (from < RAISED_FROM || opset > RAISED_TO) return { reason: `opset ${from} cannot be raised to ${opset}` }
  if (graph === undefined) return { reason: 'it holds no graph' }
  const fresh = freshNames(graph)
  const problems: string[] = []
  const raised = raiseGraph(graph, { from, to: opset, fresh, refuse: (problem) => problems.push(problem) })
  if (problems.length > 0) return { reason: `opset ${from} cannot be raised to ${opset}: ${problems[0]}` }
  const others = opsetImport.filter((one) => one !== imported)
  const version = create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opset) })
  const proto = copyWith(model.proto, { opsetImport: [version, ...others] })
  return { model: withGraph({ ...model, proto }, raised) }
}

interface Step {
  readonly from: number
  readonly to: number
  readonly fresh: (hint: string) => string
  readonly refuse: (problem: string) => void
}

function raiseGraph(graph: GraphProto, step: Step): GraphProto {
  const declared = new Map([...graph.input, ...graph.valueInfo, ...graph.output].map((info) => [info.name, declaration(info)]))
  const node = graph.node.flatMap((one) =>
    raiseNode(
      mapSubgraphs(one, (inner) => raiseGraph(inner, step)),
      step,
      declared,
    ),
  )
  return copyWith(graph, { node })
}

type Change = (site: {
  readonly node: NodeProto
  readonly attributes: ReadonlyMap<string, AttributeView>
  readonly step: Step
  readonly declared: ReadonlyMap<string, ValueDeclaration>
}) => readonly NodeProto[]

function raiseNode(node: NodeProto, step: Step, declared: ReadonlyMap<string, ValueDeclaration>): readonly NodeProto[] {
  if (node.domain !== '' && node.domain !== 'ai.onnx') return [node]
  let nodes: readonly NodeProto[] = [node]
  for (const [opType, version, change] of CHANGES) {
    if (version <= step.from || version > step.to) continue
    nodes = nodes.flatMap((one) =>
      one.opType === opType ? change({ node: one, attributes: attributesOf(one), step, declared }) : [one],
    )
  }
  return nodes
}

function attributesOf(node: NodeProto): ReadonlyMap<string, AttributeView> {
  return new Map(node.attribute.flatMap((one) => [[one.name, attributeView(one) ?? null] as const]))
}

const without = (node: NodeProto, ...names: readonly string[]): NodeProto =>
  copyWith(node, { attribute: node.attribute.filter(({ name }) => !names.includes(name)) })

const ints = (value: AttributeView | undefined): readonly number[] | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === 'number') ? value : undefined

/** An attribute of integers that became an input. */
const asInput =
  (name: string, index: number): Change =>
  ({ node, attributes, step }) => {
    const values = ints(attributes.get(name))
    if (values === undefined) return [node]
    return withInputs(without(node, name), step, [[index, values]])
  }

/** The largest int64, which means 'to the end', is read as a number just above it. */
const int64 = (value: number): bigint => (value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(value))

/** The node with integer constants as inputs; in the subgraph that it is in, so as `Constant` nodes. */
function withInputs(node: NodeProto, { fresh }: Step, constants: readonly (readonly [number, readonly number[]])[]): NodeProto[] {
  const input = [...node.input]
  const added = constants.map(([index, values]) => {
    const name = fresh(`${node.output[0]}_input_${index}`)
    while (input.length < index) input.push('')
    input[index] = name
    return makeNode({ opType: 'Constant', name }, [], [name], { value: int64Tensor('', [values.length], values.map(int64)) })
  })
  return [...added, copyWith(node, { input })]
}

/** An attribute that became an input of the type of the first: float32, or refused. */
function scalar(value: number, hint: string, { node, step, declared }: Parameters<Change>[0]) {
  const dtype = declared.get(node.input[0]!)?.dtype ?? declared.get(node.output[0]!)?.dtype ?? 'float32'
  if (dtype !== 'float32') step.refuse(`${node.opType} of ${dtype}`)
  const name = step.fresh(hint)
  return { name, node: makeNode({ opType: 'Constant', name }, [], [name], { value: floatTensor('', [], [value]) }) }
}

const slice: Change = ({ node, attributes, step }) => {
  const [starts, ends] = [ints(attributes.get('starts')), ints(attributes.get('ends'))]
  if (starts === undefined || ends === undefined) return [node]
  const axes = ints(attributes.get('axes')) ?? starts.map((_, axis) => axis)
  return withInputs(without(node, 'starts', 'ends', 'axes'), step, [
    [1, starts],
    [2, ends],
    [3, axes],
  ])
}

const clip: Change = (site) => {
  const { node, attributes } = site
  const [min, max] = [attributes.get('min'), attributes.get('max')]
  const added: NodeProto[] = []
  const input = [node.input[0]!]
  for (const [index, value] of [min, max].entries()) {
    if (typeof value !== 'number') continue
    const constant = scalar(value, `${node.output[0]}_${index === 0 ? 'min' : 'max'}`, site)
    added.push(constant.node)
    while (input.length <= index) input.push('')
    input[index + 1] = constant.name
  }
  return [...added, copyWith(without(node, 'min', 'max'), { input })]
}

const pad: Change = (site) => {
  const { node, attributes, step } = site
  const pads = ints(attributes.get('pads'))
  const value = attributes.get('value')
  if (pads === undefined) return [node]
  const raised = withInputs(without(node, 'pads', 'value'), step, [[1, pads]])
  if (typeof value !== 'number' || value === 0) return raised
  const constant = scalar(value, `${node.output[0]}_value`, site)
  const last = raised.at(-1)!
  return [constant.node, ...raised.slice(0, -1), copyWith(last, { input: [...last.input, constant.name] })]
}

const topK: Change = ({ node, attributes, step }) => {
  const k = attributes.get('k')
  return typeof k === 'number' ? withInputs(without(node, 'k'), step, [[1, [k]]]) : [node]
}

/** Prediction drops nothing. The mask was of the input's type before it was bool. */
const dropout: Change = ({ node, step }) => {
  if (step.from < 10 && (node.output[1] ?? '') !== '') step.refuse('Dropout that gives its mask')
  return [without(node, 'ratio')]
}

const batchNormalization: Change = ({ node, attributes, step }) => {
  if (attributes.get('spatial') === 0) step.refuse('BatchNormalization with parameters per element')
  return [without(node, 'spatial')]
}

const upsampleScales: Change = ({ node, attributes, step }) => {
  const scales = attributes.get('scales')
  if (!Array.isArray(scales)) return [node]
  const name = step.fresh(`${node.output[0]}_scales`)
  const value = floatTensor('', [scales.length], scales as number[])
  const constant = makeNode({ opType: 'Constant', name }, [], [name], { value })
  return [constant, copyWith(without(node, 'scales'), { input: [node.input[0]!, name] })]
}

/** Resize took over from Upsample, with the same two inputs until 11. */
const upsample: Change = ({ node }) => [copyWith(node, { opType: 'Resize' })]

/** Opset 11 adds a region of interest, and gives the old way of placing pixels a name. */
const resize: Change = ({ node, attributes }) => {
  const mode = attributes.get('mode') ?? 'nearest'
  return [
    copyWith(node, {
      input: [node.input[0]!, '', node.input[1]!],
      attribute: [
        ...node.attribute.filter(({ name }) => name !== 'mode'),
        attribute('mode', String(mode)),
        attribute('coordinate_transformation_mode', 'asymmetric'),
        attribute('nearest_mode', 'floor'),
      ],
    }),
  ]
}

const scatter: Change = ({ node }) => [copyWith(node, { opType: 'ScatterElements' })]

/** Until 12 over all axes from `axis` (1 by default) on as if they were one; since then over `axis` alone (the last by default). */
const softmax: Change = ({ node, attributes, step, declared }) => {
  const axis = typeof attributes.get('axis') === 'number' ? (attributes.get('axis') as number) : 1
  const rank = (declared.get(node.input[0]!)?.shape ?? declared.get(node.output[0]!)?.shape)?.length
  const asLast = [copyWith(without(node, 'axis'), { attribute: [...without(node, 'axis').attribute, attribute('axis', -1)] })]
  if (axis === -1 || (rank !== undefined && axis === rank - 1)) return asLast
  const { fresh } = step
  const [input, output] = [node.input[0]!, node.output[0]!]
  const [shape, flat, soft] = [fresh(`${output}_shape`), fresh(`${output}_flat`), fresh(`${output}_soft`)]
  return [
    makeNode({ opType: 'Shape', name: shape }, [input], [shape]),
    makeNode({ opType: 'Flatten', name: flat }, [input], [flat], { axis }),
    copyWith(asLast[0]!, { input: [flat], output: [soft] }),
    makeNode({ opType: 'Reshape', name: fresh(`${output}_reshape`) }, [soft, shape], [output]),
  ]
}

const refused =
  (what: string): Change =>
  ({ node, step }) => {
    step.refuse(`${node.opType} ${what}`)
    return [node]
  }

/** Operator, the version that changed it, and how; in the order of versions. */
const CHANGES: readonly (readonly [string, number, Change])[] = [
  ['Upsample', 9, upsampleScales],
  ['BatchNormalization', 9, batchNormalization],
  ['Scan', 9, refused('is another operator before opset 9')],
  ['Upsample', 10, upsample],
  ['Slice', 10, slice],
  ['TopK', 10, topK],
  ['Resize', 11, resize],
  ['Clip', 11, clip],
  ['Pad', 11, pad],
  ['Scatter', 11, scatter],
  ['Dropout', 12, dropout],
  ['Squeeze', 13, asInput('axes', 1)],
  ['Unsqueeze', 13, asInput('axes', 1)],
  ['ReduceSum', 13, asInput('axes', 1)],
  ['Split', 13, asInput('split', 1)],
  ['Softmax', 13, softmax],
  ['LogSoftmax', 13, softmax],
  ['Hardmax', 13, softmax],
]
