// What is shipped: everything that the folder's files are made from.

import type { GenerationDocument } from '@whyslow/report/documents/generation.ts'
import type { Opened } from '../generator.ts'
import type { Duel } from '../prove/duel.ts'
import type { GeneratorSetup } from '../prove/setup.ts'
import type { PromptFacts } from './folder/folder-options.ts'

/** A file that is copied: its name in the folder, and where it is now. */
export interface CopiedFile {
  readonly name: string
  readonly from: string
}

export interface GeneratorShipPlan {
  /** The folder to write, as the user gave it. */
  readonly out: string
  /** An existing folder that is not whyslow's may be replaced. */
  readonly force: boolean
  /** What the user named: the file or folder of the model. */
  readonly original: string
  readonly setup: GeneratorSetup
  /** The model's file first. */
  readonly files: readonly CopiedFile[]
  /** Packages that npm installs for it, with their exact versions. */
  readonly packages: Readonly<Record<string, string>>
  readonly engineTitle: string
  readonly prompts: PromptFacts
  /** What its encoder reads; absent: there is no encoder. */
  readonly reads?: Opened['reads']
  /** What the model's own files say of its licence; empty: nothing. */
  readonly licence: readonly string[]
  readonly changes: readonly string[]
  /** The document whose `fix` is filled in. */
  readonly document: GenerationDocument
  readonly results: Duel | null
  readonly toolVersion: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly signal?: AbortSignal | undefined
}
