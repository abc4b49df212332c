// What the server knows of a tool: a command of whyslow with its options as JSON.

export interface Tool {
  readonly name: string
  readonly title: string
  /** When an agent should use it, and what it answers. */
  readonly description: string
  /** JSON Schema of an object. */
  readonly inputSchema: { readonly type: 'object'; readonly [keyword: string]: unknown }
  /** It writes nothing in the client's folders. */
  readonly isReadOnly: boolean
  /** The command line of a call. Throws what `resolve` throws. */
  words(given: Readonly<Record<string, unknown>>, resolve: ResolvePath): ToolWords
}

/** `line`: why the arguments do not fit. */
export type ToolWords = { readonly ok: true; readonly words: readonly string[] } | { readonly ok: false; readonly line: string }

/** What the command gets for a path that a client names. Throws InputError if the path is not the client's to name. */
export type ResolvePath = (path: string, use: 'input' | 'output') => string

/** Runs a command line of whyslow. Never rejects. */
export type RunCommand = (words: readonly string[], options: RunOptions) => Promise<CommandEnd>

export interface RunOptions {
  /** Ends the command with all that it started. */
  readonly signal: AbortSignal
  readonly onProgress: (message: string) => void
}

export interface CommandEnd {
  /** As docs/cli.md says. */
  readonly exitCode: number
  /** What the command printed. */
  readonly text: string
  /** Why it could not answer, or which goal is missed: one line; null: neither. */
  readonly line: string | null
  /** null: it could not answer. */
  readonly document: object | null
}
