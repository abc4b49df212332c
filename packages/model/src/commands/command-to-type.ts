// The command that a finding leads to, so that it can be pasted: the model as its user names it, and what this run was told of inputs
// and engine, or the next one would measure something else.
import { type DocumentedCommand, documentedCommand } from '@whyslow/diagnosis/documented-command.ts'
import type { NextCommand } from '@whyslow/diagnosis/next-command.ts'
import type { Flag } from '../evidence/evidence.ts'

/** The model in `file`, with the flags of this run that the command does not set itself. */
export function commandToType(next: NextCommand, file: string, given: readonly Flag[]): DocumentedCommand {
  const samples = given.find(({ flag }) => flag === '--data')?.value
  const flags = given.filter((one) => !sets(next, one) && !(one.flag === '--engine' && next.command === 'compare'))
  return documentedCommand(next, { MODEL: file, ...(samples === undefined ? {} : { SAMPLES: samples }) }, flags)
}

/** Whether the command sets the flag already. Each name is a flag of its own if a flag can be given several times. A new shape does not fit the data. */
function sets({ words }: NextCommand, { flag, value }: Flag): boolean {
  if (flag === '--data' && words.includes('--shape')) return true
  const isNamed = ['--shape', '--value', '--session-config'].includes(flag)
  const nameOf = (text: unknown) => String(text).split('=')[0]
  return words.some((word, at) => word === flag && (!isNamed || nameOf(words[at + 1]) === nameOf(value)))
}
