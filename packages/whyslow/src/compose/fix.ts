// `fix` with what it needs of the product that serves and measures under load.
import { type Fixed, fix as fixModel } from '@whyslow/model/commands/fix/fix.ts'
import type { FixOptions } from '@whyslow/model/commands/fix/options.ts'
import { serverChoice } from '@whyslow/serving/commands/load/server-setups/choose.ts'

/** Fixes the model in `file`; how it is served for an objective under load is found by measuring servers. Throws as `fixModel` does. */
export const fix = (file: string, options: Partial<FixOptions> = {}): Promise<Fixed> =>
  fixModel(file, { serving: serverChoice, ...options })
