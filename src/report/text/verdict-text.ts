// What a check says: one sentence, what it stands on, and its warnings.
import type { CheckDocument } from '../documents/check.ts'
import { shortNames } from './contestant-names.ts'
import { speedupRange } from './fix-answer.ts'
import { significant, timeWithInterval } from './numbers.ts'
import { page, paper, type TerminalOptions, warningLines } from './page.ts'
import { hang, wrap } from './wrap.ts'

/** One sentence. Pure. */
export function checkAnswer({
  verdict,
  failAbove,
  ratio,
  ratioLow,
  ratioHigh,
  model,
  baseline,
}: Omit<CheckDocument, 'answer'>): string {
  const names = shortNames([model.file, baseline.file])
  const times = `${names.get(model.file)} takes ${significant(ratio)}× (${speedupRange(ratioLow, ratioHigh)}) the time of ${names.get(baseline.file)}`
  if (verdict === 'within') return `${times}: within ${failAbove}×.`
  if (verdict === 'above') return `${times}: above ${failAbove}×.`
  const holds = ratioLow <= failAbove && ratioHigh > failAbove
  const why = holds ? `the interval holds ${failAbove}` : 'the two runs met the machine in different states'
  return `${times}: unclear, since ${why}; nothing is failed for it.`
}

/** Ends with a line end. Pure. */
export function renderCheck(doc: CheckDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const { model, baseline, rounds } = doc
  const paint = { within: colours.green, above: colours.red, unclear: colours.yellow }[doc.verdict]
  const latency = (one: typeof model) => timeWithInterval(one.p50Ms, one.ciLowMs, one.ciHighMs)
  const how = baseline.paired
    ? `${rounds} rounds of fresh processes in turns; 99 % interval, ratios round by round`
    : 'the intervals of two runs: the machine may have changed between them; a --baseline model is measured in turns'
  const basis = [
    ...hang(`${model.file}: ${latency(model)}`, width),
    ...hang(`${baseline.file}: ${latency(baseline)}`, width),
    ...hang(`${how}.`, width),
    ...(doc.verdict === 'unclear' && baseline.paired ? wrap('To narrow it: --runs 30, or a quieter machine.', width) : []),
    ...warningLines(doc.warnings, width, colours),
  ]
  return page([wrap(doc.answer, width).map(paint), basis])
}
