// Recorded operators joined with the nodes of the same model. A node's name joins it where the recording has it (ONNX Runtime). Otherwise both
// are laid side by side in their order, so that the fit is best in all: an operator fits a node that does the same work (operator-classes.ts)
// on numbers of the same shapes. What a shape contradicts is never joined. What is left is joined by shapes alone, where only one fits; then
// nodes that an operator's longer form in ONNX consists of go to it, and neighbours that were turned round are found.
import { broadcastAxes } from '@whyslow/graph/broadcast.ts'
import type { RecordedCall } from './facts.ts'
import { classOf, doesAlso, isLayout, type OperatorClass } from './operator-classes.ts'

/** A number, a product of symbols ('12*batch'), or not known. */
export type Dimension = number | string | undefined
export type Shape = readonly Dimension[]

/** A node of a model, in the order of the model. */
export interface ModelNode {
  readonly name: string
  readonly opType: string
  readonly attributes: Readonly<Record<string, unknown>>
  /** Shape of each input; undefined: not known. */
  readonly inputs: readonly (Shape | undefined)[]
  readonly outputs: readonly (Shape | undefined)[]
  readonly constants: readonly boolean[]
  /** Indices of nodes that make what it reads, or read what it makes. */
  readonly beside: readonly number[]
  /** It computes shapes, no numbers of the model. */
  readonly ofShapes: boolean
}

export type JoinedBy = 'name' | 'shapes and order' | 'shapes' | 'order'

export interface Join {
  /** Index of the call. */
  readonly call: number
  /** Index of the node. */
  readonly node: number
  /** Others that the same call does. */
  readonly also: readonly number[]
  readonly by: JoinedBy
}

export interface Joins {
  readonly joins: readonly Join[]
  /** What the model's symbols were in the recording, as far as joined shapes tell. */
  readonly sizes: Readonly<Record<string, number>>
}

/** Cells of the table beyond which nothing is aligned: 10,000 nodes and as many operators. */
const MOST_CELLS = 1e8
const MOST_ALSO = 16

export function joinCalls(calls: readonly RecordedCall[], nodes: readonly ModelNode[]): Joins {
  const classes = calls.map(({ name, opType }) => classOf(name, opType))
  const candidates = nodes.flatMap((node, at) => (node.ofShapes || isLayout(node.opType) ? [] : [at]))
  const named = byName(calls, nodes)
  const known = [...calls.keys()].filter((at) => classes[at] !== undefined)
  const free = without(named, { calls: known, nodes: candidates })
  if (free.calls.length * free.nodes.length > MOST_CELLS) return { joins: withAlso(named, { calls, nodes, classes }), sizes: {} }
  const fitAt = (sizes: Sizes) => (call: number, node: number) => fits(calls[call]!, classes[call]!, nodes[node]!, sizes)
  // Symbols are free at first; what most joined shapes say they were holds then.
  const first = aligned(free, fitAt({}))
  const sizes = sizesTold([...named, ...first], calls, nodes)
  const inOrder = aligned(free, fitAt(sizes))
  const joined = withAlso([...named, ...inOrder, ...alone(free, inOrder, fitAt(sizes))], { calls, nodes, classes })
  const joins = [...joined, ...swapped({ free, nodes, joined }, fitAt(sizes))].sort((a, b) => a.node - b.node)
  return { joins, sizes }
}

type Sizes = Readonly<Record<string, number>>
type Pair = Omit<Join, 'also'>

/** Indices of those that are not joined. */
interface Free {
  readonly calls: readonly number[]
  readonly nodes: readonly number[]
}

function without(joined: readonly Pair[], { calls, nodes }: Free): Free {
  const [doneCalls, doneNodes] = [new Set(joined.map(({ call }) => call)), new Set(joined.map(({ node }) => node))]
  return { calls: calls.filter((at) => !doneCalls.has(at)), nodes: nodes.filter((at) => !doneNodes.has(at)) }
}

function byName(calls: readonly RecordedCall[], nodes: readonly ModelNode[]): Pair[] {
  const index = new Map(nodes.map(({ name }, at) => [name, at]))
  const pairs: Pair[] = []
  for (const [call, { name, opType }] of calls.entries()) {
    const node = name === opType ? undefined : index.get(name)
    if (node === undefined || !isKin(opType, nodes[node]!.opType)) continue
    pairs.push({ call, node, by: 'name' })
    index.delete(name)
  }
  return pairs
}

/** One operator, or two that are known to do the same. */
const isKin = (a: string, b: string): boolean => a === b || (classOf('', a) !== undefined && classOf('', a) === classOf('', b))

/** The pairs, in the order of both, whose fits add up to most. */
function aligned({ calls, nodes }: Free, fitOf: (call: number, node: number) => Fit): Pair[] {
  const [rows, columns] = [calls.length, nodes.length]
  const width = columns + 1
  const scores = new Float32Array(2 * width)
  // 1: joined, 2: the call is left out, 3: the node is.
  const how = new Uint8Array((rows + 1) * width).fill(3)
  for (let row = 1; row <= rows; row++) {
    const [now, before] = row % 2 === 1 ? [width, 0] : [0, width]
    scores[now] = 0
    for (let column = 1; column <= columns; column++) {
      const left = scores[now + column - 1]!
      const above = scores[before + column]!
      const { score } = fitOf(calls[row - 1]!, nodes[column - 1]!)
      const both = score === 0 ? -1 : scores[before + column - 1]! + score
      const best = Math.max(left, above, both)
      scores[now + column] = best
      how[row * width + column] = both === best ? 1 : above === best ? 2 : 3
    }
  }
  const pairs: Pair[] = []
  for (let [row, column] = [rows, columns]; row > 0 && column > 0; ) {
    const step = how[row * width + column]!
    if (step === 1) {
      const [call, node] = [calls[row - 1]!, nodes[column - 1]!]
      pairs.push({ call, node, by: fitOf(call, node).byShape ? 'shapes and order' : 'order' })
    }
    if (step !== 3) row--
    if (step !== 2) column--
  }
  return pairs.reverse()
}

/** Branches may run in another order: of what is left, a call and a node that fit each other by shapes, and nothing else. */
function alone(free: Free, joined: readonly Pair[], fitOf: (call: number, node: number) => Fit): Pair[] {
  const { calls, nodes } = without(joined, free)
  const fitting = calls.map((call) => nodes.filter((node) => fitOf(call, node).byShape))
  return calls.flatMap((call, at): Pair[] => {
    const [node, ...others] = fitting[at]!
    const isOnly = node !== undefined && others.length === 0 && fitting.filter((one) => one.includes(node)).length === 1
    return isOnly ? [{ call, node, by: 'shapes' }] : []
  })
}

interface Neighbours {
  readonly free: Free
  readonly nodes: readonly ModelNode[]
  readonly joined: readonly Join[]
}

/**
 * Frameworks turn neighbours round where that is cheaper (TensorFlow pools before a relu): of what is left, a call next to a joined one, and
 * the only node that fits it next to that one's node.
 */
function swapped({ free, nodes, joined }: Neighbours, fitOf: (call: number, node: number) => Fit): Join[] {
  const left = without(joined, free)
  const done = new Set(joined.flatMap(({ also }) => also))
  const open = new Set(left.nodes.filter((node) => !done.has(node)))
  const nodeOf = new Map(joined.map(({ call, node }) => [call, node]))
  return left.calls.flatMap((call): Join[] => {
    const at = free.calls.indexOf(call)
    const next = [free.calls[at - 1], free.calls[at + 1]].flatMap((one) => nodeOf.get(one ?? -1) ?? [])
    const beside = new Set(next.flatMap((node) => nodes[node]!.beside))
    const [node, ...others] = [...beside].filter((one) => open.has(one) && fitOf(call, one).score > 0)
    if (node === undefined || others.length > 0) return []
    open.delete(node)
    return [{ call, node, also: [], by: fitOf(call, node).byShape ? 'shapes' : 'order' }]
  })
}

interface Fit {
  /** 0: they do not fit. */
  readonly score: number
  /** Some shape says so, none against it. */
  readonly byShape: boolean
}

const NO_FIT: Fit = { score: 0, byShape: false }
const UNSAID: Fit = { score: 1, byShape: false }
/** If no shape is known, rare work says more about the order than work that is everywhere. */
const UNSAID_RARE: Fit = { score: 2, byShape: false }
const RARE = new Set(['convolution', 'transposed-convolution', 'product', 'attention', 'lstm', 'gru'])
/** A size that is the same says more than a symbol that may be. */
const [SAME, OPEN] = [2, 1]

function fits(call: RecordedCall, work: OperatorClass, node: ModelNode, sizes: Sizes): Fit {
  if (!work.onnx.includes(node.opType)) return NO_FIT
  const pairs = comparedShapes(call, work, node)
  let score = 1
  let byShape = false
  for (const [recorded, told] of pairs) {
    const one = compared(recorded, told, sizes)
    if (one === undefined) return NO_FIT
    score += one
    byShape ||= one > 0
  }
  if (pairs.length > 0) return { score, byShape }
  return RARE.has(work.id) ? UNSAID_RARE : UNSAID
}

type ShapePair = readonly [recorded: readonly (number | undefined)[], told: Shape]

/** How well; undefined: they are not the same. */
function compared(recorded: ShapePair[0], told: Shape, sizes: Sizes): number | undefined {
  if (recorded.length !== told.length) return undefined
  let score = 0
  for (const [axis, size] of recorded.entries()) {
    const wanted = sizeOf(told[axis], sizes)
    if (size === undefined || told[axis] === undefined) continue
    if (wanted !== undefined && wanted !== size) return undefined
    score += wanted === undefined ? OPEN : SAME
  }
  return score
}

/** undefined: a symbol in it is free. */
export function sizeOf(told: Dimension, sizes: Sizes): number | undefined {
  if (typeof told === 'number' || told === undefined) return told
  let product = 1
  for (const part of told.split('*')) {
    const value = /^\d+$/.test(part) ? Number(part) : sizes[part]
    if (value === undefined) return undefined
    product *= value
  }
  return product
}

/** Shapes that must be the same where both are known. */
function comparedShapes({ shapes, opType }: RecordedCall, { id }: OperatorClass, node: ModelNode): ShapePair[] {
  const [a, b] = shapes ?? []
  const [x, w] = node.inputs
  const known = (recorded: readonly number[] | undefined, told: Shape | undefined): ShapePair[] =>
    recorded === undefined || recorded.length === 0 || told === undefined ? [] : [[recorded, told]]
  switch (id) {
    case 'product':
      return products(shapes ?? [], opType, node)
    case 'convolution':
    case 'transposed-convolution':
      return [...known(a, x), ...known(b, w)]
    case 'attention': {
      if (a?.length !== 4 || b?.length !== 4 || node.opType !== 'Softmax' || x?.length !== 4) return []
      return [[[a[0], a[1], a[2], b[2]], x]]
    }
    case 'add':
    case 'subtract':
    case 'multiply':
    case 'divide':
    case 'where': {
      const sizes = broadcastAxes(shapes ?? [])
      return sizes.length > 0 && sizes.every((size) => size !== undefined) ? known(sizes, node.outputs[0]) : []
    }
    case 'lookup':
      return [...known(a, x), ...known(b, w)]
    case 'lstm':
    case 'gru':
    case 'concatenate':
      return []
  }
  const data = node.constants.indexOf(false)
  return known(
    (shapes ?? []).find((shape) => shape.length > 0),
    node.inputs[Math.max(0, data)],
  )
}

/** Rows, inner and outer size of a product. PyTorch's linear and ONNX's Gemm may hold the second factor turned. */
function products(shapes: readonly (readonly number[])[], operator: string, node: ModelNode): ShapePair[] {
  const isShifted = /addmm|baddbmm|addmv/.test(operator)
  const [a, b] = isShifted ? shapes.slice(1) : shapes
  const [x, w] = node.inputs
  if (a === undefined || a.length === 0 || x === undefined || x.length === 0) return []
  const isTurned = /linear/.test(operator)
  const [turnedX, turnedW] = [node.attributes.transA === 1, node.attributes.transB === 1]
  const told = [...(turnedX ? [x[1], x[0]] : [rowsOf(x), x.at(-1)]), w && w.length > 1 ? w.at(turnedW ? -2 : -1) : undefined]
  const outer = b === undefined || b.length < 2 ? undefined : b.at(isTurned ? -2 : -1)
  return [[[rowsOf(a) as number, a.at(-1), outer], told]]
}

/** The product of all sizes but the last; undefined if one is not known. */
function rowsOf(shape: Shape): Dimension {
  const sizes = shape.slice(0, -1)
  if (sizes.some((size) => size === undefined)) return undefined
  const factor = sizes.reduce<number>((all, size) => (typeof size === 'number' ? all * size : all), 1)
  const symbols = sizes.filter((size) => typeof size === 'string')
  return symbols.length === 0 ? factor : [...(factor === 1 ? [] : [factor]), ...symbols].join('*')
}

/** The size of each symbol that most joined shapes agree on. */
function sizesTold(pairs: readonly Pair[], calls: readonly RecordedCall[], nodes: readonly ModelNode[]): Record<string, number> {
  const votes = new Map<string, Map<number, number>>()
  for (const { call, node } of pairs) {
    const work = classOf(calls[call]!.name, calls[call]!.opType)
    if (work === undefined) continue
    for (const [recorded, told] of comparedShapes(calls[call]!, work, nodes[node]!))
      for (const [axis, size] of recorded.entries()) vote(votes, told[axis], size)
  }
  return Object.fromEntries([...votes].map(([symbol, sizes]) => [symbol, [...sizes].sort((a, b) => b[1] - a[1])[0]![0]]))
}

/** 'batch', and '12*batch' where it comes out even. */
function vote(votes: Map<string, Map<number, number>>, told: Dimension, size: number | undefined): void {
  if (typeof told !== 'string' || size === undefined) return
  const parts = told.split('*')
  const symbols = parts.filter((part) => !/^\d+$/.test(part))
  const factor = parts.reduce((all, part) => (/^\d+$/.test(part) ? all * Number(part) : all), 1)
  const value = size / factor
  if (symbols.length !== 1 || !Number.isInteger(value) || value < 1) return
  const sizes = votes.get(symbols[0]!) ?? new Map<number, number>()
  votes.set(symbols[0]!, sizes)
  sizes.set(value, (sizes.get(value) ?? 0) + 1)
}

interface Sides {
  readonly calls: readonly RecordedCall[]
  readonly nodes: readonly ModelNode[]
  readonly classes: readonly (OperatorClass | undefined)[]
}

/** Neighbours of a joined node that its call also computes. Products first: a sum that follows one is its bias, and no part of what comes after. */
function withAlso(pairs: readonly Pair[], { calls, nodes, classes }: Sides): Join[] {
  const taken = new Set(pairs.map(({ node }) => node))
  const rank = ({ call }: Pair): number => (classes[call]?.id === 'product' ? 0 : 1)
  const joins = [...pairs]
    .sort((a, b) => rank(a) - rank(b))
    .map((pair): Join => {
      const work = classes[pair.call]
      const { name, opType } = calls[pair.call]!
      if (work === undefined) return { ...pair, also: [] }
      const also = reached(pair.node, nodes, doesAlso(work, name, opType), { taken, isBias: work.id === 'product' })
      for (const one of also) taken.add(one)
      return { ...pair, also }
    })
  return joins.sort((a, b) => a.node - b.node)
}

function reached(
  from: number,
  nodes: readonly ModelNode[],
  kinds: ReadonlySet<string>,
  { taken, isBias }: { readonly taken: ReadonlySet<number>; readonly isBias: boolean },
): number[] {
  const found: number[] = []
  const seen = new Set([from])
  for (let open = [from]; open.length > 0 && found.length < MOST_ALSO; ) {
    const next: number[] = []
    for (const at of open)
      for (const one of nodes[at]!.beside) {
        const { opType, constants, ofShapes } = nodes[one]!
        const isPart = kinds.has(opType) && !ofShapes && !(isBias && opType === 'Add' && (one < at || !constants.includes(true)))
        if (seen.has(one) || taken.has(one) || !isPart) continue
        seen.add(one)
        found.push(one)
        next.push(one)
      }
    // A bias is one node; what comes after it is another's.
    open = isBias && kinds.size === 1 ? [] : next
  }
  return found.sort((a, b) => a - b).slice(0, MOST_ALSO)
}
