// What is known of a generator's size, whatever its file is. What nobody says is null.
import type { GenerationModel } from '@whyslow/report/documents/generation.ts'

/** What the document says of the model, and the heads of its attention. */
export type ModelNumbers = Omit<GenerationModel, 'name' | 'kind' | 'tokenizer'> & { readonly heads: number | null }

/** null: neither is known. */
export const smallerKnown = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b)
