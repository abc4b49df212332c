// Nodes that only move or retype data: transposes, reorders between the engine's blocked layout and the plain one, casts, copies.
// The model's answer needs none of them; a pair that undoes itself is the plainest case. Those that were timed alone save what they take so.
import { countFact, ms, part, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { graphsWithin, type Neighbours, neighboursOf } from '@whyslow/graph/neighbours.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import type { OperatorExperiments } from '@whyslow/measure/timing/operators/types.ts'
import { isAttention, isNormalization, savingOfWhole } from '../isolated-operators.ts'
import { fixModel } from '../next-command.ts'
import { operatorsTake } from '../operators.ts'
import { defineRule } from '../rule.ts'

/** What changes layout, type or place of one tensor and nothing else. Concat, Slice, Pad build new tensors, which the model may need. */
const CONVERSIONS = new Set([
  ...['Transpose', 'ReorderInput', 'ReorderOutput', 'Cast', 'Identity', 'MemcpyFromHost', 'MemcpyToHost', 'Copy'],
])

/** Element by element, so what stands before and behind can be exchanged with it. */
const ELEMENTWISE = new Set([
  ...['Relu', 'Sigmoid', 'Tanh', 'Clip', 'LeakyRelu', 'Elu', 'HardSigmoid', 'HardSwish', 'Gelu', 'QuickGelu', 'Erf', 'Exp'],
  ...['Log', 'Sqrt', 'Neg', 'Abs', 'Identity', 'Cast', 'Softplus', 'Sin', 'Cos', 'Add', 'Sub', 'Mul', 'Div'],
])

const UNKNOWN = 'not all of them were timed alone, and which the model can do without shows when fix tries it'

export const layoutConversions = defineRule({
  id: 'layout-conversions',
  area: 'software',
  title: 'Layout conversions (transposes, reorders) take time',
  needs: ['latency', 'costs', 'profile'],
  wants: ['operatorExperiments'],
  check({ latency, costs, profile, operatorExperiments }) {
    const { p50Ms } = latency
    const graphs = graphsWithin(profile.graph).map(neighboursOf)
    const rejoined = new Set(graphs.flatMap(rejoinedSplits))
    const inserted = new Set(profile.nodes.filter((node) => node.inserted).map(({ name }) => name))
    const borders = new Set(graphs.flatMap(borderReorders))
    const elsewhere = savingOfWhole(operatorExperiments, (row) => isAttention(row) || isNormalization(row))
    const moves = costs.nodes.filter(
      ({ name, opType, cost }) =>
        cost?.movesDataOnly === true &&
        (CONVERSIONS.has(opType) || inserted.has(name) || rejoined.has(name)) &&
        !borders.has(name) &&
        !elsewhere.has(name),
    )
    const timeMs = moves.reduce((sum, node) => sum + node.timeMs, 0)
    const alone = aloneByNode(operatorExperiments)
    const savingMs = moves.reduce((sum, { name, timeMs: inside }) => sum + Math.min(inside, alone.get(name) ?? inside), 0)
    if (!isWorthSaying(savingMs, p50Ms)) return 'clear'
    const whole = stayingIn(operatorExperiments)
    const between = whole === undefined ? new Set<string>() : betweenLayouts(graphs, new Set(moves.map(({ name }) => name)))
    const betweenMs = costs.nodes.reduce((sum, { name, timeMs: ms }) => sum + (between.has(name) ? ms : 0), 0)

    const pairs = graphs.reduce((sum, neighbours) => sum + cancellingPairs(neighbours), 0)
    const undone =
      pairs === 0 ? '' : tell` ${countFact('pair', pairs)} of them ${pairs === 1 ? 'undoes itself' : 'undo themselves'}.`
    const busiest = moves.reduce((most, node) => (node.timeMs > most.timeMs ? node : most))
    const longest = moves.length === 1 ? '' : tell` The longest is ${busiest.name} with ${ms('longest', busiest.timeMs)}.`
    const said = tell`${operatorsTake(moves.map((node) => node.opType))} ${ms('time', timeMs)}, ${part('time-share', timeMs / p50Ms)} of the p50,
        and ${moves.length === 1 ? 'computes' : 'compute'} nothing.${undone}${longest}`
    if (whole !== undefined && whole.ms > savingMs && between.size > 0) {
      const allMs = timeMs + betweenMs
      return {
        ...tell`${said} The ${countFact('operator', between.size)} between them ${between.size === 1 ? 'takes' : 'take'} ${ms('between', betweenMs)}.
          Rewritten by ${whole.remedy}, they stay in the layout of the convolutions: timed in turns, the whole model takes ${ms('whole', whole.ms)} less.`,
        timeMs: allMs,
        wouldSaveMs: Math.min(whole.ms, allMs, p50Ms),
        basis: 'measured',
        nodes: [...moves.map(({ name }) => name), ...between],
        next: fixModel(),
      }
    }
    return {
      ...said,
      timeMs,
      ...(moves.every(({ name }) => alone.has(name))
        ? { wouldSaveMs: Math.min(savingMs, p50Ms), basis: 'measured' }
        : { wouldSaveMs: null, savingUnknown: UNKNOWN, basis: 'measured' }),
      nodes: moves.map((node) => node.name),
      next: fixModel(),
    }
  },
})

/** Remedies that keep what is between convolutions in their layout. */
const STAYS: ReadonlySet<string> = new Set(['affine-as-depthwise', 'fuse-hard-swish'])

/** The best of those that the whole model was timed with, if it is surely faster so. */
function stayingIn(experiments: OperatorExperiments | undefined): NonNullable<OperatorExperiments['wholes']>[number] | undefined {
  const faster = (experiments?.wholes ?? []).filter(({ remedy, low }) => STAYS.has(remedy) && low > 0)
  return faster.reduce<(typeof faster)[number] | undefined>((best, one) => (best && best.ms >= one.ms ? best : one), undefined)
}

/** Elementwise nodes that a conversion leads to, or that lead to one, with nothing but others between. */
function betweenLayouts(graphs: readonly Neighbours[], moves: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { graph, producer, readers } of graphs) {
    const open = graph.nodes.filter(({ name }) => moves.has(name))
    while (open.length > 0) {
      const node = open.pop()!
      for (const next of [...node.inputs.flatMap((one) => producer(one) ?? []), ...node.outputs.flatMap(readers)]) {
        if (found.has(next.name) || moves.has(next.name) || !ELEMENTWISE.has(next.opType)) continue
        found.add(next.name)
        open.push(next)
      }
    }
  }
  return found
}

/** What each node that was timed alone takes, ms. */
function aloneByNode(experiments: OperatorExperiments | undefined): ReadonlyMap<string, number> {
  const single = (experiments?.rows ?? []).filter(({ opTypes }) => opTypes.length === 1)
  return new Map(single.flatMap(({ nodes, aloneMs }) => nodes.map((name) => [name, aloneMs] as const)))
}

/**
 * Into the blocked layout at the model's start and out of it at the end: what comes in and goes out is plain, so that the kernels in between
 * are not to be had without them.
 */
function borderReorders({ graph, producer }: Neighbours): string[] {
  const given = new Set(graph.outputs.map(({ name }) => name))
  return graph.nodes
    .filter(({ opType, inputs, outputs }) =>
      opType === 'ReorderInput'
        ? producer(inputs[0]) === undefined
        : opType === 'ReorderOutput' && outputs.every((one) => given.has(one)),
    )
    .map(({ name }) => name)
}

/** Conversions that undo earlier ones, with nothing but elementwise nodes between them. */
function cancellingPairs({ graph, producer }: Neighbours): number {
  // By the permutation that has to be undone: whether all that a value is made from, constants aside, undoes it.
  const known = new Map<string, boolean>()
  const comesFromUndone = (value: string, later: NodeView): boolean => {
    const key = `${later.opType} ${later.attributes.perm} ${value}`
    const before = known.get(key)
    if (before !== undefined) return before
    const node = producer(value)
    const answer = node !== undefined && (undoes(node, later) || (ELEMENTWISE.has(node.opType) && operands(node, later)))
    known.set(key, answer)
    return answer
  }
  const operands = (node: NodeView, later: NodeView): boolean => {
    const varying = node.inputs.filter((name) => name !== '' && graph.constants[name] === undefined)
    return varying.length > 0 && varying.every((name) => comesFromUndone(name, later))
  }
  return graph.nodes.filter((node) => PAIRED.has(node.opType) && comesFromUndone(node.inputs[0] ?? '', node)).length
}

const PAIRED = new Set(['Transpose', 'ReorderInput'])

function undoes(earlier: NodeView, later: NodeView): boolean {
  if (later.opType === 'ReorderInput') return earlier.opType === 'ReorderOutput'
  return earlier.opType === 'Transpose' && isIdentity(permOf(earlier), permOf(later))
}

function permOf(node: NodeView): readonly number[] | null {
  const perm = node.attributes.perm
  return Array.isArray(perm) ? (perm as readonly number[]) : null
}

/** Whether two transposes undo each other. A transpose without `perm` reverses the axes, so two of those do. */
function isIdentity(first: readonly number[] | null, second: readonly number[] | null): boolean {
  if (first === null || second === null) return first === second
  return second.length === first.length && second.every((axis, position) => first[axis] === position)
}

/** Names of Split nodes whose parts one Concat joins again in the same order, and of that Concat. */
function rejoinedSplits({ graph, producer }: Neighbours): string[] {
  return graph.nodes.flatMap((concat) => {
    if (concat.opType !== 'Concat') return []
    const split = producer(concat.inputs[0])
    if (split?.opType !== 'Split' || (split.attributes.axis ?? 0) !== concat.attributes.axis) return []
    const whole =
      split.outputs.length === concat.inputs.length && split.outputs.every((name, index) => name === concat.inputs[index])
    return whole ? [split.name, concat.name] : []
  })
}
