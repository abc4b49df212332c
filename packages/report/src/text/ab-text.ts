// What `ab` says: one sentence on time and results, then what it stands on.

import { count, percent, plural, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { AbDocument, AbFix, AbSide } from '../documents/ab.ts'
import { shortNames } from './contestant-names.ts'
import { changeLines, speedupRange } from './fix-answer.ts'
import { page, paper, type TerminalOptions, table, warningLines, widthOf } from './page.ts'
import { wrap, wrapHanging } from './wrap.ts'

/** Two sentences: which is faster, and whether they give the same. Pure. */
export function abAnswer(doc: Omit<AbDocument, 'answer'>): string {
  return `${speedSentence(doc)} ${outputsSentence(doc)}`
}

function speedSentence({ verdict, ratio, ratioLow, ratioHigh, a, b }: Omit<AbDocument, 'answer'>): string {
  const [first, second] = namesOf(a, b)
  const times = `${time(a.callMs)} and ${time(b.callMs)}`
  const unit = b.call.length === 0 ? 'per run' : 'per call'
  if (verdict === 'no-difference')
    return `No detectable difference: ${first} and ${second} take ${times} ${unit} (ratio ${significant(ratio)}, ${speedupRange(ratioLow, ratioHigh)}).`
  const faster = verdict === 'faster'
  const [low, high, factor] = faster ? [1 / ratioHigh, 1 / ratioLow, 1 / ratio] : [ratioLow, ratioHigh, ratio]
  return `${second} is ${significant(factor)}× ${faster ? 'faster' : 'slower'} than ${first} (${speedupRange(low, high)}): ${time(b.callMs)} instead of ${time(a.callMs)} ${unit}.`
}

/** Both by the same file: by its place. */
function namesOf(a: AbSide, b: AbSide): readonly [string, string] {
  if (a.file === b.file) return ['the first', 'the second']
  const names = shortNames([a.file, b.file])
  return [names.get(a.file)!, names.get(b.file)!]
}

function outputsSentence({ outputs, b }: Omit<AbDocument, 'answer'>): string {
  const { agreement, samples, differingSamples, maxRelative, differences, varying = [] } = outputs
  const apart =
    varying.length === 0
      ? ''
      : `, apart from ${varying.join(', ')}, which ${varying.length > 1 ? 'change' : 'changes'} from call to call`
  const on = b.call.length === 0 ? 'They print' : `On ${plural(samples, 'sample')} they return`
  switch (agreement) {
    case 'identical':
      return `${on} the same result${apart}.`
    case 'close':
      return `${on} the same up to rounding${maxRelative === null ? '' : ` (at most ${significant(maxRelative, 2)} relative)`}${apart}.`
    case 'not-comparable':
      return 'Their results could not be compared.'
    case 'different': {
      const first = differences[0]
      const where = first === undefined ? '' : `: ${first.path === '' ? '' : `${first.path} is `}${first.reason}`
      return `Their results differ${b.call.length === 0 ? '' : ` on ${differingSamples} of ${plural(samples, 'sample')}`}${where}.`
    }
  }
}

/** Ends with a line end. Pure. */
export function renderAb(doc: AbDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const { verdict, outputs, a, b } = doc
  const paint = outputs.agreement === 'different' ? colours.red : verdict === 'no-difference' ? colours.yellow : colours.green
  return page([
    wrap(doc.answer, width).map(paint),
    sideTable(doc, width, colours),
    basisLines(doc, width),
    doc.fix === undefined ? [] : fixLines(doc.fix, doc, width),
    outputs.agreement === 'different' ? differenceLines(doc, width) : [],
    [
      ...outputs.notes.flatMap((note) => wrapHanging(`Note: ${note}.`, width)),
      ...repeatLines(doc, width),
      ...warningLines([...doc.warnings, ...unlikeRuntimes(a, b)], width, colours),
    ],
  ])
}

/** If its rows would be too long, what both run stands below it. */
function sideTable({ a, b }: AbDocument, width: number, colours: Parameters<typeof table>[1]): string[] {
  const sides = [a, b]
  const known = (value: number | null) => (value === null ? '–' : time(value))
  const isScript = b.call.length === 0
  const runs = sides.map(({ call, runtime }) => `${call.join(', ')}${call.length === 0 ? '' : ' on '}${runtime}`)
  const measured = [
    { head: '', texts: namesOf(a, b) },
    { head: isScript ? 'a run' : 'a call', side: 'left' as const, texts: sides.map(({ callMs }) => time(callMs)) },
    ...(isScript
      ? []
      : [
          { head: 'first', side: 'left' as const, texts: sides.map(({ firstMs }) => known(firstMs)) },
          { head: 'load', side: 'left' as const, texts: sides.map(({ loadMs }) => known(loadMs)) },
          { head: 'import', side: 'left' as const, texts: sides.map(({ importMs }) => known(importMs)) },
        ]),
  ]
  const whole = [...measured, { head: 'runs', texts: runs }]
  if (widthOf(whole) - 2 <= width || runs[0] !== runs[1]) return table(whole, colours)
  return [...table(measured, colours), '', ...wrap(`Both run ${isScript ? 'on ' : ''}${runs[0]}.`, width)]
}

/** What to type, and which models go on as they are. */
function fixLines(fix: AbFix, doc: AbDocument, width: number): string[] {
  const left = fix.models.flatMap(({ reason, type, engine }) =>
    reason === null ? [] : wrapHanging(`${type} of ${engine} stays unchanged: ${reason}.`, width),
  )
  if (fix.shipped === null)
    return [...wrapHanging(`Nothing was written: ${unprovenBy(doc)}. What is slow in it: whyslow ${doc.a.file}`, width), ...left]
  const told = `Written: ${fix.shipped} (README.md, changes.diff, requirements.txt). Lines to change, with ${fix.shipped} next to the program:`
  return [...wrapHanging(told, width), ...changeLines(fix).map((line) => `  ${line}`), ...left]
}

/** Why the changed program is not shipped. */
function unprovenBy({ verdict, outputs }: AbDocument): string {
  if (outputs.agreement === 'different' || outputs.differingSamples > 0) return 'results differ'
  return verdict === 'slower' ? 'the changed program is slower' : 'the changed program is not certainly faster'
}

const SOURCES: Readonly<Record<AbDocument['samples']['source'], string>> = {
  data: 'of --data',
  a: 'of the first one, given to both',
  b: 'of the second one, given to both',
  own: 'of their own',
  none: '',
}

function basisLines({ pairs, levelPercent, samples, ratio, ratioLow, ratioHigh, outputs }: AbDocument, width: number): string[] {
  const of = samples.source === 'none' ? '' : ` ${plural(samples.count, 'sample')} ${SOURCES[samples.source]}`
  const timed = samples.timed < samples.count ? `, ${samples.timed} of them timed` : ''
  const bounds = `${significant(ratio, 4)} (${significant(ratioLow, 4)}–${significant(ratioHigh, 4)}, ${levelPercent} %)`
  const numbers =
    outputs.numbers === 0 ? '' : ` ${plural(outputs.numbers, 'number')} compared, ${count(outputs.differing)} not bit-identical.`
  const choice = outputs.sameChoice === null ? '' : ` Same largest element in ${percent(outputs.sameChoice)}.`
  return [
    ...wrap(
      `${plural(pairs.length, 'pair')} of fresh processes that take turns; time of the second divided by that of the first: ${bounds}.`,
      width,
    ),
    ...(of === '' && numbers === '' ? [] : wrap(`${of.trim()}${timed}${of === '' ? '' : '.'}${numbers}${choice}`.trim(), width)),
  ]
}

function differenceLines({ outputs, samples }: AbDocument, width: number): string[] {
  const far =
    outputs.farPixels === null
      ? []
      : wrap(`Images: ${percent(outputs.farPixels)} of the values are more than 2 steps away.`, width)
  return [
    'Differences:',
    ...outputs.differences.flatMap(({ sample, path, reason }) =>
      wrapHanging(`  ${samples.source === 'none' ? '' : `sample ${sample} `}${path === '' ? '' : `${path}: `}${reason}`, width),
    ),
    ...far,
  ]
}

function repeatLines({ outputs: { repeats }, a, b }: AbDocument, width: number): string[] {
  if ((repeats.a && repeats.b) || b.call.length === 0) return []
  const [first, second] = namesOf(a, b)
  const who = !repeats.a && !repeats.b ? 'Both return' : `${repeats.a ? second : first} returns`
  return wrapHanging(`Note: ${who} another result when called again with the same sample.`, width)
}

function unlikeRuntimes(a: AbSide, b: AbSide): string[] {
  return a.language === b.language && a.runtime !== b.runtime
    ? [`two versions of one language: ${a.runtime} and ${b.runtime}`]
    : []
}
