// The tokenizer of a decoder, from the files around it, and the vocabulary that it must fit.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { GeneratorFiles } from '../../recognize/folder.ts'
import type { DecoderLayout } from '../../recognize/layout.ts'
import { checkVocabulary, openTokenizer, type Tokenizer } from '../../tokenize/tokenizer.ts'

export async function tokenizerOf(
  { tokenizer: file, tokenizerConfig }: GeneratorFiles,
  { layout, model }: { readonly layout: DecoderLayout; readonly model: string },
): Promise<Tokenizer | null> {
  if (file === null) return null
  const tokenizer = await openTokenizer({ tokenizer: file, tokenizerConfig })
  const vocabulary = vocabularyOf(layout)
  checkVocabulary(tokenizer, vocabulary, model)
  if (vocabulary === null || tokenizer.size <= vocabulary) return tokenizer
  return {
    ...tokenizer,
    encode: (text) => knownIds(tokenizer.encode(text), { vocabulary, model }),
    encodeWhole: (text) => knownIds(tokenizer.encodeWhole(text), { vocabulary, model }),
  }
}

/** A tokenizer may have more added tokens than the model knows. Throws InputError if a text names one of them. */
function knownIds(ids: number[], { vocabulary, model }: { readonly vocabulary: number; readonly model: string }): number[] {
  const unknown = ids.find((id) => id >= vocabulary)
  if (unknown === undefined) return ids
  throw new InputError(
    `the text holds the added token ${unknown}, but ${model} has ${vocabulary} tokens; leave that token out of the text`,
  )
}

export function vocabularyOf({ logits }: DecoderLayout): number | null {
  const size = logits.shape?.at(-1)
  return typeof size === 'number' ? size : null
}
