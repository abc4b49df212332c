// Commands that findings about models lead to.
import { type NextCommand, nextCommand, type Placeholder } from '@whyslow/diagnosis/next-command.ts'

export const MODEL: Placeholder = { placeholder: 'MODEL' }
export const SAMPLES: Placeholder = { placeholder: 'SAMPLES' }

/** Measures the model again, with other options. */
export const measureWith = (...flags: readonly string[]): NextCommand => nextCommand('', MODEL, ...flags)

/** Tries the remedies and writes what is proven. */
export const fixModel = (...flags: readonly string[]): NextCommand => nextCommand('fix', MODEL, '-o', 'fast/', ...flags)

/** Needs samples of the user's own. */
export const quantizeModel: NextCommand = nextCommand('quantize', MODEL, '-o', 'fast/', '--data', SAMPLES)
