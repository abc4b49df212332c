// What the commands on servers call.
import type { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
import type { Surroundings as In } from '@whyslow/command/terminal/surroundings.ts'
import type { load } from '../commands/load/load.ts'
import type { serve } from '../commands/serve/serve.ts'

export interface Stages {
  readonly load: typeof load
  readonly serve: typeof serve
  readonly inTemporaryFolder: typeof inTemporaryFolder
}

export type Surroundings = In<Stages>
