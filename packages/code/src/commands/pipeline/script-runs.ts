// How often a script ran: what it does to files and tables it did as often.
import type { Passes } from '../../assemble.ts'
import type { Target } from '../../protocol.ts'

/** A warning where it ran more than once. `more`: for the values that its loops and tokenizers see. */
export function scriptRuns({ timed, profiled, observed }: Passes, { kind }: Pick<Target, 'kind'>, more: number): string[] {
  // One run may stand for several.
  const measured = new Set([...timed, profiled, observed]).size
  if (kind !== 'script' || measured + more < 2) return []
  const times = (count: number) => (count === 1 ? 'once' : `${count} times`)
  const again = more === 0 ? '' : `, and ${times(more)} for the values that its loops and tokenizers see`
  return [`the script was run ${times(measured)} to be measured${again}`]
}
