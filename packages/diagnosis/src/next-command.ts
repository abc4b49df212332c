// The command that a finding leads to, as data. What only the command line knows (the model's path, the user's samples) has its place kept.

/** Kept for what the user named: the model, samples, the trace, and a name for the trace of the changed program. */
export type Placeholder = { readonly placeholder: 'MODEL' | 'SAMPLES' | 'TRACE' | 'AFTER' }

export interface NextCommand {
  /** '' is `whyslow MODEL` itself. */
  readonly command: '' | 'fix' | 'quantize' | 'lint' | 'compare' | 'explain' | 'generate' | 'embed'
  readonly words: readonly (string | Placeholder)[]
}

export const nextCommand = (command: NextCommand['command'], ...words: NextCommand['words']): NextCommand => ({ command, words })
