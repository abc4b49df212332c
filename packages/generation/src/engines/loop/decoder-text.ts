// The tokenizer of a decoder, from the files around it, and the vocabulary that it must fit.
import type { GeneratorFiles } from '../../recognize/folder.ts'
import type { DecoderLayout } from '../../recognize/layout.ts'
import { checkVocabulary, openTokenizer, type Tokenizer } from '../../tokenize/tokenizer.ts'

export async function tokenizerOf(
  { tokenizer: file, tokenizerConfig }: GeneratorFiles,
  { layout, model }: { readonly layout: DecoderLayout; readonly model: string },
): Promise<Tokenizer | null> {
  if (file === null) return null
  const tokenizer = await openTokenizer({ tokenizer: file, tokenizerConfig })
  checkVocabulary(tokenizer, vocabularyOf(layout), model)
  return tokenizer
}

export function vocabularyOf({ logits }: DecoderLayout): number | null {
  const size = logits.shape?.at(-1)
  return typeof size === 'number' ? size : null
}
