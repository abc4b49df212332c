// A generator whose loop is ours: the tokenizer and the end of texts as the files say, over sequences that an engine starts.
import type { Generator, Sequence } from '../../generator.ts'
import { beginningOf } from '../../recognize/beginning.ts'
import { endIdsOf, type GeneratorFiles } from '../../recognize/folder.ts'
import type { DecoderLayout } from '../../recognize/layout.ts'
import { tokenizerOf, vocabularyOf } from './decoder-text.ts'
import { encodedStarts } from './encoded-starts.ts'
import type { Encoded, Encoder } from './encoder.ts'
import { generateEncoded, generateWith } from './generate.ts'
import { decoderBeginning } from './processors.ts'

interface DecoderParts {
  readonly files: GeneratorFiles
  readonly layout: DecoderLayout
  /** The decoder's file. */
  readonly model: string
  readonly context: number | null
  readonly encoder: Encoder | null
  /** An empty sequence; `encoded`: what the encoder read, if there is one. */
  readonly start: (encoded?: Encoded) => Sequence
}

export async function decoderGenerator({
  files,
  layout,
  model,
  context,
  encoder,
  start,
}: DecoderParts): Promise<Omit<Generator, 'engine' | 'versions' | 'close'>> {
  const starts = encoder && encodedStarts(encoder, start)
  const beginning = decoderBeginning(beginningOf(files))
  const endIds = endIdsOf(files)
  const tokenizer = await tokenizerOf(files, { layout, model })
  const encode = (encoder === null ? tokenizer?.encode : tokenizer?.encodeWhole) ?? null
  const parts = { encode, stream: tokenizer?.stream ?? null, endIds, context }
  return {
    vocabulary: vocabularyOf(layout),
    context,
    endIds,
    encode,
    decode: tokenizer?.decode ?? null,
    async generate(request, onToken) {
      if (starts !== null) return generateEncoded({ ...parts, ...starts, beginning }, request, onToken)
      const sequence = start()
      try {
        return await generateWith({ sequence, ...parts }, request, onToken)
      } finally {
        sequence.close()
      }
    },
    start: starts?.later ?? (() => start()),
    ...(encoder === null ? {} : { encoder: encoder.facts, beginning }),
  }
}
