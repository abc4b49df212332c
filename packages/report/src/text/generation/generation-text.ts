// What `whyslow generate` says on a terminal: the answer, what a token and the first token are made of, the two curves, findings, estimates, and
// how it was measured.
import { bytes, count, plural, rate, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { GenerationDocument, PartsOf } from '../../documents/generation.ts'
import { findingBlocks, noteLines, partLines, savedTime, trustLines } from '../divided/divided-text.ts'
import { engineWords, measured } from '../divided/divided-words.ts'
import { checkedLines } from '../findings/findings-text.ts'
import { page } from '../page.ts'
import { pad, wrap } from '../wrap.ts'
import { forPrompt, isFloor, partRows, promptWords, severalWords, slopeWords } from './generation-words.ts'

interface Width {
  readonly width: number
  /** What its reader types for `whyslow`. */
  readonly command?: string | undefined
}

export function renderGeneration(document: GenerationDocument, { width, command }: Width): string {
  const { tokenParts, firstTokenParts, reasons } = document
  return page([
    wrap(document.answer, width),
    ...partsBlock('What a token is made of', tokenParts, { reason: reasons.tokenParts, inside: reasons.operators }, width),
    ...partsBlock(
      'What the first token is made of',
      firstTokenParts,
      { reason: reasons.firstTokenParts, inside: reasons.firstOperators },
      width,
    ),
    ...findingBlocks(
      document.findings,
      ({ tokenMs, firstTokenMs }) => [...savedTime(tokenMs, 'a token'), ...savedTime(firstTokenMs, 'the first')],
      { width, command },
    ),
    speedBlock(document, width),
    ...depthBlock(document, width),
    ...severalBlock(document, width),
    ...estimateBlock(document, width),
    ...fixBlock(document, width),
    checkedLines(document, width),
    measuredWith(document, width),
    noteLines(document.warnings, width),
  ])
}

/** Why all of it is unknown, and why what the engine does inside is. */
interface Unknown {
  readonly reason: string | undefined
  readonly inside: string | undefined
}

function partsBlock(title: string, of: PartsOf | null, { reason, inside }: Unknown, width: number): string[][] {
  if (of === null) return reason === undefined ? [] : [wrap(`${title}: not known, because ${reason}.`, width)]
  const rows = partRows(of)
  const lines = partLines(rows, (id) => (isFloor(id) ? '░' : id === 'unexplained' ? '·' : '█'))
  const others = of.parts.find(({ id, ms, note }) => id === 'other-operators' && note !== null && ms >= 0.05 * of.totalMs)
  const named = others === undefined ? [] : wrap(`Other operators: ${others.note}.`, width, '  ')
  const unknown = inside === undefined ? [] : wrap(`Inside the engine no more is known: ${inside}.`, width, '  ')
  return [[...wrap(`${title}: ${time(of.totalMs)}`, width), ...lines, ...named, ...unknown]]
}

function speedBlock({ speed, setup, reasons }: GenerationDocument, width: number): string[] {
  const { timeToFirstTokenMs, timePerTokenMs, interTokenMs, tokensPerSecond, prefillTokensPerSecond } = speed
  const { coldFirstTokenMs, openMs, naturalStop } = speed
  const perSecond = tokensPerSecond === null ? '' : `, ${significant(tokensPerSecond.value)} tokens/s`
  const rows: (readonly [string, string] | null)[] = [
    [
      'first token',
      `${measured(timeToFirstTokenMs)}, ${setup.encoded === undefined ? `prompt of ${promptWords(setup)}` : forPrompt(setup)}`,
    ],
    prefillTokensPerSecond && ['prompt', `${significant(prefillTokensPerSecond.value)} tokens/s`],
    timePerTokenMs === null
      ? reasons.timePerToken === undefined
        ? null
        : ['each token', `not known, because ${reasons.timePerToken}`]
      : ['each token', `${measured(timePerTokenMs)}${perSecond}`],
    interTokenMs && [
      reasons.interToken === undefined ? 'between two' : 'chunk gaps',
      `p50 ${time(interTokenMs.p50)}, p90 ${time(interTokenMs.p90)}, p99 ${time(interTokenMs.p99)}`,
    ],
    coldFirstTokenMs && [
      'cold',
      `first token of a process ${time(coldFirstTokenMs.value)}${openMs === null ? '' : `, after ${time(openMs.value)} of opening`}`,
    ],
    naturalStop && ['until its end', `${plural(naturalStop.tokens, 'token')} in ${time(naturalStop.totalMs)}`],
  ]
  return ['Speed', ...rows.flatMap((row) => (row === null ? [] : wrap(row[1], width, `  ${pad(row[0], 13)}  `)))]
}

function depthBlock({ depthLine, reasons }: GenerationDocument, width: number): string[][] {
  if (depthLine === null)
    return reasons.depthLine === undefined
      ? []
      : [wrap(`Time per token over the context: not known, because ${reasons.depthLine}.`, width)]
  const lines = depthLine.points.map(
    ({ depth, ms, low, high }) =>
      `  after ${pad(String(depth), 6, 'left')} tokens  ${pad(time(ms), 8, 'left')}  (${time(low)}–${time(high)})`,
  )
  return [['Time per token over the context', ...lines, ...wrap(slopeWords(depthLine), width, '  ')]]
}

function severalBlock({ severalTokens }: GenerationDocument, width: number): string[][] {
  if (severalTokens === null) return []
  const lines = severalTokens.points.map(
    ({ tokens, ms, ratio }) => `  ${pad(String(tokens), 3, 'left')} at once  ${pad(time(ms), 8, 'left')}  ${significant(ratio)}×`,
  )
  return [
    [`Several tokens in one call, after ${severalTokens.depth}`, ...lines, ...wrap(severalWords(severalTokens), width, '  ')],
  ]
}

/** A line for each thing, with its depths. */
function estimateBlock({ estimates }: GenerationDocument, width: number): string[][] {
  if (estimates.length === 0) return []
  const whats = [...new Set(estimates.map(({ what }) => what))]
  const widest = Math.max(...whats.map((what) => what.length))
  const lines = whats.flatMap((what) => {
    const times = estimates
      .filter((one) => one.what === what)
      .map(({ depth, timePerTokenMs }) => `${time(timePerTokenMs)}${depth === null ? '' : ` after ${depth}`}`)
    return wrap(times.join(', '), width, `  ${pad(what, widest)}  `)
  })
  return [['Estimated, not measured: a token', ...lines]]
}

function fixBlock({ fix }: GenerationDocument, width: number): string[][] {
  if (fix === undefined) return []
  const ratio = (of: typeof fix.timePerTokenRatio) => (of === null ? '' : ` ${significant(1 / of.value)}× as fast`)
  return [
    [
      'Tried',
      ...fix.tried.flatMap(({ remedy, outcome, reason, timePerTokenRatio }) =>
        wrap(`${remedy}: ${outcome}${ratio(timePerTokenRatio)}. ${reason}`, width, '  ', '    '),
      ),
      ...wrap(fix.equality.sentence, width, '  '),
      ...(fix.folder === null ? [] : wrap(`Written: ${fix.folder}`, width, '  ')),
    ],
  ]
}

function measuredWith({ engine, model, setup, speed, floor, machine }: GenerationDocument, width: number): string[] {
  const threads = engine.threads === null ? "the engine's own threads" : plural(engine.threads, 'thread')
  // What is behind an address runs elsewhere.
  const here = model.kind === 'address' ? '' : `; ${threads}; ${machine.cpu}`
  const size = model.bytesPerToken === null ? '' : `, ${bytes(model.bytesPerToken)} read for each token`
  const what = [
    ...(model.architecture === null ? [] : [model.architecture]),
    ...(model.parameters === null ? [] : [`${count(model.parameters)} parameters`]),
    ...(model.dtype === null ? [] : [model.dtype]),
  ]
  const cached =
    setup.cachedShare === null ? '' : `; ${significant(setup.cachedShare * 100, 2)} % of the prompt tokens came from a cache`
  const inputs = { text: 'prompts', sound: 'sounds', image: 'images' }[setup.encoded?.reads ?? 'text']
  const prompts = setup.prompts === 'user' ? `your ${inputs}` : `made-up ${inputs}, all different`
  const ends = setup.endIgnored ? 'tokens that end a text ignored' : 'a text may end by itself'
  return [
    ...wrap(`Model: ${model.name}${what.length === 0 ? '' : ` (${what.join(', ')})`}${size}.`, width),
    ...wrap(`Engine: ${engineWords(engine)}${here}.`, width),
    ...wrap(
      `Measured: ${plural(setup.processes, 'fresh process', 'fresh processes')}, ${plural(setup.callsPerProcess, 'warm call')} each of ${setup.newTokens} new tokens, ${setup.sampling}, ${ends}; ${prompts}${cached}.`,
      width,
    ),
    ...(floor === null
      ? []
      : wrap(
          `Floor: ${rate(floor.bytesPerSecond, 'B')} read by ${plural(floor.threads, 'thread')} from ${floor.level}, measured on this machine.`,
          width,
        )),
    ...trustLines(speed.trust, width),
  ]
}
