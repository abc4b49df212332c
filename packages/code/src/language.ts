// A language that user code is written in, as the `pipeline` command knows it: which files are its, how its process starts, and what its
// source says without being run.
import type { Language, SourcePattern } from './facts.ts'
import type { Message } from './protocol.ts'

/** What starts the process of a pass. It reads the plan from standard input. */
export interface DriverCommand {
  readonly executable: string
  readonly arguments: readonly string[]
  /** Where it writes messages: descriptor 1 or 3. */
  readonly messages: 1 | 3
  /** The whole environment, if not this process's. */
  readonly environment?: NodeJS.ProcessEnv
  /** How the executable was found, in words, if there was a choice. */
  readonly from?: string
}

export interface LanguageOptions {
  /** --python; null: found. */
  readonly python: string | null
  readonly signal?: AbortSignal | undefined
}

export interface LanguageSide {
  readonly language: Language
  /** Endings of file names, with the dot. */
  readonly extensions: readonly string[]
  /** Throws InputError if there is nothing to run it with. */
  command(file: string, options: LanguageOptions): Promise<DriverCommand>
  /**
   * What the source of the file and of those of the user's that it imports says; those that cannot be parsed are left out. Languages whose process sends `patterns` leave
   * it away.
   */
  patterns?(file: string): Promise<readonly SourcePattern[]>
  /** Messages of a pass, those of raw files made into what they say. To be called before the files are removed. */
  complete?(messages: readonly Message[], file: string): Promise<readonly Message[]>
}
