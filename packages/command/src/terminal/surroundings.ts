// What a command runs in.
import type { Screen } from './screen.ts'

/** `Stages`: the functions that the command calls, by name. */
export interface Surroundings<Stages> {
  readonly screen: Screen
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** Loads the stages, at the moment of use. */
  readonly load: () => Promise<Stages>
}
