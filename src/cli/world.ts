// What the program is made in.
import type { Screen } from './screen.ts'
import { loadStages, type Surroundings } from './stages.ts'

export interface World {
  readonly version: string
  readonly screen: Screen
  /** Begins to listen for Ctrl-C. */
  interrupt(): AbortSignal
}

/** Of a command that measures. */
export const surroundings = (world: World): Surroundings => ({
  screen: world.screen,
  signal: world.interrupt(),
  load: loadStages,
})
