// How a command ends when it cannot answer: one line on standard error and an exit code.

/** Arguments or files that cannot be used. Message: one line that says what is wrong and what to do next. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command answered, but a goal that was stated is not reached. Exit code 3. */
export class GoalMissed extends Error {
  override readonly name = 'GoalMissed'
}

/**
 * Throws GoalMissed unless all of the interval of the proven speed-up reaches what `--require` states: a median may be reached by
 * chance, and a gate that passes half of the time guards nothing.
 */
export function checkGoal(
  require: number | undefined,
  fix: { readonly proven: boolean; readonly speedup: number; readonly speedupLow: number } | null | undefined,
): void {
  const least = fix?.proven ? fix.speedupLow : 1
  if (require === undefined || least >= require) return
  const found = fix?.proven
    ? `at least ${roundedDown(least)}x is proven (median ${fix.speedup.toFixed(2)}x)`
    : 'nothing is proven faster'
  throw new GoalMissed(`--require ${require}x: not reached, ${found}`)
}

/** Rounds down to two digits, so that 1.499 does not read as the 1.5 that it misses. */
const roundedDown = (factor: number): string => (Math.floor(factor * 100) / 100).toFixed(2)

export interface CommandExit {
  /** The message without the leading 'whyslow: '; null if there is nothing to say. */
  readonly line: string | null
  readonly exitCode: 1 | 2 | 3 | 130
}

/** What an error means to the user. Anything that neither input nor the user caused is a bug of ours, and says so. */
export function commandExit(error: unknown, interrupted: boolean): CommandExit {
  if (interrupted) return { line: null, exitCode: 130 }
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) }
  // A file's name may hold what a terminal takes for a command.
  const line = message.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  // By name: the stages' InputError lives in a folder that this one does not import.
  if (name === 'InputError' || name === 'UsageError') return { line, exitCode: 2 }
  if (name === 'GoalMissed') return { line, exitCode: 3 }
  const bug = `this is a bug in whyslow: ${line === '' ? 'no message' : line}; rerun with WHYSLOW_DEBUG=1 for the stack and report it`
  return { line: bug, exitCode: 1 }
}
