// The command that a finding leads to, as documents have it.
import { commandWords } from '@whyslow/report/text/wrap.ts'
import type { NextCommand, Placeholder } from './next-command.ts'

/** The command as text to paste, and as data. */
export interface DocumentedCommand {
  readonly next: string
  readonly run: { command: string; arguments: string[] }
}

/** What the user named; a placeholder of what nobody named stays. */
export type Named = Partial<Readonly<Record<Placeholder['placeholder'], string>>>

/** The command, with `flags` after its own. */
export function documentedCommand(
  { command, words }: NextCommand,
  named: Named,
  flags: readonly { readonly flag: string; readonly value: string }[] = [],
): DocumentedCommand {
  const own = words.map((word) => (typeof word === 'string' ? word : (named[word.placeholder] ?? word.placeholder)))
  const run = { command, arguments: [...own, ...flags.flatMap(({ flag, value }) => [flag, value])] }
  return { next: commandWords(run).join(' '), run }
}
