// What the commands on text generation call.
import type { Surroundings as In } from '@whyslow/command/terminal/surroundings.ts'
import type { generate } from '../commands/generate/generate.ts'

export interface Stages {
  readonly generate: typeof generate
}

export type Surroundings = In<Stages>
