// What the commands ask of the stages, and their loading at the moment of use: `--help` and a mistyped option load none of them.

import type { Surroundings as In } from '@whyslow/command/terminal/surroundings.ts'
import type * as whyslow from './compose/index.ts'

export type { CompareOptions, FixOptions, QuantizeOptions, StageProgress, WhyOptions } from './compose/index.ts'

/** The verbs behind the commands. */
export type Stages = typeof whyslow

export type Surroundings = In<Stages>

/** The stages behind the commands. */
export function loadStages(): Promise<Stages> {
  return import('./compose/index.ts')
}
