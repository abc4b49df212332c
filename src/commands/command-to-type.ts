// The command that a finding leads to, so that it can be pasted: the model as its user names it, and what this run was told of inputs
// and engine, or the next one would measure something else.
import type { NextCommand, Placeholder } from '../diagnose/next-command.ts'
import type { Flag } from '../evidence/evidence.ts'
import { commandWords } from '../report/text/wrap.ts'

/** A command as documents have it: to paste, and as data. */
export interface DocumentedCommand {
  readonly next: string
  readonly run: { command: string; arguments: string[] }
}

/** What the user named; a placeholder of what nobody named stays. */
export type Named = Partial<Readonly<Record<Placeholder['placeholder'], string>>>

/** With `flags` after the command's own. */
export function documentedCommand({ command, words }: NextCommand, named: Named, flags: readonly Flag[] = []): DocumentedCommand {
  const own = words.map((word) => (typeof word === 'string' ? word : (named[word.placeholder] ?? word.placeholder)))
  const run = { command, arguments: [...own, ...flags.flatMap(({ flag, value }) => [flag, value])] }
  return { next: commandWords(run).join(' '), run }
}

/** The model in `file`, with the flags of this run that the command does not set itself. */
export function commandToType(next: NextCommand, file: string, given: readonly Flag[]): DocumentedCommand {
  const samples = given.find(({ flag }) => flag === '--data')?.value
  const flags = given.filter((one) => !sets(next, one) && !(one.flag === '--engine' && next.command === 'compare'))
  return documentedCommand(next, { MODEL: file, ...(samples === undefined ? {} : { SAMPLES: samples }) }, flags)
}

/** Of the flags that can be given several times, each name is one. A new shape does not fit the data. */
function sets({ words }: NextCommand, { flag, value }: Flag): boolean {
  if (flag === '--data' && words.includes('--shape')) return true
  const isNamed = ['--shape', '--value', '--session-config'].includes(flag)
  const nameOf = (text: unknown) => String(text).split('=')[0]
  return words.some((word, at) => word === flag && (!isNamed || nameOf(words[at + 1]) === nameOf(value)))
}
