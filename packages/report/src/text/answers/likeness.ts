// What made-up inputs resemble, in words: 'representative (photo)' if the model was made for such inputs, else 'synthetic (noise)'.
import type { ReportInput, ReportLikeness } from '../../documents/report.ts'

export type MadeUp = Pick<ReportInput, 'name' | 'source' | 'likeness'>

/** Values that a model does its usual work on. A mask of ones is no such value, and no noise either. */
const isRepresentative = (likeness: ReportLikeness | undefined): boolean =>
  likeness !== undefined && likeness.of !== 'noise' && likeness.of !== 'constant'

const kindOf = (likeness: ReportLikeness | undefined): string => (isRepresentative(likeness) ? 'representative' : 'synthetic')

/** 'representative (photo)', 'synthetic (noise)'; 'synthetic' in documents that do not tell. */
const likenessWords = (likeness: ReportLikeness | undefined): string =>
  likeness === undefined ? kindOf(likeness) : `${kindOf(likeness)} (${likeness.of})`

/** Where an input's values are from, to be put in brackets: 'data', 'representative: photo', 'synthetic'. */
export const sourceWords = ({ source, likeness }: Pick<ReportInput, 'source' | 'likeness'>): string =>
  source === 'data' ? source : likeness === undefined ? kindOf(likeness) : `${kindOf(likeness)}: ${likeness.of}`

/** 'representative' if each input resembles what the model was made for. */
export function madeUpKind(inputs: readonly MadeUp[]): 'representative' | 'synthetic' {
  const madeUp = inputs.filter(({ source, likeness }) => source === 'synthetic' && likeness?.of !== 'constant')
  const all = madeUp.every(({ likeness }) => isRepresentative(likeness))
  return all && madeUp.length > 0 ? 'representative' : 'synthetic'
}

/** 'synthetic inputs', or 'representative inputs'. */
export const madeUpInputs = (inputs: readonly MadeUp[]): string => `${madeUpKind(inputs)} inputs`

/** One sentence or two for all made-up inputs with the same likeness, the range and why. */
export function madeUpLines(inputs: readonly MadeUp[]): string[] {
  const names = new Map<string, string[]>()
  for (const { name, source, likeness } of inputs) {
    if (source !== 'synthetic') continue
    const range = likeness?.range ? `, values ${rangeWords(likeness.range)}` : ''
    const rest = `${likenessWords(likeness)}${range}.${likeness === undefined ? '' : ` ${likeness.why}`}`
    names.set(rest, [...(names.get(rest) ?? []), name])
  }
  return [...names].map(([rest, of]) => `${of.length === 1 ? 'Input' : 'Inputs'} ${shortList(of)}: ${rest}`)
}

/** The same for a terminal, with how to give others. */
export function madeUpSentences(inputs: readonly MadeUp[]): string[] {
  const lines = madeUpLines(inputs)
  return lines.map((line, at) => (at < lines.length - 1 ? line : `${line} To measure with your own: --data\u00a0PATH`))
}

const rangeWords = ([low, high]: readonly [number, number]): string =>
  low === high ? String(short(low)) : `${short(low)} to ${short(high)}`
const short = (value: number): number => Number(value.toPrecision(3))

const shortList = (names: readonly string[]): string =>
  names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
