// What the program is made in.
import type { Screen } from '@whyslow/command/terminal/screen.ts'
import { loadStages, type Stages, type Surroundings } from './stages.ts'

export interface World {
  readonly version: string
  readonly screen: Screen
  /** Begins to listen for Ctrl-C. */
  interrupt(): AbortSignal
  /** Loads the stages; absent: those of whyslow. */
  readonly load?: () => Promise<Stages>
  /** Resolves with what ends a server; absent: a signal to this process. */
  readonly ended?: () => Promise<string>
}

export const stagesOf = ({ load }: Pick<World, 'load'>): (() => Promise<Stages>) => load ?? loadStages

/** Surroundings of a command that measures. */
export const surroundings = (world: World): Surroundings => ({
  screen: world.screen,
  signal: world.interrupt(),
  load: stagesOf(world),
})
