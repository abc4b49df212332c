// Profiled events joined to the graph as run and to the user's names, and freed of the profiler's own cost.
import type { GraphView, NodeView, TensorType } from '@whyslow/graph/types.ts'
import { median } from '../../statistics/index.ts'
import type { CallCost, Profile, ProfiledNode } from '../types.ts'
import { type EventOrigin, joinEvents } from './join-events.ts'
import type { ProfiledEvent, ProfileOutput, ProfileRound } from './types.ts'
import { MOST_NODE_US, USUAL_COST } from './usual-cost.ts'
import { valueTypes } from './value-types.ts'

export interface Graphs {
  /** As the engine runs it. */
  readonly executed: GraphView
  /** As the user gave it. */
  readonly original: GraphView
}

/** What one prediction fed, by input name. */
export type FeedTypes = Readonly<Record<string, TensorType>>

export interface CorrectedProfile extends Profile {
  /** What a prediction takes outside of the engine's own run: its inputs wrapped, its outputs copied. At the pace of the nodes. */
  readonly outsideMs: number
}

/**
 * The profile at the pace of `p50Ms`: in each round the profiler's cost of that round is taken off, and the times are multiplied by
 * p50 / plain p50 of that round, a ratio of two unprofiled latencies that knows nothing of the nodes, so that what the nodes do not
 * explain stays visible (if the nodes come to far more than that latency, see `latencyOf`). A node's time is the median over the rounds.
 */
export function correctProfile(
  measured: ProfileOutput,
  graphs: Graphs,
  feeds: FeedTypes,
  { p50Ms, threads }: Pick<Profile, 'threads'> & { readonly p50Ms: number },
): CorrectedProfile {
  const output = steadyRounds(measured.calibrated || measured.asGiven ? measured : atOwnPace(measured))
  const { rounds, events } = output
  const joined = joinEvents(events, graphs.executed, graphs.original, { alone: measured.asGiven === true })
  const views = joined.map(({ view }) => view)
  const typeOf = valueTypes(events, views, graphs.executed, feeds)
  const bodiesUs = bodyTimesUs(output)
  const names = uniqueNames(joined.map((j, i) => j.view?.name ?? events[i]!.name))
  const ownMs = rounds.map((round, r) =>
    events.map((event, i) => correctedUs(event, event.rawMs[r]! * 1000, round, bodiesUs[i]!) / 1000),
  )
  const paces = rounds.map((round, r) => p50Ms / latencyOf(round, sum(ownMs[r]!), events))
  const nodes = events.map((event, i): ProfiledNode => {
    const { view, origin, inner } = joined[i]!
    const inputs = view?.inputs ?? []
    const outputs = view?.outputs ?? []
    return {
      name: names[i]!,
      opType: view?.opType ?? event.opType,
      domain: view?.domain ?? '',
      origin: origin.origin,
      timeMs: median(ownMs.map((own, r) => own[i]! * paces[r]!)),
      rawMs: median(event.rawMs),
      runsPerPrediction: event.runsPerPrediction,
      inputs,
      outputs,
      inputTypes: inputs.map((name) => (name ? typeOf(view, name) : null)),
      outputTypes: outputs.map((name, k) => (name ? (typeOf(view, name) ?? event.outputTypes[k] ?? null) : null)),
      provider: event.provider,
      inserted: origin.inserted,
      parent: event.parent === null ? null : names[event.parent]!,
      ...(inner ? { inner } : {}),
    }
  })
  const overheadPerNodeUs = meanOverheadUs(output)
  return {
    graph: renamed(graphs.executed, joined, names),
    nodes,
    overheadPerNodeUs,
    profiledP50Ms: median(rounds.map((round) => round.profiledP50Ms)),
    outsideMs: median(rounds.map(({ outsideMs }, r) => outsideMs * paces[r]!)),
    correction: correctionSentence(output, overheadPerNodeUs, { pace: median(paces), slower: slowerOf(measured) }),
    threads,
    predictions: output.predictions,
    dispatchPerNodeUs: median(rounds.map(({ cost, plainP50Ms }) => cost.dispatchUs * (p50Ms / plainP50Ms))),
  }
}

/** If the profiler costs next to nothing, the latency of the profiled predictions themselves fits their nodes best. */
const atOwnPace = (output: ProfileOutput): ProfileOutput => ({
  ...output,
  rounds: output.rounds.map((round) => ({ ...round, plainP50Ms: round.profiledP50Ms, plainDrift: 1 })),
})

/** Rounds within which the pace of plain predictions changed more than this are left out while two others are left. */
const STEADY_DRIFT = 1.15
const LEAST_ROUNDS = 2

/**
 * Each calibration alone is short; all of them together, each relative to the plain latency of its round, are steady: the profiler
 * is slow when the machine is. Their median is what a round's cost is taken from.
 */
function steadyCosts(rounds: readonly ProfileRound[], isDisturbed: boolean): ProfileRound[] {
  if (isDisturbed) return rounds.map((round) => ({ ...round, cost: { ...USUAL_COST, dispatchUs: round.cost.dispatchUs } }))
  const relative = (field: keyof ProfileRound['cost']) => median(rounds.map(({ cost, plainP50Ms }) => cost[field] / plainP50Ms))
  const [fixedUs, perTensorUs] = [relative('fixedUs'), relative('perTensorUs')]
  const [betweenUs, dispatchUs] = [relative('betweenUs'), relative('dispatchUs')]
  return rounds.map((round) => {
    const pace = round.plainP50Ms
    const cost = {
      fixedUs: fixedUs * pace,
      perTensorUs: perTensorUs * pace,
      betweenUs: betweenUs * pace,
      dispatchUs: dispatchUs * pace,
    }
    return { ...round, cost }
  })
}

/** Plain predictions of a round differ by this much of their own: so much more can have been taken off than predictions took longer. */
const PLAIN_SPREAD = 0.1

/**
 * A profiled prediction is a plain one and what the profiler costs, so that all costs together are no more than what separates the
 * two. Other work makes short chains of trivial nodes many times slower; taken off in full that would leave nothing of the nodes.
 */
function noMoreThanSeen(round: ProfileRound, events: readonly ProfiledEvent[]): ProfileRound {
  const { cost, plainP50Ms, profiledP50Ms } = round
  const takenUs = events.reduce((sum, event) => sum + insideUs(event, cost) * event.runsPerPrediction, 0)
  const mostUs = (Math.max(0, profiledP50Ms - plainP50Ms) + PLAIN_SPREAD * plainP50Ms) * 1000
  if (takenUs <= mostUs) return round
  const { fixedUs, perTensorUs, betweenUs } = cost
  const share = mostUs / takenUs
  return {
    ...round,
    cost: { ...cost, fixedUs: fixedUs * share, perTensorUs: perTensorUs * share, betweenUs: betweenUs * share },
  }
}

/** Two inputs and one output. */
const USUAL_TENSORS = 3

/** Chains of trivial nodes that cost more than a profiler can were interrupted by other programs: they would leave nothing of the nodes. */
const areDisturbed = (rounds: readonly ProfileRound[]): boolean =>
  median(rounds.map(({ cost }) => cost.fixedUs + USUAL_TENSORS * cost.perTensorUs)) > MOST_NODE_US

interface Steady extends ProfileOutput {
  /** The calibration says nothing, and what the profiler usually costs was taken off. */
  readonly isDisturbed: boolean
}

function steadyRounds(output: ProfileOutput): Steady {
  const isDisturbed = areDisturbed(output.rounds)
  const drifts = output.rounds.map((round) => round.plainDrift)
  const allowed = Math.max(STEADY_DRIFT, [...drifts].sort((a, b) => a - b)[Math.min(LEAST_ROUNDS, drifts.length) - 1]!)
  const kept = drifts.map((drift) => drift <= allowed)
  return {
    ...output,
    isDisturbed,
    rounds: steadyCosts(output.rounds, isDisturbed)
      .filter((_, r) => kept[r])
      .map((round) => noMoreThanSeen(round, output.events)),
    events: output.events.map((event) => ({ ...event, rawMs: event.rawMs.filter((_, r) => kept[r]) })),
  }
}

/** What rounds of each event's bodies take at least, µs per prediction, indexed by event. A body runs as often as its most frequent node. */
function bodyTimesUs({ events, bodyUs }: ProfileOutput): number[] {
  const runs = events.map(() => 0)
  for (const { parent, runsPerPrediction } of events)
    if (parent !== null) runs[parent] = Math.max(runs[parent]!, runsPerPrediction)
  return runs.map((count) => count * (bodyUs ?? 0))
}

/** One round's time of a node without the profiler, µs a prediction; at least what starting it and rounds of trivial bodies take. */
function correctedUs(event: ProfiledEvent, rawUs: number, { cost }: ProfileRound, bodiesUs: number): number {
  // A parent's span also holds what the profiler spends between its children.
  const profilerUs = insideUs(event, cost) * event.runsPerPrediction + cost.betweenUs * event.childRunsPerPrediction
  return Math.max(cost.dispatchUs * event.runsPerPrediction + bodiesUs, rawUs - profilerUs)
}

/** Nodes that come to more than a plain prediction by more than this share, with what is outside of the engine, did not run at its pace. */
const OTHER_PACE = 0.15

/**
 * The latency at the pace at which the nodes of a round ran, ms: that of the plain predictions around them. If the machine was slower in between, it is
 * that of the profiled predictions, without the profiler.
 */
function latencyOf(round: ProfileRound, nodesMs: number, events: readonly ProfiledEvent[]): number {
  const { plainP50Ms, profiledP50Ms, outsideMs, cost } = round
  if (nodesMs + outsideMs <= (1 + OTHER_PACE) * plainP50Ms) return plainP50Ms
  const profilerUs = sum(events.map((event) => (insideUs(event, cost) + cost.betweenUs) * event.runsPerPrediction))
  return Math.max(plainP50Ms, profiledP50Ms - profilerUs / 1000)
}

const insideUs = ({ inputTypes, outputTypes }: ProfiledEvent, { fixedUs, perTensorUs }: ProfileRound['cost']): number =>
  fixedUs + perTensorUs * (inputTypes.length + outputTypes.length)

function meanOverheadUs({ events, rounds }: ProfileOutput): number {
  const runs = events.reduce((sum, event) => sum + event.runsPerPrediction, 0)
  if (runs === 0) return 0
  return median(
    rounds.map(({ cost }) => events.reduce((sum, event) => sum + insideUs(event, cost) * event.runsPerPrediction, 0) / runs),
  )
}

const slowerOf = ({ rounds }: ProfileOutput): number => median(rounds.map((round) => round.profiledP50Ms / round.plainP50Ms))

function correctionSentence(
  { rounds, calibrated, asGiven, onOneThread, isDisturbed }: Steady,
  overheadPerNodeUs: number,
  { pace, slower }: { readonly pace: number; readonly slower: number },
): string {
  const counted = `${rounds.length} ${rounds.length === 1 ? 'round' : 'rounds'}`
  const basis = isDisturbed
    ? `what the profiler usually costs: other programs disturbed its calibration (${counted})`
    : calibrated
      ? `calibrated on chains of trivial nodes between the profiled predictions (${counted})`
      : `what the profiler usually costs: compared with such predictions that is nothing, and it was not calibrated (${counted})`
  const taken = asGiven
    ? `node times are as the engine gives them, uncorrected (${counted})`
    : `${overheadPerNodeUs.toFixed(2)} µs a node were taken off, ${basis}`
  return (
    `profiled, the prediction took ${slower.toFixed(2)} times as long; ${taken}; node times are at the pace of ` +
    `the p50 (factor ${pace.toFixed(3)})${onOneThread ? '; profiled on one thread, on which the model is as fast' : ''}`
  )
}

/** What asking costs: an empty model with the same inputs and outputs, at the pace of the p50. undefined if it was not run. */
export function callCostOf({ rounds }: ProfileOutput, p50Ms: number): CallCost | undefined {
  const values = rounds.flatMap(({ emptyP50Ms, plainP50Ms }) => (emptyP50Ms === null ? [] : [emptyP50Ms * (p50Ms / plainP50Ms)]))
  if (values.length === 0) return undefined
  return { callMs: median(values), ciLowMs: Math.min(...values), ciHighMs: Math.max(...values) }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

function uniqueNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>()
  return names.map((name) => {
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    return count === 0 ? name : `${name}#${count + 1}`
  })
}

/**
 * The executed graph with the profile's names, so that costs and rules find a node's attributes by its name. A node that did not run, in
 * another branch, has none of them.
 */
function renamed(graph: GraphView, joined: readonly EventOrigin[], names: readonly string[]): GraphView {
  const nameOf = new Map<NodeView, string>()
  for (const [i, { view }] of joined.entries()) if (view) nameOf.set(view, names[i]!)
  const taken = new Set(names)
  const idle = (name: string): string => (taken.has(name) ? idle(`${name}#0`) : name)
  const rename = (g: GraphView): GraphView => ({
    ...g,
    nodes: g.nodes.map((node) => ({
      ...node,
      name: nameOf.get(node) ?? idle(node.name),
      subgraphs: Object.fromEntries(Object.entries(node.subgraphs).map(([key, sub]) => [key, rename(sub)])),
    })),
  })
  return rename(graph)
}
