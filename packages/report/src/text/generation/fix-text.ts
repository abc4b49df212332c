// What `fix` says of a generator: each trial as it ends, and the whole at the end.
import { significant } from '@whyslow/measure/statistics/numbers.ts'
import type { GenerationDocument, GenerationTrial } from '../../documents/generation.ts'
import { type Colours, page, paper, type TerminalOptions, warningLines } from '../page.ts'
import { wrap, wrapHanging } from '../wrap.ts'

/** Marks as of the trials of a model: kept, refused or failed, without gain. No line end. Pure. */
export function generationTrialLines(trial: GenerationTrial, width: number, colours: Colours): string[] {
  const { remedy, outcome, reason } = trial
  const mark = outcome === 'kept' ? '+' : outcome === 'not equal' || outcome === 'failed' ? '!' : '-'
  const colour = mark === '+' ? colours.green : mark === '!' ? colours.yellow : (text: string) => text
  return wrap(`${remedy}: ${outcome}, ${reason}`, width, `${mark} `).map(colour)
}

/** The answer, what the last proof dropped, what was written. Ends with a line end. Pure. */
export function renderGenerationFix(document: GenerationDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const { fix, warnings, answer } = document
  const late = fix?.tried.filter(({ outcome, reason }) => outcome === 'not equal' && reason.startsWith('in the last proof')) ?? []
  const untried = fix?.tried.filter(({ reason }) => reason.startsWith('the budget ended')).map(({ remedy }) => remedy) ?? []
  const first = fix?.firstTokenRatio
  // A server of texts has no use for sound.
  const program = document.setup.encoded?.reads === 'sound' ? 'generate.mjs' : 'server.mjs'
  const files = ['generate.mjs', ...(program === 'server.mjs' ? [program] : []), 'README.md', 'report.json'].join(', ')
  return page([
    wrap(answer, width).map(colours.bold),
    late.flatMap((trial) => generationTrialLines(trial, width, colours)),
    untried.length === 0 ? [] : wrapHanging(`No time was left for: ${untried.join(', ')}. Give more: --budget 10m`, width),
    first == null
      ? []
      : wrapHanging(
          `First token: ${significant(first.value, 2)} of its time (${significant(first.low, 2)}–${significant(first.high, 2)})`,
          width,
        ),
    fix?.folder == null ? [] : wrapHanging(`Written: ${fix.folder} (${files})`, width),
    fix?.folder == null
      ? []
      : wrapHanging(
          `Try it: cd ${fix.folder} && npm install${program === 'server.mjs' ? ' && node server.mjs' : ', then the lines of README.md'}`,
          width,
        ),
    ...warnings.map((warning) => warningLines([warning], width, colours)),
  ])
}
