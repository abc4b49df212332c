// What the commands on text generation call.
import type { Surroundings as In } from '@whyslow/command/terminal/surroundings.ts'
import type { embed } from '../commands/embed/embed.ts'
import type { fixGenerator } from '../commands/fix/fix-generator.ts'
import type { generate } from '../commands/generate/generate.ts'
import type { lintGenerator } from '../commands/lint/lint-generator.ts'

export interface Stages {
  readonly embed: typeof embed
  readonly generate: typeof generate
  readonly fixGenerator: typeof fixGenerator
  readonly lintGenerator: typeof lintGenerator
}

export type Surroundings = In<Stages>
