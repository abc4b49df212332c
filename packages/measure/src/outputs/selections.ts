// Which outputs come from one selection: the list of rows that TopK or NonMaxSuppression picks, what is gathered by its indices, and what
// operators that look at each row alone make of it. Rounding changes the order of such a list, and which rows stand at its end, so that
// its places mean nothing: what was selected does. Told from the graph alone.
//   scores:   the numbers by which rows were selected, as TopK carries them
//   index:    where the rows stood in what was selected from
//   position: computed from indices alone (x and y on a map)
//   gathered: all else that belongs to the rows
// If two selections meet in one list, it belongs to neither.
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'

export type SelectedRole = 'scores' | 'index' | 'position' | 'gathered'

export interface SelectedOutput {
  readonly name: string
  readonly role: SelectedRole
}

export interface Selection {
  /** The node that selects. */
  readonly node: string
  readonly by: 'TopK' | 'NonMaxSuppression'
  /** Rows selected, where the graph fixes how many. */
  readonly count: number | null
  /** Least score that NonMaxSuppression selects; null: not known, or none. */
  readonly threshold: number | null
  readonly outputs: readonly SelectedOutput[]
}

/** What is known of a value on the way from a selection to an output. */
interface Selected {
  readonly selection: Omit<Selection, 'outputs'>
  readonly role: SelectedRole
}

/** Passes on what it is given, row for row, or some columns or rows of it; other inputs say how. */
const PASSES = new Set([
  ...[
    'Identity',
    'Reshape',
    'Squeeze',
    'Unsqueeze',
    'Flatten',
    'Cast',
    'QuantizeLinear',
    'DequantizeLinear',
    'Transpose',
    'Expand',
  ],
  ...['Slice', 'Split', 'Pad', 'Tile', 'Compress', 'NonZero'],
])

/** What is gathered by its second input. */
const GATHERS = new Set(['Gather', 'GatherElements', 'GatherND'])

/** Computes each row from that row and constants. */
const COMPUTES = new Set([
  ...[
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Mod',
    'Pow',
    'Min',
    'Max',
    'Neg',
    'Abs',
    'Floor',
    'Ceil',
    'Round',
    'Sqrt',
    'Reciprocal',
    'Clip',
  ],
  ...['Exp', 'Log', 'Sigmoid', 'Tanh', 'Relu', 'LeakyRelu', 'HardSigmoid', 'Erf', 'Sin', 'Cos', 'Atan', 'Sum', 'Mean'],
  ...['Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Equal', 'Not', 'And', 'Or', 'Where', 'Concat'],
  ...['ArgMax', 'ArgMin', 'ReduceMax', 'ReduceMin', 'ReduceSum', 'ReduceMean', 'ReduceL2', 'Softmax', 'LayerNormalization'],
])

/** Products with constant weights take each row for itself. */
const PRODUCTS = new Set(['MatMul', 'Gemm'])

/** Selections of more than one row that reach outputs. */
export function selectionsOf(graph: GraphView): readonly Selection[] {
  const known = new Map<string, Selected>()
  // What NonMaxSuppression selects by, behind what only passes it on, and by which node.
  const scoresOf = new Map<string, string>()
  // Nodes stand in an order in which they can run.
  for (const node of graph.nodes) if (node.domain === '') follow(node, graph, known, scoresOf)
  const found = new Map<string, Selection>()
  for (const { name } of graph.outputs) {
    const selected = known.get(name)
    if (selected === undefined || selected.selection.count === 1) continue
    const { selection, role } = selected
    const before = found.get(selection.node)?.outputs ?? []
    found.set(selection.node, { ...selection, outputs: [...before, { name, role }] })
  }
  return [...found.values()]
}

function follow(node: NodeView, graph: GraphView, known: Map<string, Selected>, scoresOf: Map<string, string>): void {
  const { name, opType, inputs, outputs } = node
  const set = (output: string | undefined, selected: Selected | undefined) => {
    if (output !== undefined && output !== '' && selected !== undefined) known.set(output, selected)
  }
  if (opType === 'TopK') {
    const count = graph.constants[inputs[1] ?? '']?.values?.[0] ?? (node.attributes.k as number | undefined) ?? null
    const selection = { node: name, by: opType, count, threshold: null } as const
    set(outputs[0], { selection, role: 'scores' })
    set(outputs[1], { selection, role: 'index' })
  } else if (opType === 'NonMaxSuppression') {
    scoresOf.set(rootOf(inputs[1] ?? '', graph), name)
    const threshold = graph.constants[inputs[4] ?? '']?.values?.[0] ?? null
    set(outputs[0], { selection: { node: name, by: opType, count: null, threshold }, role: 'index' })
  } else if (GATHERS.has(opType) && known.has(inputs[1] ?? '')) {
    const { selection } = known.get(inputs[1]!)!
    const isScore = scoresOf.get(rootOf(inputs[0] ?? '', graph)) === selection.node
    set(outputs[0], { selection, role: isScore ? 'scores' : 'gathered' })
  } else if (PASSES.has(opType) || GATHERS.has(opType)) {
    for (const output of outputs) set(output, known.get(inputs[0] ?? ''))
  } else if (COMPUTES.has(opType) || (PRODUCTS.has(opType) && graph.constants[inputs[1] ?? ''] !== undefined)) {
    set(outputs[0], computedFrom(node, graph, known))
  }
}

function computedFrom({ opType, inputs }: NodeView, graph: GraphView, known: Map<string, Selected>): Selected | undefined {
  const [first, ...rest] = inputs.flatMap((input) => known.get(input) ?? [])
  if (first === undefined || rest.some(({ selection }) => selection.node !== first.selection.node)) return undefined
  const { selection } = first
  const isAlone = inputs.every((input) => input === '' || known.has(input) || graph.constants[input] !== undefined)
  const roles = new Set([first, ...rest].map(({ role }) => role))
  if (roles.size === 1 && opType !== 'Concat' && first.role === 'scores' && isAlone) return { selection, role: 'scores' }
  if (isAlone && [...roles].every((role) => role === 'index' || role === 'position')) return { selection, role: 'position' }
  return { selection, role: 'gathered' }
}

/** The value that is passed on under this name. */
function rootOf(value: string, graph: GraphView): string {
  let name = value
  // The graph has no cycles; the bound is for damaged ones.
  for (let steps = 0; steps < 20; steps++) {
    const at = name
    const node = graph.nodes.find(({ outputs }) => outputs.includes(at))
    if (node === undefined || node.domain !== '' || !PASSES.has(node.opType)) return at
    name = node.inputs[0] ?? ''
  }
  return name
}
