// `fix` with what it needs of the product that serves and measures under load; of a program, with that for the models that it runs.
import { fixProgram as fixCode } from '@whyslow/code/commands/fix-program/fix-program.ts'
import type { FixProgramOptions } from '@whyslow/code/commands/fix-program/options.ts'
import { type FixOutcome, fix as fixModel } from '@whyslow/model/commands/fix/fix.ts'
import type { FixOptions } from '@whyslow/model/commands/fix/options.ts'
import type { AbDocument } from '@whyslow/report/documents/ab.ts'
import { serverChoice } from '@whyslow/serving/commands/load/server-setups/choose.ts'

/** Fixes the model in `file`; how it is served for an objective under load is found by measuring servers. Throws as `fixModel` does. */
export const fix = (file: string, options: Partial<FixOptions> = {}): Promise<FixOutcome> =>
  fixModel(file, { serving: serverChoice, ...options })

/** Fixes the models that the program in `file` runs. Throws as `fixCode` does. */
export const fixProgram = (file: string, options: Partial<FixProgramOptions> = {}): Promise<AbDocument> =>
  fixCode(file, options, { fix })
