// The command that a finding leads to, as data. What only the command line knows (the model's path, the user's samples) has its place kept.

/** Kept for what the user named: the model, samples, the trace, and a name for the trace of the changed program. */
export type Placeholder = { readonly placeholder: 'MODEL' | 'SAMPLES' | 'TRACE' | 'AFTER' }

export interface NextCommand {
  /** '' is `whyslow MODEL` itself. */
  readonly command: '' | 'fix' | 'quantize' | 'lint' | 'compare' | 'explain'
  readonly words: readonly (string | Placeholder)[]
}

export const MODEL: Placeholder = { placeholder: 'MODEL' }
export const SAMPLES: Placeholder = { placeholder: 'SAMPLES' }

export const nextCommand = (command: NextCommand['command'], ...words: NextCommand['words']): NextCommand => ({ command, words })

/** Measures the model again, with other options. */
export const measureWith = (...flags: readonly string[]): NextCommand => nextCommand('', MODEL, ...flags)

/** Tries the remedies and writes what is proven. */
export const fixModel = (...flags: readonly string[]): NextCommand => nextCommand('fix', MODEL, '-o', 'fast/', ...flags)

/** Needs samples of the user's own. */
export const quantizeModel: NextCommand = nextCommand('quantize', MODEL, '-o', 'fast/', '--data', SAMPLES)
