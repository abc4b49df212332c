// What documents of a divided median draw alike on a terminal: the parts as bars, the findings, and how far the numbers can be trusted.
import { time } from '@whyslow/measure/statistics/numbers.ts'
import type { GenerationDocument } from '../../documents/generation.ts'
import { commandWords, pad, wrap, wrapCommand } from '../wrap.ts'
import { nextOf, type PartRow } from './divided-words.ts'

const BAR = 24

/** A line for each part, its bar drawn of `blockOf`. */
export function partLines<Id extends string>(rows: readonly PartRow<Id>[], blockOf: (id: Id) => string): string[] {
  const widest = Math.max(...rows.map(({ name }) => name.length))
  const most = Math.max(...rows.map(({ ms }) => ms))
  return rows.map(({ id, name, ms, share }) => {
    const bar = blockOf(id).repeat(Math.max(0, Math.round((ms / most) * BAR)))
    return `  ${pad(name, widest)}  ${pad(time(ms), 8, 'left')}  ${pad(share, 5, 'left')}  ${bar}`.trimEnd()
  })
}

type Finding = Pick<GenerationDocument['findings'][number], 'title' | 'sentence' | 'place' | 'savingIs' | 'run'>

/** `savedOf`: what a finding would save, as in '3 ms of a token'. */
export function findingBlocks<F extends Finding>(
  findings: readonly F[],
  savedOf: (finding: F) => readonly string[],
  { width, command }: { readonly width: number; readonly command?: string | undefined },
): string[][] {
  return findings.map((finding, k) => {
    const { title, sentence, place, savingIs } = finding
    const run = nextOf(findings, k)
    const saved = savedOf(finding).join(', ')
    const saving = saved === '' ? '' : `: would save ${savingIs === 'measured' ? '' : 'about '}${saved}`
    return [
      ...wrap(`${title}${saving}`, width, `${k + 1}. `),
      ...wrap(sentence, width, '   '),
      ...(place === null ? [] : wrap(`at ${place}`, width, '   ')),
      ...(run === null
        ? []
        : wrapCommand(commandWords({ command: run.command, arguments: [...run.arguments] }, command), width, '   ', '     ')),
    ]
  })
}

/** '3 ms of a token'; nothing if it would save none, or nobody knows. */
export const savedTime = (ms: number | null, of: string): string[] => (ms === null || ms <= 0 ? [] : [`${time(ms)} of ${of}`])

type Trust = GenerationDocument['speed']['trust']

export const trustLines = ({ grade, reasons }: Trust, width: number): string[] =>
  wrap(`Trust: ${grade}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}.`, width)

export const noteLines = (warnings: readonly string[], width: number): string[] =>
  warnings.flatMap((warning) => wrap(warning, width, 'Note: '))
