// What experiments on operators alone say of why they are slow. Shared by the rules that look at them.

import type { NextCommand } from '@whyslow/diagnosis/next-command.ts'
import type { Outcome } from '@whyslow/diagnosis/rule.ts'
import { ms, part, type Sentence, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { INT8_OPERATORS } from '@whyslow/measure/engines/onnxruntime/int8/int8-kernels.ts'
import type { OperatorExperiment, OperatorExperiments, OperatorVariant } from '@whyslow/measure/timing/operators/types.ts'
import { type FasterVariant, fasterAlone } from '../analyze/faster-variants.ts'
import { operators, operatorsTake } from './operators.ts'

/** An operator, and the one change to it that saves most. */
export type Cause = FasterVariant

/** Causes named one by one in a sentence. */
const NAMED = 2

/** The fastest variant of each operator that `isMeant`, if it was shown to be faster; largest saving first. */
export function causesOf(
  { rows }: OperatorExperiments,
  isMeant: (variant: OperatorVariant, row: OperatorExperiment) => boolean,
): readonly Cause[] {
  const best = new Map<OperatorExperiment, Cause>()
  for (const one of fasterAlone(rows, isMeant)) {
    const known = best.get(one.row)
    if (known === undefined || one.variant.ratio < known.variant.ratio) best.set(one.row, one)
  }
  return [...best.values()].sort((a, b) => b.saving.ms - a.saving.ms)
}

/** An operator that runs in int8, as it would be in float32. */
export const isFloatTwin = ({ kind }: OperatorVariant, { opTypes }: OperatorExperiment): boolean =>
  kind === 'float' && opTypes.some((one) => INT8_OPERATORS.has(one))

/** Executed nodes that run in int8 and of which it was shown, alone, whether float32 is faster. */
export function nodesComparedInFloat(experiments: OperatorExperiments | undefined): ReadonlySet<string> {
  if (experiments === undefined) return new Set()
  const faster = causesOf(experiments, isFloatTwin).map(({ row }) => row)
  const slower = experiments.rows.filter((row) => row.variants.some((one) => isFloatTwin(one, row) && one.ratioLow >= 1))
  return new Set([...faster, ...slower].flatMap(({ nodes }) => nodes))
}

/** What to do about it: a sentence of its own, and a command where one does it. */
export interface Advice {
  readonly cure: string | Sentence
  readonly next: NextCommand | null
}

/** `clear` where they save too little together. */
export function findingOf(causes: readonly Cause[], p50Ms: number, { cure, next }: Advice): Outcome {
  const savingMs = causes.reduce((sum, { saving }) => sum + saving.ms, 0)
  const lowMs = causes.reduce((sum, { saving }) => sum + saving.low, 0)
  if (causes.length === 0 || !isWorthSaying(savingMs, p50Ms, { alone: { lowMs } })) return 'clear'
  const timeMs = causes.reduce((sum, { row }) => sum + row.insideMs * row.copies, 0)
  const [first, ...others] = causes.slice(0, NAMED).map(caseOf)
  return {
    ...tell`${subjectOf(causes)} ${ms('time', timeMs)}, ${part('time-share', timeMs / p50Ms)} of the p50. Timed alone,
      ${others.reduce((all, one) => tell`${all}; ${one}`, first!)}. ${cure}`,
    timeMs,
    wouldSaveMs: Math.min(savingMs, p50Ms),
    basis: 'measured',
    nodes: causes.flatMap(({ row }) => row.nodes),
    next,
  }
}

function subjectOf(causes: readonly Cause[]): Sentence {
  const rows = causes.map(({ row }) => row)
  const opTypes = rows.flatMap((row) =>
    Array.from({ length: row.copies }, () => (isDynamic(row) ? productsOf(row) : row.opTypes)).flat(),
  )
  if (!rows.some(isDynamic)) return operatorsTake(opTypes)
  return tell`${operators(opTypes)} and ${opTypes.length === 1 ? 'its' : 'their'} conversions take`
}

const productsOf = ({ opTypes }: OperatorExperiment) => opTypes.filter((one) => INT8_OPERATORS.has(one))

function caseOf({ row, variant }: Cause, at: number): Sentence {
  const names = [...new Set(row.opTypes)].join('+')
  const shapes = row.shapes === '' ? '' : ` (${row.shapes})`
  const how = variant.remedy === null ? variant.detail : `by ${variant.remedy}`
  return tell`${names}${shapes} takes ${ms(`alone-${at + 1}`, row.aloneMs)}, and
    ${ms(`changed-${at + 1}`, row.aloneMs * variant.ratio)} ${how}`
}

const NORMALIZATIONS = new Set([
  ...['LayerNormalization', 'SkipLayerNormalization', 'SimplifiedLayerNormalization', 'SkipSimplifiedLayerNormalization'],
  ...['InstanceNormalization', 'GroupNormalization', 'GroupNorm', 'BatchNormalization', 'LpNormalization'],
  ...['MeanVarianceNormalization', 'LRN', 'Softmax', 'LogSoftmax', 'RMSNormalization'],
])

/** Whether the operators are an attention in pieces, from the scores to the sum that they weigh. */
export const isAttention = ({ opTypes }: OperatorExperiment): boolean =>
  opTypes.includes('Softmax') && opTypes.some((one) => one.endsWith('MatMul'))

/** As one operator, or in pieces, which are timed together. */
export const isNormalization = (row: OperatorExperiment): boolean =>
  !isAttention(row) && row.opTypes.some((one) => NORMALIZATIONS.has(one) || (one === 'ReduceMean' && isInPieces(row)))

const isInPieces = ({ opTypes }: OperatorExperiment): boolean => opTypes.length > 1

/** Products that quantize what they multiply by its own range. */
const isDynamic = ({ opTypes }: OperatorExperiment): boolean =>
  opTypes.includes('DynamicQuantizeLinear') && opTypes.some((one) => INT8_OPERATORS.has(one))

/** Rows that are moved, and what repeats their indices. */
const isByIndex = ({ opTypes }: OperatorExperiment): boolean =>
  opTypes.some((one) => one === 'GatherElements' || one === 'ScatterElements')

/** Executed nodes of what was timed whole against what a remedy makes of it: what that saves, and nothing else, is known of them. */
export function savingOfWhole(
  experiments: OperatorExperiments | undefined,
  isMeant: (row: OperatorExperiment) => boolean = () => true,
): ReadonlySet<string> {
  const whole = (experiments?.rows ?? []).filter((row) => isInPieces(row) && row.variants.some(({ kind }) => kind === 'rewrite'))
  return new Set(whole.filter(isMeant).flatMap(({ nodes }) => nodes))
}

/** A convolution, timed together with the upsampling that it reads. */
const isConvolution = ({ opTypes }: OperatorExperiment): boolean => opTypes.some((one) => one === 'Conv' || one === 'FusedConv')

/** Elementwise operators in a row. */
export const isRun = (row: OperatorExperiment): boolean =>
  isInPieces(row) && ![isNormalization, isAttention, isDynamic, isByIndex, isConvolution].some((is) => is(row))
