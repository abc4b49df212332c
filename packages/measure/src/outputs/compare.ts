// The outputs of a changed setup against the original's, sample by sample, on the same inputs. SQNR and cosine as ONNX Runtime's
// quantization debugging has them (onnxruntime/python/tools/quantization/qdq_loss_debug.py); decisions that were a tie up to rounding
// do not count against a change, since the original's own rounding decided them.

import type { DType, GraphView } from '@whyslow/graph/types.ts'
import type { Results, TensorValue } from '../engines/types.ts'
import { elementCount } from '../samples/dtype-arrays.ts'
import type { Bounds } from './bounds.ts'
import { compareDecisions, sameDecisions, tiesOf } from './decisions.ts'
import { compareHead } from './detections.ts'
import { headsOf, mayLoseIn, withoutArbitrary } from './heads.ts'
import type { JoinedParts } from './joined-parts.ts'
import { type Meaning, meaningOf } from './meaning.ts'
import { metricOf } from './metric.ts'
import { nearTiesOf } from './near-ties.ts'
import { equalElements, isRealFloat, type Numbers, numbersOf, sameBits, spacingOf } from './numbers.ts'
import type { OutputPair } from './output-pair.ts'
import { comparePeaks } from './peaks.ts'
import { compareQuantities, isFaint, joinedBySample, meaningfulScale, relativeTo, sizeOf } from './quantities.ts'
import { withRawScores } from './raw-scores.ts'
import { ROUNDING, scaleOf } from './scale.ts'
import { type ComparedSelection, compareSelection } from './selected.ts'
import { selectionsOf } from './selections.ts'
import type { SliceSums } from './slice-sums.ts'
import type { Agreement, DecisionsCompared, MetricName, OutputAgreement } from './types.ts'
import { weakOutputs } from './weak.ts'
import { canDecide, closenessOfSilent, isSilent, signalOverNoise } from './yes-no.ts'

export interface CompareOptions {
  /** Per sample, the labels of its rows. */
  readonly labels?: readonly TensorValue[] | null | undefined
  /** null or absent: chosen by the labels, see metric.ts. */
  readonly metric?: MetricName | null | undefined
  /** The original's graph, by which some outputs are understood better. */
  readonly graph?: GraphView | undefined
  /** The outputs that matter; absent: all that the original gave. */
  readonly outputs?: readonly string[] | null | undefined
  /** The inputs are made up: scores are judged by all rows together, and decisions that differ by how sure the original was. Absent: false. */
  readonly madeUp?: boolean | undefined
}

/**
 * One entry of `original` and `candidate` per sample, in the same order. Outputs that only the candidate has are not looked at: there
 * is nothing to hold them against. Never throws: what cannot be compared is a `mismatch`.
 */
export function compareOutputs(
  original: readonly Results[],
  candidate: readonly Results[],
  options: CompareOptions = {},
): Agreement {
  const names = options.outputs ?? Object.keys(original[0] ?? {})
  const otherSamples = differentSamples(original, candidate)
  if (otherSamples !== null) return mismatched(otherSamples)
  const selections = options.graph === undefined ? [] : selectionsAmong(names, options.graph, original, candidate)
  const selectionOf = (output: string) => selections.find(({ numbers }) => numbers.has(output))
  const inPlace = names.filter((name) => selectionOf(name) === undefined)
  const mismatch = firstOf(inPlace, (name) => differentTypes(name, original, candidate))
  if (mismatch !== null) return mismatched(mismatch)

  const prepared = names.map((name) => prepare(name, original, candidate, options))
  const compared = withoutArbitrary(withRawScores(prepared, options.graph), options.graph)
  const paired = compared.map((one) => inRows(one, selectionOf(one.name)))
  const places = firstOf(paired, differentPlaces)
  if (places !== null) return mismatched(places)

  const heads = headsOf(paired, options.graph)
  const outputs = paired.map((one) => compareOutput({ ...one, mayLose: mayLoseIn(heads, one.name) }, paired, options.graph))
  const peaks = paired.flatMap((one) => comparePeaks(one, options.graph) ?? [])
  const weak = weakOutputs(paired, heads, options.graph)
  const isEmpty = prepared.length > 0 && prepared.every(holdsNothing)
  const sameShapes = compared.filter(({ name }) => differentTypes(name, original, candidate) === null)
  const { metric, noMetric } = metricOf(sameShapes, options.labels ?? null, options.metric ?? null)
  const worst = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null)
    return known.length > 0 ? Math.min(...known) : null
  }
  const apart = outputs.filter(({ meaning }) => meaning !== 'label')
  return {
    mismatch: null,
    equal: outputs.every(({ equal }) => equal),
    maxAbs: Math.max(0, ...apart.map(({ maxAbs }) => maxAbs)),
    maxRelative: Math.max(0, ...apart.flatMap((one) => [one.maxRelative, one.apart?.difference.maxRelative ?? 0])),
    cosine: worst(outputs.map(({ cosine }) => cosine)),
    sqnrDb: worst(outputs.map(({ sqnrDb }) => sqnrDb)),
    top1: worst(outputs.map(({ top1 }) => top1)),
    metric,
    noMetric,
    outputs,
    ...(selections.length > 0 && { selections: selections.map(({ agreement }) => agreement) }),
    ...(heads.length > 0 && { heads: heads.map(compareHead) }),
    ...(peaks.length > 0 && { peaks }),
    ...(weak.length > 0 && { weak }),
    ...(isEmpty && { isEmpty }),
  }
}

/** 0 and NaN are what comes out where a mask hides everything, or a value is outside of what the model knows. */
const holdsNothing = ({ original, scale }: OutputPair): boolean =>
  scale === 0 && isRealFloat(original[0]!.dtype) && original.some(({ shape }) => elementCount(shape) > 0)

/** The selections in the graph whose outputs are compared. */
function selectionsAmong(
  names: readonly string[],
  graph: GraphView,
  original: readonly Results[],
  candidate: readonly Results[],
): readonly ComparedSelection[] {
  return selectionsOf(graph).flatMap((selection) => {
    const outputs = selection.outputs.filter(({ name }) => names.includes(name))
    return outputs.length === 0 ? [] : (compareSelection({ ...selection, outputs }, original, candidate, tieShareOf) ?? [])
  })
}

/** The numbers row by row in place of those of the whole tensors. */
function inRows(compared: OutputPair, selection: ComparedSelection | undefined): OutputPair {
  if (selection === undefined) return compared
  const { original, candidate, role } = selection.numbers.get(compared.name)!
  const meaning: Meaning = { meaning: 'selection', threshold: 0 }
  const selected = { ...selection.agreement, isScore: role === 'scores' }
  return { ...compared, originalNumbers: original, candidateNumbers: candidate, meaning, selected }
}

/** Nothing is known but why: the numbers are the worst there are. */
const mismatched = (mismatch: string): Agreement => ({
  mismatch,
  equal: false,
  maxAbs: Number.POSITIVE_INFINITY,
  maxRelative: Number.POSITIVE_INFINITY,
  cosine: null,
  sqnrDb: null,
  top1: null,
  metric: null,
  noMetric: null,
  outputs: [],
})

function firstOf<T>(items: readonly T[], reason: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = reason(item)
    if (found !== null) return found
  }
  return null
}

function differentSamples(original: readonly Results[], candidate: readonly Results[]): string | null {
  if (original.length === 0) return 'no sample was predicted, so that nothing can be compared'
  return original.length === candidate.length
    ? null
    : `${candidate.length} samples were predicted where the original predicted ${original.length}`
}

function differentTypes(name: string, original: readonly Results[], candidate: readonly Results[]): string | null {
  for (const [sample, results] of original.entries()) {
    const [a, b] = [results[name], candidate[sample]![name]]
    const at = original.length > 1 ? ` (sample ${sample})` : ''
    if (a === undefined) return `the original gives no output '${name}'${at}`
    if (b === undefined) return `the output '${name}' is gone${at}`
    if (a.dtype !== b.dtype) return `the output '${name}' is ${b.dtype} where it was ${a.dtype}`
    if (a.shape.length !== b.shape.length || a.shape.some((size, axis) => size !== b.shape[axis])) {
      return `the output '${name}' is [${b.shape.join(',')}] where it was [${a.shape.join(',')}]${at}`
    }
  }
  return null
}

function prepare(
  name: string,
  originals: readonly Results[],
  candidates: readonly Results[],
  { graph, madeUp = false }: CompareOptions,
): OutputPair {
  const original = originals.map((results) => results[name]!)
  const candidate = candidates.map((results) => results[name]!)
  const dtype = original[0]!.dtype
  const originalNumbers = allNumbers(original)
  const meaning = meaningOf(name, original, originalNumbers, graph)
  const scale = originalNumbers === null ? 0 : scaleOf(originalNumbers)
  const tie = isRealFloat(dtype) ? tieShareOf(dtype) * scale : 0
  return { name, original, candidate, originalNumbers, candidateNumbers: allNumbers(candidate), meaning, scale, tie, madeUp }
}

/** Two numbers closer than this share of the scale are a tie: each may move by rounding. */
const tieShareOf = (dtype: DType): number => 2 * Math.max(ROUNDING, 2 * spacingOf(dtype))

function allNumbers(tensors: readonly TensorValue[]): readonly Numbers[] | null {
  const numbers = tensors.map(numbersOf)
  return numbers.every((one) => one !== null) ? numbers : null
}

/** Says which elements are NaN or infinite on one side only; null: none. */
function differentPlaces({ name, originalNumbers, candidateNumbers }: OutputPair): string | null {
  if (originalNumbers === null || candidateNumbers === null) return null
  for (const [sample, a] of originalNumbers.entries()) {
    const b = candidateNumbers[sample]!
    for (let k = 0; k < a.length; k++) {
      // A difference is finite exactly where both are.
      if (Number.isFinite(b[k]! - a[k]!) || (Number.isFinite(a[k]) && Number.isFinite(b[k])) || Object.is(a[k], b[k])) continue
      return `the output '${name}' is ${b[k]} where it was ${a[k]} (sample ${sample}, element ${k})`
    }
  }
  return null
}

function compareOutput(one: OutputPair, all: readonly OutputPair[], graph: GraphView | undefined): OutputAgreement {
  const { name, original, candidate, meaning, scale, selected, madeUp } = one
  const equal = original.every((tensor, sample) => sameBits(tensor, candidate[sample]!))
  const ties = meaning.meaning === 'label' && !equal ? tiesOf(one, all, graph) : null
  const decides = meaning.meaning !== 'values' && meaning.meaning !== 'selection'
  const decisions = decides ? (equal ? sameDecisions(one) : compareDecisions(one, ties)) : null
  const isByScore = meaning.meaning === 'scores' || meaning.meaning === 'binary'
  const withoutScores = meaning.meaning === 'label' && ties === null && decisions!.differing > 0
  const nearTies = madeUp && isByScore && decisions!.differing > 0 ? nearTiesOf(one) : undefined
  const found = {
    name,
    dtype: original[0]!.dtype,
    meaning: meaning.meaning,
    equal,
    equalShare: equal ? 1 : equalShareOf(one),
    scale,
    top1: decisions === null ? null : shareOf(decisions),
    ...(decisions !== null && {
      decisions: { ...decisions, ...(nearTies && { nearTies }), ...(withoutScores && { withoutScores }) },
    }),
    ...(equal ? noDifference(original[0]!) : differencesApart(one, graph)),
  }
  return selected === undefined ? found : asSelected({ ...found, scale }, selected)
}

/** The worst differences, of the whole and of the quantities that it joins. */
function differencesApart(one: OutputPair, graph: GraphView | undefined): Differences {
  const joined = joinedBySample(one, graph)
  const [{ parts }] = joined as [JoinedParts]
  const whole = differences(one, parts.length === 1 ? parts[0]!.bounds : null)
  const apart = compareQuantities(one, joined, whole.maxAbs, graph)
  if (apart === null) return whole
  const worst = (a: number | null, b: number | null) => (a === null || b === null ? (a ?? b) : Math.min(a, b))
  const silent = Math.max(whole.silent ?? 0, apart.silent ?? 0)
  return {
    ...whole,
    ...(silent > 0 && { silent }),
    cosine: worst(whole.cosine, apart.cosine.value),
    sqnrDb: worst(whole.sqnrDb, apart.sqnr?.db ?? null),
    apart,
  }
}

const shareOf = ({ rows, differing }: DecisionsCompared): number => (rows === 0 ? 1 : (rows - differing) / rows)

/** Scores are of the rows that both select as well, so that other rows' do not stand in for them. */
function asSelected(
  found: OutputAgreement,
  { isScore, alike, same, maxPairRelative }: NonNullable<OutputPair['selected']>,
): OutputAgreement {
  if (!isScore) return { ...found, top1: alike, sameRows: same }
  const maxRelative = Math.max(found.maxRelative, maxPairRelative)
  return { ...found, maxRelative, maxAbs: Math.max(found.maxAbs, maxPairRelative * found.scale) }
}

function equalShareOf({ original, candidate, originalNumbers, candidateNumbers, selected }: OutputPair): number {
  if (selected === undefined) {
    const elements = sum(original.map(({ shape }) => elementCount(shape)))
    return elements === 0 ? 1 : sum(original.map((tensor, sample) => equalElements(tensor, candidate[sample]!))) / elements
  }
  const elements = sum(originalNumbers!.map(({ length }) => length))
  const same = (a: Numbers, b: Numbers) =>
    Array.from(a).filter((x, k) => x === b[k] || (Number.isNaN(x) && Number.isNaN(b[k]))).length
  return elements === 0 ? 1 : sum(originalNumbers!.map((a, sample) => same(a, candidateNumbers![sample]!))) / elements
}

type Differences = Pick<OutputAgreement, 'maxAbs' | 'maxRelative' | 'cosine' | 'sqnrDb' | 'apart' | 'silent'> &
  Partial<Pick<OutputAgreement, 'scale'>>

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const noDifference = ({ dtype }: TensorValue): Differences => ({
  maxAbs: 0,
  maxRelative: 0,
  cosine: isRealFloat(dtype) ? 1 : null,
  sqnrDb: null,
})

function differences(
  { original, originalNumbers, candidateNumbers, meaning, scale: largest, mayLose = 0, madeUp }: OutputPair,
  bounds: Bounds | null,
): Differences {
  const { dtype } = original[0]!
  if (originalNumbers === null || candidateNumbers === null || dtype === 'bool') return noDifference(original[0]!)
  const scale = meaningfulScale(largest, bounds)
  const all = { maxAbs: 0, maxRelative: 0, signal: 0, noise: 0, cosine: 1 }
  const silent = { samples: 0, closeness: 1 }
  const deciding = { signal: 0, noise: 0, candidate: 0, dot: 0 }
  const areTogether = madeUp && meaning.meaning === 'scores'
  // A single number has no direction: those of all samples have one.
  const isSingle = originalNumbers.every(({ length }) => length === 1)
  const samples = isSingle ? [[originalNumbers.map((one) => one[0]!), candidateNumbers.map((one) => one[0]!)]] : null
  for (const [a, b] of samples ?? originalNumbers.map((one, sample) => [one, candidateNumbers[sample]!])) {
    const one = sumsOf(a!, b!, scale)
    const { signal, candidate, noise, dot } = one
    all.maxAbs = Math.max(all.maxAbs, one.maxAbs)
    all.maxRelative = Math.max(all.maxRelative, one.maxRelative)
    all.signal += signal
    all.noise += noise
    if (bounds?.isYesNo === true && isSilent(one, largest, mayLose)) {
      silent.samples += isSingle ? originalNumbers.length : 1
      silent.closeness = Math.min(silent.closeness, closenessOfSilent(one))
      continue
    }
    deciding.signal += signal
    deciding.noise += noise
    deciding.candidate += candidate
    deciding.dot += dot
    // Scores that each say yes or no are one by one what is decided, and samples only where they lie. A made-up row may decide nothing.
    if ((bounds?.isYesNo === true && canDecide(one)) || areTogether) continue
    const negligible = a!.length * (ROUNDING * sizeOf(largest, bounds)) ** 2
    if (signal <= negligible && candidate <= negligible) continue
    all.cosine = Math.min(all.cosine, cosineOf(one))
  }
  if (deciding.noise > 0 && (bounds?.isYesNo === true || areTogether)) all.cosine = Math.min(all.cosine, cosineOf(deciding))
  const { maxAbs, maxRelative } = all
  const cosine = Math.min(all.cosine, silent.closeness)
  const { signal, noise } = deciding
  const clear = noise > 0 && signal > 0 ? signal / noise : Number.POSITIVE_INFINITY
  const ratio = Math.min(clear, signalOverNoise(silent.closeness))
  const isReal = isRealFloat(dtype)
  const isFar = !(bounds?.isYesNo === true && isFaint(largest, all.signal, all.noise))
  return {
    scale,
    maxAbs,
    maxRelative,
    cosine: !isReal ? null : isFar ? cosine : 1,
    sqnrDb: isReal && isFar && ratio < Number.POSITIVE_INFINITY ? 10 * Math.log10(ratio) : null,
    ...(silent.samples > 0 && { silent: silent.samples }),
  }
}

const cosineOf = ({ signal, candidate, dot }: Pick<SliceSums, 'signal' | 'candidate' | 'dot'>): number =>
  signal === 0 || candidate === 0 ? 0 : dot / Math.sqrt(signal * candidate)

/** The sums of one sample, without the places where both have NaN or infinity. */
function sumsOf(a: Numbers, b: Numbers, scale: number): SliceSums & { readonly maxRelative: number } {
  let [count, largest, maxAbs, maxRelative, dot, signal, candidate, noise] = [0, 0, 0, 0, 0, 0, 0, 0]
  let [sum, drift] = [0, 0]
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[k]!, b[k]!]
    const difference = Math.abs(y - x)
    if (!(difference < Number.POSITIVE_INFINITY)) continue
    count++
    const size = Math.abs(x)
    if (size > largest) largest = size
    if (difference > maxAbs) maxAbs = difference
    const against = Math.max(scale, size)
    if (difference > maxRelative * against) maxRelative = relativeTo(difference, against)
    dot += x * y
    signal += x * x
    candidate += y * y
    noise += difference * difference
    sum += x
    drift += y - x
  }
  return { count, largest, maxAbs, maxRelative, dot, signal, candidate, noise, sum, drift }
}
